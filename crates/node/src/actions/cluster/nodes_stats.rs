//! `cluster:monitor/nodes/stats`: figures of nodes.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{Task, wire::matching};
use serde::{Deserialize, Serialize};

use crate::{
    Action, BreakerStats, Disk, LateSearches, Node, PoolStats, Process, Spec,
    actions::{table, tasks::failed_node},
    durable,
    host::Host,
    members::NodeInfo,
};

/// Which nodes: see [`matching`]; none = all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodesStatsRequest {
    /// The elements of the filter.
    pub nodes: Vec<String>,
    /// How long each may take.
    pub timeout: Option<Duration>,
}

/// What they say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodesStatsResponse {
    /// The cluster's name.
    pub cluster_name: String,
    /// The nodes that answered, ordered by id.
    pub nodes: Vec<NodeFigures>,
    /// Nodes that could not answer: `failed_node_exception`, the cause within.
    pub failures: Vec<Failure>,
}

/// Figures of one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeFigures {
    /// What every node knows of it.
    pub info: NodeInfo,
    /// When it told them, in milliseconds since 1970.
    pub timestamp_millis: i64,
    /// How long it has been running, in milliseconds.
    pub uptime_millis: u64,
    /// Its machine.
    pub host: Host,
    /// Its process.
    pub process: Process,
    /// Memory that it may use, in bytes.
    pub memory_limit: u64,
    /// The disk under its data, if the system tells.
    pub disk: Option<Disk>,
    /// Its pools, by name.
    pub pools: Vec<(String, PoolStats)>,
    /// What tasks have reserved.
    pub breaker: BreakerStats,
    /// Connections of clients: those that are open, and those that were opened so far.
    pub connections: (u64, u64),
    /// The shards that are open on it, all together.
    pub shards: ShardsFigures,
    /// Searches that outlived their cancel.
    pub late: LateSearches,
}

/// Figures of shards together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardsFigures {
    /// Documents that searches see.
    pub docs: u64,
    /// Deleted documents that still take space.
    pub deleted: u64,
    /// Bytes of their segments.
    pub store_bytes: u64,
    /// Their segments.
    pub segments: u64,
    /// Bytes of memory for what is not in a segment on disk.
    pub memory_bytes: u64,
    /// Bytes of their logs since the last flush.
    pub log_bytes: u64,
    /// Contexts of searches that are open on them.
    pub open_contexts: u64,
}

/// Asks nodes for their figures.
#[derive(Debug)]
pub struct NodesStats;

impl Action for NodesStats {
    const SPEC: &'static Spec = &table::NODES_STATS;
    type Request = NodesStatsRequest;
    type Response = NodesStatsResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: NodesStatsRequest,
    ) -> Result<NodesStatsResponse, Failure> {
        let members = node.members();
        let manager = node.manager().map(|manager| manager.id);
        let asked = matching(&members, &request.nodes, node.id(), manager.as_ref());
        let answers = asked.into_iter().map(|target| {
            let (node, task) = (&node, &task);
            async move {
                let answer = node
                    .call_within::<NodesStatsNode>(task, &target.id, (), request.timeout)
                    .await;
                (target, answer)
            }
        });
        let mut response = NodesStatsResponse {
            cluster_name: node.config().cluster_name.clone(),
            nodes: Vec::new(),
            failures: Vec::new(),
        };
        for (target, answer) in join_all(answers).await {
            match answer {
                Ok(figures) => response.nodes.push(figures),
                Err(cause) => response.failures.push(failed_node(&target.id, cause)),
            }
        }
        Ok(response)
    }
}

/// `cluster:monitor/nodes/stats[n]`: the part of one node.
#[derive(Debug)]
pub(crate) struct NodesStatsNode;

impl Action for NodesStatsNode {
    const SPEC: &'static Spec = &table::NODES_STATS_NODE;
    type Request = ();
    type Response = NodeFigures;

    async fn run(node: Arc<Node>, _: Task, (): ()) -> Result<NodeFigures, Failure> {
        let pools = node.pools();
        let pools = [
            &pools.force_merge,
            &pools.management,
            &pools.search,
            &pools.write,
        ];
        let uptime = node.started().elapsed().as_millis();
        Ok(NodeFigures {
            info: node.info(),
            timestamp_millis: durable::now_millis(),
            uptime_millis: u64::try_from(uptime).unwrap_or(u64::MAX),
            host: Host::look(),
            process: Process::look(),
            memory_limit: node.config().memory_limit,
            disk: Disk::of(&node.config().data),
            pools: pools
                .map(|pool| (pool.config().name.to_owned(), pool.stats()))
                .to_vec(),
            breaker: node.breaker().stats(),
            connections: (node.connections().now(), node.connections().opened()),
            shards: shards(&node),
            late: node.late_searches(),
        })
    }
}

fn shards(node: &Node) -> ShardsFigures {
    let open_contexts = node.open_search_contexts() as u64;
    let none = ShardsFigures {
        open_contexts,
        ..ShardsFigures::default()
    };
    node.shards().all().iter().fold(none, |sum, shard| {
        let stats = shard.engine().stats();
        ShardsFigures {
            docs: sum.docs + stats.docs,
            deleted: sum.deleted + stats.deleted,
            store_bytes: sum.store_bytes + stats.store_bytes,
            segments: sum.segments + stats.segments,
            memory_bytes: sum.memory_bytes + stats.buffer_bytes + stats.memory_segment_bytes,
            log_bytes: sum.log_bytes + stats.log_bytes,
            ..sum
        }
    })
}
