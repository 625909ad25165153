//! `indices:monitor/stats`: figures of shards.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{ShardCounts, ShardId, Target};

/// `GET [/{index}]/_stats`; also behind `_cat/indices`, `_cat/shards`, `_cat/count`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndicesStatsRequest {
    /// Which indices.
    pub target: Target,
}

/// Figures by index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndicesStatsResponse {
    /// The shards that answered.
    pub shards: ShardCounts,
    /// The indices, by name.
    pub indices: Vec<IndexStats>,
}

/// Figures of one index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexStats {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// Its shards, by number.
    pub shards: Vec<ShardFigures>,
}

/// Figures of one shard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardFigures {
    /// Its number.
    pub shard: u32,
    /// The node that has it.
    pub node: String,
    /// Documents that searches see.
    pub docs: u64,
    /// Deleted documents that still take space.
    pub deleted: u64,
    /// Bytes of its segments.
    pub store_bytes: u64,
    /// Its segments.
    pub segments: u64,
    /// The highest `_seq_no`.
    pub max_seq_no: Option<u64>,
    /// Bytes of memory for what is not in a segment on disk.
    pub memory_bytes: u64,
}

/// Tells figures of shards.
#[derive(Debug)]
pub struct IndicesStats;

impl Action for IndicesStats {
    const SPEC: &'static Spec = &table::INDICES_STATS;
    type Request = IndicesStatsRequest;
    type Response = IndicesStatsResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: IndicesStatsRequest,
    ) -> Result<IndicesStatsResponse, Failure> {
        let _ = (node, task, request);
        todo!()
    }
}

/// `indices:monitor/stats[n]`: figures of the shards of one node.
#[derive(Debug)]
pub(crate) struct IndicesStatsNode;

impl Action for IndicesStatsNode {
    const SPEC: &'static Spec = &table::INDICES_STATS_NODE;
    type Request = Vec<ShardId>;
    type Response = Vec<Result<ShardFigures, Failure>>;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: Vec<ShardId>,
    ) -> Result<Self::Response, Failure> {
        let _ = (node, task, request);
        todo!()
    }
}
