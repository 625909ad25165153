//! How tasks are told and asked for on OpenSearch's wire: JSON, parameters, cursors. Whatever answers a request of the
//! Tasks API answers with this: the nodes of Glasswork, and [`http`](crate::http) in any other service.
//!
//! Nothing here waits, listens or knows HTTP.

pub mod ask;
mod cancel;
mod event;
mod failure;
mod forest;
mod history_cursor;
mod merge;
mod node_filter;
mod node_info;
mod past;
mod previews;
mod response;
pub mod show;
pub mod shown;
pub mod sse;

pub use cancel::{Cut, cancellable, cut, preview};
pub use event::TaskEvent;
pub use failure::{of_start, of_stop};
pub use forest::{Forest, Step};
pub use history_cursor::{BadHistoryCursor, HistoryCursor};
pub use merge::{ListCursor, Part, filter_for, merge};
pub use node_filter::matching;
pub use node_info::NodeInfo;
pub use past::{HistoryResponse, past};
pub use previews::{PREVIEW_LASTS, Previews};
pub use response::{
    NodeTasks, Preview, TaskFailure, TasksResponse, belongs_elsewhere, failed_node, no_such_node,
    not_running, timed_out, unknown_token,
};
pub use shown::GroupBy;

use std::time::Duration;

/// The release of OpenSearch whose wire is spoken.
pub const VERSION: &str = "3.8.0";
/// How long a wait lasts that names no time.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(30);
/// The reason of a cancel that names none.
pub const BY_USER_REQUEST: &str = "by user request";
