//! `cluster:monitor/nodes/info`: what nodes say of themselves.

use std::{collections::BTreeMap, sync::Arc, thread};

use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{Task, wire::matching};
use serde::{Deserialize, Serialize};

use crate::{
    Action, Node, PoolConfig, Spec,
    actions::{table, tasks::failed_node},
    host::Host,
    members::NodeInfo,
};

/// Asks nodes about themselves.
#[derive(Debug)]
pub struct NodesInfo;

/// Which nodes: see [`matching`]; none = all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodesInfoRequest {
    /// The elements of the filter.
    pub nodes: Vec<String>,
}

/// What they say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodesInfoResponse {
    /// The cluster's name.
    pub cluster_name: String,
    /// The node that decides for all.
    pub manager: Option<glasswork_tasks::NodeId>,
    /// The nodes that answered, ordered by id.
    pub nodes: Vec<NodeDetails>,
    /// Nodes that could not answer: `failed_node_exception`, the cause within.
    pub failures: Vec<Failure>,
}

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeDetails {
    /// What every node knows of it.
    pub info: NodeInfo,
    /// The settings that it was started with.
    pub settings: BTreeMap<String, String>,
    /// Its pools.
    pub pools: Vec<PoolSize>,
    /// Its process.
    pub process_id: u32,
    /// Processors of its machine.
    pub processors: usize,
    /// The system: `Linux`, and its name for people.
    pub system: (String, String),
    /// `amd64`, `aarch64`, …
    pub architecture: String,
    /// Memory that it may use, in bytes.
    pub memory_limit: u64,
    /// Its machine now.
    pub host: Host,
    /// How long it has been running, in milliseconds.
    pub uptime_millis: u64,
}

/// The size of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSize {
    /// Its name.
    pub name: String,
    /// Its threads.
    pub threads: usize,
    /// Jobs that may wait.
    pub queue: usize,
}

impl From<PoolConfig> for PoolSize {
    fn from(pool: PoolConfig) -> Self {
        Self {
            name: pool.name.to_owned(),
            threads: pool.threads,
            queue: pool.queue,
        }
    }
}

impl Action for NodesInfo {
    const SPEC: &'static Spec = &table::NODES_INFO;
    type Request = NodesInfoRequest;
    type Response = NodesInfoResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: NodesInfoRequest,
    ) -> Result<NodesInfoResponse, Failure> {
        let members = node.members();
        let manager = node.manager().map(|manager| manager.id);
        let asked = matching(&members, &request.nodes, node.id(), manager.as_ref());
        let answers = asked.into_iter().map(|target| {
            let (node, task) = (&node, &task);
            async move {
                let answer = node
                    .call::<NodesInfoNode>(task, &target.id, NodesInfoNodeRequest)
                    .await;
                (target, answer)
            }
        });
        let mut response = NodesInfoResponse {
            cluster_name: node.config().cluster_name.clone(),
            manager: manager.clone(),
            nodes: Vec::new(),
            failures: Vec::new(),
        };
        for (target, answer) in join_all(answers).await {
            match answer {
                Ok(details) => response.nodes.push(details),
                Err(cause) => response.failures.push(failed_node(&target.id, cause)),
            }
        }
        Ok(response)
    }
}

/// `cluster:monitor/nodes/info[n]`: the part of one node.
#[derive(Debug)]
pub(crate) struct NodesInfoNode;

/// Asks one node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NodesInfoNodeRequest;

impl Action for NodesInfoNode {
    const SPEC: &'static Spec = &table::NODES_INFO_NODE;
    type Request = NodesInfoNodeRequest;
    type Response = NodeDetails;

    async fn run(
        node: Arc<Node>,
        _: Task,
        _: NodesInfoNodeRequest,
    ) -> Result<NodeDetails, Failure> {
        let pools = node.pools();
        let uptime = node.started().elapsed().as_millis();
        Ok(NodeDetails {
            info: node.info(),
            settings: node.config().settings.clone(),
            pools: [&pools.management, &pools.search, &pools.write]
                .into_iter()
                .map(|pool| pool.config().into())
                .collect(),
            process_id: std::process::id(),
            processors: thread::available_parallelism().map_or(1, usize::from),
            system: system(),
            architecture: match std::env::consts::ARCH {
                "x86_64" => "amd64".to_owned(),
                other => other.to_owned(),
            },
            memory_limit: node.config().memory_limit,
            host: Host::look(),
            uptime_millis: u64::try_from(uptime).unwrap_or(u64::MAX),
        })
    }
}

/// The system's name, and its name for people.
fn system() -> (String, String) {
    let name = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Mac OS X",
        other => other,
    };
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let pretty = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or(name, |text| text.trim_matches('"'));
    (name.to_owned(), pretty.to_owned())
}
