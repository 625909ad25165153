//! How a document is changed.

use crate::Node;
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{DocumentResponse, UpdateRequest, WriteItem, WriteOptions};

/// An update of a document of one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardUpdate {
    pub(crate) uuid: String,
    pub(crate) shard: u32,
    pub(crate) item: WriteItem,
    pub(crate) options: WriteOptions,
}

pub(super) async fn update(
    node: Arc<Node>,
    task: Task,
    request: UpdateRequest,
) -> Result<DocumentResponse, Failure> {
    let _ = (node, task, request);
    todo!()
}

pub(super) async fn update_on_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardUpdate,
) -> Result<DocumentResponse, Failure> {
    let _ = (node, task, request);
    todo!()
}
