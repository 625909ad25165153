//! The node: its identity, its registry of tasks, its pools, and the substrate below.

use crate::{
    Action, Authority, Config, Everything, Pools, Spec, Substrate,
    actions::{by_query, search::Contexts, table},
    bans::Bans,
    breaker::{self, Breaker},
    connections::Connections,
    durable::{self, StartedRuns},
    identity,
    late::{LateCounts, LateSearches},
    metadata::{Metadata, Settings, Store},
    numbers::{self, NumbersError},
    shards::{Shards, flush_all, upkeep},
    transport::{Handler, transfers::Transfers},
    watching::{Taps, Watches},
};
use glasswork_content::{Failure, text::parse_size};
use glasswork_substrate::KvError;
use glasswork_tasks::{DeclareError, Memory, NodeId, Registry, wire::Previews};
use parking_lot::Mutex;
use std::{
    sync::{Arc, OnceLock, atomic::AtomicU64},
    thread,
    time::Instant,
};
use tokio::task::AbortHandle;

/// The memory for tasks that have ended.
const HISTORY_BYTES: &str = "tasks.history.max_bytes";

/// A running node.
pub struct Node {
    config: Config,
    registry: Registry,
    breaker: Arc<Breaker>,
    pools: Pools,
    substrate: Substrate,
    cluster_uuid: String,
    started: Instant,
    authority: OnceLock<Arc<dyn Authority>>,
    bans: Bans,
    transfers: Transfers,
    /// Numbers of requests to other nodes.
    pub(crate) requests: AtomicU64,
    metadata: Arc<Store>,
    shards: Shards,
    contexts: Contexts,
    started_runs: StartedRuns,
    by_query: by_query::Runs,
    previews: Previews,
    watches: Arc<Watches>,
    taps: Taps,
    late: LateCounts,
    connections: Arc<Connections>,
    /// Loops that end with the node.
    pub(crate) loops: Mutex<Vec<AbortHandle>>,
}

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No task number can be had.
    #[error(transparent)]
    Numbers(#[from] NumbersError),
    /// The table of actions contradicts itself.
    #[error(transparent)]
    Actions(#[from] DeclareError),
    /// The metadata can't be read.
    #[error("the metadata can't be read: {0}")]
    Metadata(Failure),
    /// The cluster's id can't be read or kept.
    #[error("the cluster's id can't be had: {0}")]
    Cluster(#[from] KvError),
    /// A setting can't be followed.
    #[error("{}", .0.reason())]
    Setting(Failure),
}

impl std::fmt::Debug for Node {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Node")
            .field("id", &self.config.id)
            .field("name", &self.config.name)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// Starts a node on `substrate`; it takes requests when this returns. Its shards recover in the background: a request
    /// for one that has not yet waits for it.
    ///
    /// # Errors
    /// What is in the substrate can't be used.
    pub async fn start(config: Config, substrate: Substrate) -> Result<Arc<Self>, StartError> {
        by_query::check_settings(&config.settings).map_err(StartError::Setting)?;
        let (bans, orders) = Bans::new();
        let breaker = Arc::new(Breaker::new(config.memory_limit));
        let registry = Registry::new(glasswork_tasks::Config {
            peers: Some(Arc::new(bans.clone())),
            meter: Arc::clone(&config.meter),
            memory: Arc::clone(&breaker) as _,
            ..glasswork_tasks::Config::new(config.id.clone())
        });
        table::declare(&registry)?;
        let change = numbers::reserve(&substrate.kv, &config.id, &registry).await?;
        let cluster_uuid = identity::cluster_uuid(&substrate.kv).await?;
        let metadata = Store::load(Arc::clone(&substrate.kv), change)
            .await
            .map_err(StartError::Metadata)?;
        let shards = Shards::new(&config.data);
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let transfers =
            Transfers::new(usize::try_from(config.memory_limit / 4).unwrap_or(usize::MAX));
        let node = Arc::new(Self {
            config,
            registry,
            breaker,
            pools: Pools::new(processors),
            substrate,
            cluster_uuid,
            started: Instant::now(),
            authority: OnceLock::new(),
            bans,
            transfers,
            requests: AtomicU64::new(1),
            metadata: Arc::new(metadata),
            shards,
            contexts: Contexts::default(),
            started_runs: StartedRuns::default(),
            by_query: by_query::Runs::default(),
            previews: Previews::default(),
            watches: Arc::default(),
            taps: Taps::default(),
            late: LateCounts::default(),
            connections: Arc::default(),
            loops: Mutex::default(),
        });
        node.announce();
        if node.members().len() == 1 {
            // The cluster starts anew.
            node.forget_transient_settings()
                .await
                .map_err(StartError::Metadata)?;
        }
        node.apply_settings();
        node.begin_upkeep();
        node.open_shards_soon();
        // Before requests come: whoever asks for one of these tasks finds it.
        durable::resume_all(&node).await?;
        node.substrate.bus.serve(Handler::new(&node));
        node.start_background(orders);
        Ok(node)
    }

    /// Starts what waits for changes of the metadata and for work on shards; the work itself is done in tasks.
    fn begin_upkeep(self: &Arc<Self>) {
        let follow = Arc::clone(&self.metadata);
        self.background("metadata", async move { follow.follow().await });
        let (node, mut changes) = (Arc::downgrade(self), self.metadata.changes());
        self.background("shards", async move {
            while changes.changed().await.is_ok() {
                let Some(node) = node.upgrade() else { return };
                node.apply_settings();
                node.follow_metadata().await;
            }
        });
        let node = Arc::downgrade(self);
        self.background("leftovers", async move {
            if let Some(node) = node.upgrade() {
                node.remove_leftovers().await;
            }
        });
        if let Some(jobs) = self.shards.take_jobs() {
            self.background("upkeep", upkeep(Arc::downgrade(self), jobs));
        }
    }

    /// Does what the settings of the cluster say about this node as a whole.
    fn apply_settings(&self) {
        self.registry
            .set_measuring(self.flag_setting("task_resource_tracking.enabled"));
        self.breaker.set_limit(&self.setting(breaker::LIMIT));
        let bytes = parse_size(&self.setting(HISTORY_BYTES), HISTORY_BYTES);
        self.registry.set_history_limits(
            bytes
                .ok()
                .and_then(|bytes| usize::try_from(bytes).ok())
                .unwrap_or(0),
            self.time_setting("tasks.history.retention")
                .unwrap_or_default(),
        );
    }

    /// The metadata now: take it once for an operation.
    pub fn metadata(&self) -> Arc<Metadata> {
        self.metadata.current()
    }

    /// Changes the settings of the cluster by compare-and-set. `change` sees the present ones and gives the new ones, or nothing
    /// when they are right; it may be asked again.
    ///
    /// # Errors
    /// Those of `change`, and that they can't be kept.
    pub async fn change_cluster_settings(
        &self,
        change: impl FnMut(&Settings) -> Result<Option<Settings>, Failure> + Send,
    ) -> Result<(), Failure> {
        self.metadata.change_settings(change).await
    }

    pub(crate) fn metadata_store(&self) -> &Arc<Store> {
        &self.metadata
    }

    /// The shards that are open here.
    pub fn shards(&self) -> &Shards {
        &self.shards
    }

    /// The memory that all tasks together may reserve, for what outlives the task that makes it.
    pub(crate) fn memory(&self) -> Arc<dyn Memory> {
        Arc::clone(&self.breaker) as _
    }

    /// Bytes of memory that tasks have reserved.
    pub fn reserved_bytes(&self) -> u64 {
        self.breaker.used()
    }

    /// How many contexts searches keep on shards of this node: between their phases, and between the pages of scrolls.
    pub fn open_search_contexts(&self) -> usize {
        self.contexts.len()
    }

    /// What searches keep between their phases.
    pub(crate) fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// What was started without waiting and has not ended.
    pub(crate) fn started_runs(&self) -> &StartedRuns {
        &self.started_runs
    }

    /// The by-query operations that run here.
    pub(crate) fn by_query_runs(&self) -> &by_query::Runs {
        &self.by_query
    }

    /// What cancels would end, as it was shown.
    pub(crate) fn previews(&self) -> &Previews {
        &self.previews
    }

    /// What is watched on this node.
    pub(crate) fn watches(&self) -> &Arc<Watches> {
        &self.watches
    }

    /// What other nodes watch of this one.
    pub(crate) fn taps(&self) -> &Taps {
        &self.taps
    }

    /// Searches that still run long after they were cancelled.
    pub(crate) fn late_searches(&self) -> LateSearches {
        self.late.look(self)
    }

    /// What the last look at them saw.
    #[cfg(test)]
    pub(crate) fn late_seen(&self) -> LateSearches {
        self.late.seen()
    }

    /// The connections of its clients.
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    pub(crate) fn internal_action(&self, spec: &Spec) -> glasswork_tasks::Action {
        self.registry
            .action(spec.name)
            .expect("every internal action stands in a list that is declared")
    }

    /// Ends it: nothing is accepted from now on, and what is acknowledged lies in the logs already.
    pub async fn stop(&self) {
        self.end_watching();
        self.substrate.bus.stop_serving();
        // Durable work that the cancel below ends is not over: it goes on with the next start.
        self.started_runs.close();
        // Whoever is left need not be waited for: merges begin again, clients are gone. Other nodes see this one leave.
        self.registry.cancel_everything("node is closing");
        flush_all(self).await;
        self.end_loops();
    }

    /// Its id.
    pub fn id(&self) -> &NodeId {
        &self.config.id
    }

    /// What is fixed about it.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The id of its cluster.
    pub fn cluster_uuid(&self) -> &str {
        &self.cluster_uuid
    }

    /// Its live tasks.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Who decides what requests may run: everything may, until this is set, which is done once, before requests come.
    pub fn set_authority(&self, authority: Arc<dyn Authority>) {
        if self.authority.set(authority).is_err() {
            tracing::error!("the authority of a node is set once");
        }
    }

    pub(crate) fn authority(&self) -> &dyn Authority {
        self.authority
            .get()
            .map_or(&Everything, |authority| &**authority)
    }

    pub(crate) fn breaker(&self) -> &Arc<Breaker> {
        &self.breaker
    }

    pub(crate) fn bans(&self) -> &Bans {
        &self.bans
    }

    pub(crate) fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    /// Its threads for work on the CPU.
    pub fn pools(&self) -> &Pools {
        &self.pools
    }

    /// Where its state lasts.
    pub fn substrate(&self) -> &Substrate {
        &self.substrate
    }

    /// When it started.
    pub fn started(&self) -> Instant {
        self.started
    }

    fn end_loops(&self) {
        for running in self.loops.lock().drain(..) {
            running.abort();
        }
    }

    pub(crate) fn action<A: Action>(&self) -> glasswork_tasks::Action {
        self.registry
            .action(A::SPEC.name)
            .expect("every action stands in the table of actions")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end_loops();
    }
}
