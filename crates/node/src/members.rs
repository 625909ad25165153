//! The nodes of the cluster: what each tells about itself, and who of them decides for all.

use crate::{Config, Node};
use glasswork_substrate::Member;
use glasswork_tasks::NodeId;
pub use glasswork_tasks::wire::{NodeInfo, VERSION};
use serde::{Deserialize, Serialize};

/// What every node does unless `node.roles` says otherwise, sorted.
const ROLES: [&str; 4] = ["cluster_manager", "data", "ingest", "remote_cluster_client"];

/// What travels to the other nodes.
#[derive(Serialize, Deserialize)]
struct Told {
    life: String,
    info: NodeInfo,
}

/// What a node of this configuration tells.
pub fn info_of(config: &Config) -> NodeInfo {
    let mut roles: Vec<String> = match config.settings.get("node.roles") {
        Some(roles) => list(roles).map(role).collect(),
        None => ROLES.map(str::to_owned).into(),
    };
    roles.sort();
    roles.dedup();
    NodeInfo {
        id: config.id.clone(),
        name: config.name.clone(),
        transport_address: config.transport_address.clone(),
        http_address: config.http_address.clone(),
        host: host_of(&config.transport_address).to_owned(),
        roles,
        attributes: config.attributes.clone(),
        version: VERSION.to_owned(),
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.trim_matches(['[', ']'])
        .split(',')
        .map(|item| item.trim().trim_matches('"'))
        .filter(|item| !item.is_empty())
}

/// `master` is the old name of a role.
fn role(name: &str) -> String {
    match name {
        "master" => "cluster_manager".to_owned(),
        name => name.to_owned(),
    }
}

/// The part before the port; brackets of an IPv6 address go.
fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_matches(['[', ']'])
}

impl Node {
    /// What this node tells about itself.
    pub fn info(&self) -> NodeInfo {
        info_of(self.config())
    }

    /// The nodes of the cluster as this one sees them, ordered by id; this one among them.
    pub fn members(&self) -> Vec<NodeInfo> {
        let known = self.substrate().bus.members();
        let mut members: Vec<NodeInfo> = known
            .iter()
            .filter(|member| *member.node != *self.id().as_str())
            .filter_map(told)
            .collect();
        members.push(self.info());
        members.sort_by(|a, b| a.id.cmp(&b.id));
        members
    }

    /// The member of this id.
    pub fn member(&self, id: &NodeId) -> Option<NodeInfo> {
        self.members().into_iter().find(|member| member.id == *id)
    }

    /// The node to which changes of the whole cluster are sent: of those that may decide, the one with the lowest id.
    /// Two nodes may see different ones for a while; every change is a compare-and-set, so nothing depends on it.
    pub fn manager(&self) -> Option<NodeInfo> {
        let mut members = self.members().into_iter();
        members.find(|member| member.has_role("cluster_manager"))
    }

    /// Tells the other nodes about this one.
    pub(crate) fn announce(&self) {
        let told = Told {
            life: self.contexts().session().to_owned(),
            info: self.info(),
        };
        match postcard::to_stdvec(&told) {
            Ok(about) => self.substrate().bus.announce(about.into()),
            Err(error) => tracing::error!(%error, "this node can't tell the others about itself"),
        }
    }
}

/// What a member told; nothing while it has not yet told anything.
fn told(member: &Member) -> Option<NodeInfo> {
    read(member).map(|told| told.info)
}

/// What differs after each start of a member; nothing while it has not yet told anything.
pub(crate) fn life(member: &Member) -> Option<String> {
    read(member).map(|told| told.life)
}

fn read(member: &Member) -> Option<Told> {
    if member.about.is_empty() {
        return None;
    }
    let told: Result<Told, _> = postcard::from_bytes(&member.about);
    if told.is_err() {
        tracing::warn!(node = %member.node, "a node tells about itself in a way that this one doesn't understand");
    }
    told.ok()
        .filter(|told| told.info.id.as_str() == &*member.node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_stands_before_the_port() {
        assert_eq!(host_of("127.0.0.1:9300"), "127.0.0.1");
        assert_eq!(host_of("[::1]:9300"), "::1");
    }

    #[test]
    fn roles_are_read_as_a_list() {
        let roles: Vec<String> = list("[ \"data\", master ]").map(role).collect();
        assert_eq!(roles, ["data", "cluster_manager"]);
    }
}
