//! Results that tasks have stored: documents of the index `.tasks`.

use crate::Node;
use glasswork_content::failure::Failure;
use glasswork_tasks::{Task, TaskId};
use std::sync::Arc;

/// Where results are stored.
pub(super) const INDEX: &str = ".tasks";

/// The stored result of the task `id`, as JSON.
///
/// # Errors
/// There is none. No operation of this version stores a result, so the index does not exist either.
pub(super) async fn read(_node: &Arc<Node>, _own: &Task, id: &TaskId) -> Result<Vec<u8>, Failure> {
    let missing = Failure::index_not_found_as(INDEX, "index_expression");
    let reason = format!("task [{id}] isn't running and hasn't stored its results");
    Err(Failure::resource_not_found(reason).caused_by(missing))
}
