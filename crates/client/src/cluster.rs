//! The cluster around the tasks: its nodes, its health.

use crate::{Client, Error, url::Target};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Duration};

/// A node as it tells of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeInfo {
    /// Its id; in answers it is the key.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its name.
    pub name: String,
    /// `host:port` for other nodes.
    pub transport_address: String,
    /// Its host.
    pub host: String,
    /// The version it runs.
    pub version: String,
    /// What it is there for, as `data`, `cluster_manager` (`master` before OpenSearch 2).
    pub roles: Vec<String>,
    /// Its attributes.
    pub attributes: Map<String, Value>,
}

/// How a cluster is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// Its name.
    pub cluster_name: String,
    /// `green`, `yellow` or `red`.
    pub status: String,
    /// How many nodes it has.
    pub number_of_nodes: u64,
    /// How many of them hold data.
    pub number_of_data_nodes: u64,
    /// Everything else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: BTreeMap<String, NodeInfo>,
}

impl Client {
    /// The nodes of the cluster, by id.
    ///
    /// # Errors
    /// When there is no good answer.
    pub async fn nodes(&self) -> Result<Vec<NodeInfo>, Error> {
        // The list of plugins and modules is long and not asked for: only what each node says in any case and of its HTTP.
        let nodes: Nodes = self
            .inner
            .json(
                Method::GET,
                &Target::new(&["_nodes", "http"]),
                Duration::ZERO,
            )
            .await?;
        let named = |(id, node): (String, NodeInfo)| NodeInfo { id, ..node };
        Ok(nodes.nodes.into_iter().map(named).collect())
    }

    /// How the cluster is.
    ///
    /// # Errors
    /// When there is no good answer.
    pub async fn health(&self) -> Result<Health, Error> {
        self.inner
            .json(
                Method::GET,
                &Target::new(&["_cluster", "health"]),
                Duration::ZERO,
            )
            .await
    }
}
