//! `cluster:monitor/prometheus/metrics`: the figures of this node.

use crate::{Action, Host, Node, PoolStats, actions::table};
use glasswork_content::failure::Failure;
use glasswork_tasks::{Filter, LATENCY_BUCKETS_MILLIS, Outcome, Task};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

/// Nothing is asked.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct MetricsRequest;

/// The figures of a node.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// The node's name.
    pub node: String,
    /// Those of the actions that were ever performed, by name.
    pub actions: Vec<ActionFigures>,
    /// Those of the pools.
    pub pools: Vec<PoolFigures>,
    /// Those of the shards that are open here, summed up.
    pub shards: ShardFigures,
    /// Bytes of the tasks that have ended and are remembered.
    pub history_bytes: u64,
    /// Results of tasks that are stored on this node.
    pub results: u64,
    /// Bytes that tasks have reserved, and may reserve in all.
    pub reserved_bytes: u64,
    /// The machine and the process.
    pub host: Host,
    /// Milliseconds that the node runs.
    pub uptime_millis: u64,
}

/// What became of the tasks of an action.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ActionFigures {
    /// Its name.
    pub name: String,
    /// Tasks that began.
    pub started: u64,
    /// Tasks that ended, in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::ALL.len()],
    /// Tasks that live and were not cancelled; that were; that should have ended since.
    pub live: [u64; 3],
    /// Times from cancel to end, by bucket, the last one for what is longer than all.
    pub latencies: Vec<u64>,
    /// All those times together, in nanoseconds.
    pub latency_nanos: u64,
    /// How many were longer than the action's bound.
    pub overdue: u64,
    /// CPU time of tasks that ended.
    pub cpu_nanos: u64,
    /// Bytes that tasks that ended had allocated.
    pub memory_bytes: u64,
}

/// A pool.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PoolFigures {
    /// Its name.
    pub name: String,
    /// Threads that exist; jobs that run; that wait.
    pub threads: u64,
    /// Jobs that run.
    pub active: u64,
    /// Jobs that wait.
    pub queued: u64,
    /// Jobs that were refused.
    pub rejected: u64,
    /// Jobs that ended.
    pub completed: u64,
}

/// Sums over shards.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct ShardFigures {
    /// Shards.
    pub open: u64,
    /// Living documents that searches see.
    pub docs: u64,
    /// Deleted ones that still take space.
    pub deleted: u64,
    /// Segments.
    pub segments: u64,
    /// Bytes of segments.
    pub store_bytes: u64,
    /// Bytes of documents that are in no segment yet.
    pub buffer_bytes: u64,
    /// Bytes of the logs since the last flush.
    pub log_bytes: u64,
}

/// The action.
pub struct Metrics;

impl Action for Metrics {
    const SPEC: &'static crate::Spec = &table::METRICS;
    type Request = MetricsRequest;
    type Response = Figures;

    async fn run(
        node: Arc<Node>,
        _own: Task,
        _request: MetricsRequest,
    ) -> Result<Figures, Failure> {
        let pools = node.pools();
        let pools = [
            &pools.search,
            &pools.write,
            &pools.management,
            &pools.force_merge,
        ];
        let pools = pools.map(|pool| pool_figures(pool.config().name, pool.stats()));
        let uptime = node.started().elapsed().as_millis();
        Ok(Figures {
            node: node.config().name.clone(),
            actions: actions(&node),
            pools: pools.into(),
            shards: shards(&node),
            history_bytes: node.registry().history_bytes() as u64,
            results: results(&node),
            reserved_bytes: node.reserved_bytes(),
            host: Host::look(),
            uptime_millis: u64::try_from(uptime).unwrap_or(u64::MAX),
        })
    }
}

fn actions(node: &Node) -> Vec<ActionFigures> {
    let registry = node.registry();
    // Few tasks are cancelled at a time, and the registry finds them without touching the others.
    let cancelled = registry.list(&Filter {
        cancelled: Some(true),
        internal: true,
        ..Filter::default()
    });
    let overdue = Filter {
        overdue: Some(true),
        internal: true,
        ..Filter::default()
    };
    let mut ending: HashMap<_, [u64; 2]> = HashMap::new();
    for task in cancelled.tasks {
        let late = registry.fits(&task, &overdue);
        ending.entry(task.action()).or_default()[usize::from(late)] += 1;
    }
    let figures = registry.actions().into_iter().filter_map(|action| {
        let counts = registry.counts(action);
        (counts.started > 0).then(|| {
            let latency = registry.cancel_latency(action);
            let used = registry.used(action);
            let [asked, late] = ending.get(&action).copied().unwrap_or_default();
            debug_assert_eq!(latency.counts.len(), LATENCY_BUCKETS_MILLIS.len() + 1);
            ActionFigures {
                name: registry.spec(action).name.to_string(),
                started: counts.started,
                ended: counts.ended,
                live: [counts.live().saturating_sub(asked + late), asked, late],
                latencies: latency.counts.to_vec(),
                latency_nanos: u64::try_from(latency.sum.as_nanos()).unwrap_or(u64::MAX),
                overdue: latency.overdue,
                cpu_nanos: used.cpu_nanos,
                memory_bytes: used.memory_bytes,
            }
        })
    });
    let mut figures: Vec<ActionFigures> = figures.collect();
    figures.sort_by(|a, b| a.name.cmp(&b.name));
    figures
}

fn pool_figures(name: &str, stats: PoolStats) -> PoolFigures {
    PoolFigures {
        name: name.to_owned(),
        threads: stats.threads as u64,
        active: stats.active as u64,
        queued: stats.queued as u64,
        rejected: stats.rejected,
        completed: stats.completed,
    }
}

fn shards(node: &Node) -> ShardFigures {
    let mut sums = ShardFigures::default();
    for shard in node.shards().all() {
        let stats = shard.engine().stats();
        sums.open += 1;
        sums.docs += stats.docs;
        sums.deleted += stats.deleted;
        sums.segments += stats.segments;
        sums.store_bytes += stats.store_bytes;
        sums.buffer_bytes += stats.buffer_bytes;
        sums.log_bytes += stats.log_bytes;
    }
    sums
}

/// Documents of `.tasks` that are on this node.
fn results(node: &Node) -> u64 {
    let shards = node.shards().all();
    let results = shards.iter().filter(|shard| **shard.index() == *".tasks");
    results.map(|shard| shard.engine().stats().docs).sum()
}
