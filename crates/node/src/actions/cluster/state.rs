//! `cluster:monitor/state`: the cluster as its manager sees it: nodes, metadata, and where shards are.

use std::{collections::BTreeSet, sync::Arc};

use glasswork_content::{failure::Failure, render::Render};
use glasswork_tasks::{NodeId, Task};
use serde::{Deserialize, Serialize};

use crate::{
    Action, Node, Spec,
    actions::table,
    members::NodeInfo,
    metadata::{Index, IndexExpression, Place, Settings},
};

/// The action.
#[derive(Debug)]
pub struct ClusterState;

/// Which indices are of interest; what of the rest is shown is the caller's choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterStateRequest {
    /// The indices; no name is all.
    pub indices: IndexExpression,
}

/// The cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClusterStateResponse {
    /// Its name.
    pub cluster_name: String,
    /// Its id.
    pub cluster_uuid: String,
    /// The node that decides for all.
    pub manager: Option<NodeId>,
    /// Its nodes, ordered by id.
    pub nodes: Vec<NodeInfo>,
    /// The indices, by name.
    pub indices: Vec<IndexState>,
    /// Settings that outlive a restart of the cluster.
    pub persistent: Settings,
    /// Settings that don't.
    pub transient: Settings,
    /// What counts where no request has set anything.
    pub defaults: Settings,
}

/// An index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IndexState {
    /// Its name.
    pub name: String,
    /// Its id.
    pub uuid: String,
    /// Whether it is open.
    pub open: bool,
    /// Its settings.
    pub settings: Settings,
    /// Its mapping as compact JSON.
    pub mapping: Vec<u8>,
    /// How often its mapping changed.
    pub mapping_version: u64,
    /// How fine routing values are told apart.
    pub routing_shards: u32,
    /// The names of its aliases.
    pub aliases: Vec<String>,
    /// Replicas that each shard should have.
    pub replicas: u32,
    /// Where its primaries are, by the numbers of the shards.
    pub shards: Vec<Place>,
}

impl IndexState {
    fn of(index: &Index) -> Self {
        let mut mapping = Render::compact();
        index.mapping.render(&mut mapping);
        Self {
            name: index.name.to_string(),
            uuid: index.uuid.to_string(),
            open: index.open,
            settings: (*index.settings).clone(),
            mapping: mapping.finish(),
            mapping_version: index.mapping_version,
            routing_shards: index.options.routing_shards,
            aliases: index.aliases.keys().cloned().collect(),
            replicas: index.options.number_of_replicas,
            shards: index.shards.to_vec(),
        }
    }
}

impl ClusterStateResponse {
    /// The ids of the nodes.
    #[must_use]
    pub fn node_ids(&self) -> BTreeSet<&str> {
        self.nodes.iter().map(|node| node.id.as_str()).collect()
    }
}

impl Action for ClusterState {
    const SPEC: &'static Spec = &table::CLUSTER_STATE;
    type Request = ClusterStateRequest;
    type Response = ClusterStateResponse;

    async fn run(
        node: Arc<Node>,
        _: Task,
        request: ClusterStateRequest,
    ) -> Result<ClusterStateResponse, Failure> {
        let metadata = node.metadata();
        let indices = metadata.resolve(&request.indices)?;
        Ok(ClusterStateResponse {
            cluster_name: node.config().cluster_name.clone(),
            cluster_uuid: node.cluster_uuid().to_owned(),
            manager: node.manager().map(|manager| manager.id),
            nodes: node.members(),
            indices: indices.iter().map(|index| IndexState::of(index)).collect(),
            persistent: metadata.persistent_settings(),
            transient: metadata.transient_settings(),
            defaults: node.default_settings(),
        })
    }
}
