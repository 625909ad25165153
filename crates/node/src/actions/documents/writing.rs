//! How writes find their shards.

use crate::Node;
use glasswork_content::Failure;
use glasswork_tasks::Task;
use std::sync::Arc;

use super::{BulkRequest, BulkResponse, ShardBulk, ShardBulkResponse};

pub(super) async fn bulk(
    node: Arc<Node>,
    task: Task,
    request: BulkRequest,
) -> Result<BulkResponse, Failure> {
    let _ = (node, task, request);
    todo!()
}

pub(super) async fn bulk_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardBulk,
) -> Result<ShardBulkResponse, Failure> {
    let _ = (node, task, request);
    todo!()
}
