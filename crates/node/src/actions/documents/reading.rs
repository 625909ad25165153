//! How documents are read by their ids.

use crate::Node;
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{GetRequest, GetResponse, MultiGetRequest, MultiGetResponse};

/// A get of a document of one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardGet {
    pub(crate) uuid: String,
    pub(crate) shard: u32,
    pub(crate) get: GetRequest,
}

/// Gets of documents of one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardMultiGet {
    pub(crate) uuid: String,
    pub(crate) shard: u32,
    pub(crate) gets: Vec<GetRequest>,
}

pub(super) async fn get(
    node: Arc<Node>,
    task: Task,
    request: GetRequest,
) -> Result<GetResponse, Failure> {
    let _ = (node, task, request);
    todo!()
}

pub(super) async fn get_on_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardGet,
) -> Result<GetResponse, Failure> {
    let _ = (node, task, request);
    todo!()
}

pub(super) async fn mget(
    node: Arc<Node>,
    task: Task,
    request: MultiGetRequest,
) -> Result<MultiGetResponse, Failure> {
    let _ = (node, task, request);
    todo!()
}

pub(super) async fn mget_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardMultiGet,
) -> Result<Vec<Result<GetResponse, Failure>>, Failure> {
    let _ = (node, task, request);
    todo!()
}

pub(super) async fn mget_on_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardMultiGet,
) -> Result<Vec<Result<GetResponse, Failure>>, Failure> {
    let _ = (node, task, request);
    todo!()
}
