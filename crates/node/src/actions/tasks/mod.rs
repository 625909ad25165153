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
pub mod pause;
pub mod preview;
pub(crate) mod results;
pub mod trees;
pub mod watch;

pub use cancel::CancelTasks;
pub use delete::DeleteTask;
pub use get::{GetTask, Got};
pub use glasswork_tasks::wire::{
    HistoryCursor, HistoryResponse, ListCursor, NodeTasks, Preview, TaskFailure, TasksResponse,
    ask::Which,
};
pub(crate) use glasswork_tasks::wire::{failed_node, no_such_node};
pub use history::TasksHistory;
pub use list::ListTasks;
pub use pause::PauseTask;
