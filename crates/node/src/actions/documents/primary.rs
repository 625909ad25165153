//! How the primary of a shard does writes.

use crate::Node;
use glasswork_content::Failure;
use glasswork_tasks::Task;
use std::sync::Arc;

use super::{ShardBulk, ShardBulkResponse};

pub(super) async fn write(
    node: Arc<Node>,
    task: Task,
    request: ShardBulk,
) -> Result<ShardBulkResponse, Failure> {
    let _ = (node, task, request);
    todo!()
}
