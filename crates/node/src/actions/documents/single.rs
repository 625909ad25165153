//! One write: the bulk of one item runs inside its own task.

use crate::Node;
use glasswork_content::Failure;
use glasswork_tasks::Task;
use std::sync::Arc;

use super::{DocumentResponse, WriteItem, WriteOptions};

pub(super) async fn write(
    node: Arc<Node>,
    task: Task,
    item: WriteItem,
    options: WriteOptions,
) -> Result<DocumentResponse, Failure> {
    let _ = (node, task, item, options);
    todo!()
}
