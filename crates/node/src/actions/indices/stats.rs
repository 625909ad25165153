//! `indices:monitor/stats`: figures of shards.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};
use futures_util::future::join_all;
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

use super::{
    ShardCounts, ShardId, Target,
    broadcast::{by_node, count},
};

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
        let indices = node.metadata().resolve(&request.target)?;
        let mut counts = ShardCounts {
            total: indices
                .iter()
                .map(|index| index.copies() * index.options.number_of_shards)
                .sum(),
            ..ShardCounts::default()
        };
        let parts = by_node(&node, &indices).into_iter().map(|(at, shards)| {
            let (node, task) = (&node, &task);
            async move {
                (
                    shards.clone(),
                    node.call::<IndicesStatsNode>(task, &at, shards).await,
                )
            }
        });
        let mut figures: BTreeMap<String, Vec<ShardFigures>> = BTreeMap::new();
        for (shards, told) in join_all(parts).await {
            let told = told
                .unwrap_or_else(|failure| shards.iter().map(|_| Err(failure.clone())).collect());
            for (shard, told) in shards.iter().zip(told) {
                let told =
                    told.map(|told| figures.entry(shard.uuid.clone()).or_default().push(told));
                count(&node, &mut counts, shard, told);
            }
        }
        let indices = indices.iter().map(|index| {
            let mut shards = figures.remove(&*index.uuid).unwrap_or_default();
            shards.sort_unstable_by_key(|figures| figures.shard);
            IndexStats {
                name: index.name.to_string(),
                uuid: index.uuid.to_string(),
                shards,
            }
        });
        Ok(IndicesStatsResponse {
            indices: indices.collect(),
            shards: counts,
        })
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
        _task: Task,
        request: Vec<ShardId>,
    ) -> Result<Self::Response, Failure> {
        let mut told = Vec::with_capacity(request.len());
        for id in request {
            told.push(node.shard(&id.uuid, id.shard).await.map(|shard| {
                let stats = shard.engine().stats();
                ShardFigures {
                    shard: id.shard,
                    node: node.id().to_string(),
                    docs: stats.docs,
                    deleted: stats.deleted,
                    store_bytes: stats.store_bytes,
                    segments: stats.segments,
                    max_seq_no: stats.max_seq_no,
                    memory_bytes: stats.buffer_bytes + stats.memory_segment_bytes,
                }
            }));
        }
        Ok(told)
    }
}
