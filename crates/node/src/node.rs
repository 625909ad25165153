//! The node: its identity, its registry of tasks, its pools, and the substrate below.

use crate::{
    Action, Config, Pools, Substrate,
    actions::table,
    identity,
    numbers::{self, NumbersError},
};
use glasswork_substrate::KvError;
use glasswork_tasks::{DeclareError, NodeId, Registry};
use std::{sync::Arc, thread, time::Instant};

/// A running node.
pub struct Node {
    config: Config,
    registry: Registry,
    pools: Pools,
    substrate: Substrate,
    cluster_uuid: String,
    started: Instant,
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
    /// The cluster's id can't be read or kept.
    #[error("the cluster's id can't be had: {0}")]
    Cluster(#[from] KvError),
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
    /// Starts a node on `substrate`: recovers what is there and takes requests when this returns.
    ///
    /// # Errors
    /// What is in the substrate can't be used.
    pub async fn start(config: Config, substrate: Substrate) -> Result<Arc<Self>, StartError> {
        let registry = Registry::new(glasswork_tasks::Config {
            meter: Arc::clone(&config.meter),
            ..glasswork_tasks::Config::new(config.id.clone())
        });
        table::declare(&registry)?;
        numbers::reserve(&substrate.kv, &config.id, &registry).await?;
        let cluster_uuid = identity::cluster_uuid(&substrate.kv).await?;
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let node = Arc::new(Self {
            config,
            registry,
            pools: Pools::new(processors),
            substrate,
            cluster_uuid,
            started: Instant::now(),
        });
        Ok(node)
    }

    /// Ends it: nothing is accepted from now on, and what is acknowledged lies in the logs already.
    pub async fn stop(&self) {
        self.substrate.bus.stop_serving();
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

    pub(crate) fn action<A: Action>(&self) -> glasswork_tasks::Action {
        self.registry
            .action(A::SPEC.name)
            .expect("every action stands in the table of actions")
    }
}
