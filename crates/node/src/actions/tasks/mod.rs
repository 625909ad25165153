//! The Tasks API: list, get, cancel, and what they do on each node.

mod audit;
pub mod ban;
pub mod cancel;
pub mod cancel_node;
pub mod delete;
pub mod get;
pub mod history;
pub mod list;
pub mod list_node;
mod merge;
pub mod pause;
pub mod preview;
mod response;
pub(crate) mod results;
pub mod show;
pub mod trees;
pub mod watch;

pub use cancel::{CancelTasks, Which};
pub use delete::DeleteTask;
pub use get::{GetTask, Got};
pub use history::{HistoryCursor, HistoryResponse, TasksHistory};
pub use list::ListTasks;
pub use merge::ListCursor;
pub use pause::PauseTask;
pub use preview::Preview;
pub use response::{NodeTasks, TaskFailure, TasksResponse};
pub(crate) use response::{failed_node, no_such_node};

use std::time::Duration;

/// How long a wait lasts that names no time.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);

/// What a task is called in the text of a timeout: `<node>:<id> <action>`.
fn name_of(task: &glasswork_tasks::Task) -> String {
    format!("{} {}", task.id(), task.action_name())
}
