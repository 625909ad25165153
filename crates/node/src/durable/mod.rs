//! Operations that outlive the process: what is kept of them, and how they go on.
//!
//! ```text
//! tasks/<node>/<number>           the head: action, request, headers, user, moment it began, whether it is paused or cancelled
//! tasks/<node>/<number>/<part>    how far a part is (one a by-query slice), in the action's own form
//! ```
//! The head is durable before the caller is told the task's id. The keys are deleted after the result is durable in
//! `.tasks`, the head last; a node that starts finds those whose process ended before, and runs them on under the same
//! number. Values are postcard behind a format version, at most 900 KB. Only the node of the name writes them.

mod head;
mod keys;
mod resume;
mod run;
mod started;

pub(crate) use head::{Asked, Head, Kept, now_millis};
pub(crate) use resume::{Found, LOST, resume_all};
pub use run::DurableRun;
pub(crate) use started::StartedRuns;
