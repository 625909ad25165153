//! A node, as it tells of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::NodeId;

/// What a node tells about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Its id.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// `host:port` for other nodes.
    pub transport_address: String,
    /// `host:port` for clients.
    pub http_address: String,
    /// Its host name, or address.
    pub host: String,
    /// What it does, sorted.
    pub roles: Vec<String>,
    /// `node.attr.*`.
    pub attributes: BTreeMap<String, String>,
    /// The version of its software.
    pub version: String,
}

impl NodeInfo {
    /// Whether it does this.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known == role)
    }

    /// `[name][host:port]`, as texts of failures name a node.
    #[must_use]
    pub fn label(&self) -> String {
        format!("[{}][{}]", self.name, self.transport_address)
    }
}
