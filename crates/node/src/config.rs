//! What a node is built from.

use glasswork_substrate::{Bus, Kv, Logs};
use glasswork_tasks::{Meter, NodeId};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// What is fixed about a node for its life.
#[derive(Clone)]
pub struct Config {
    /// Its id: 22 characters of base64url, kept over restarts.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// Its cluster's name.
    pub cluster_name: String,
    /// The address it is reached at by other nodes, `host:port`.
    pub transport_address: String,
    /// The address it is reached at over HTTP, `host:port`.
    pub http_address: String,
    /// The folder for its shards.
    pub data: PathBuf,
    /// `node.attr.*`.
    pub attributes: BTreeMap<String, String>,
    /// All settings it was started with, by their dotted names.
    pub settings: BTreeMap<String, String>,
    /// Measures what its threads use.
    pub meter: Arc<dyn Meter>,
    /// Memory that the node may use, in bytes; what every percentage of a "heap" refers to.
    pub memory_limit: u64,
}

/// Where the node's state lasts and its messages travel.
#[derive(Clone)]
pub struct Substrate {
    /// The logs of its shards.
    pub logs: Arc<dyn Logs>,
    /// The cluster's keys.
    pub kv: Arc<dyn Kv>,
    /// The way to the other nodes.
    pub bus: Arc<dyn Bus>,
}
