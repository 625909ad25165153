//! The recorded answers of a cluster of three nodes, replayed with three nodes in this process: their logs, keys and messages
//! in memory, each with an HTTP server of its own.
//!
//! Not replayed are those that show one moment of the recording: [`NOT_REPLAYED`].

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;
mod replay;

use glasswork_node::{Config, CpuMeter, Node, Substrate};
use glasswork_rest::{
    Api,
    server::{Limits, Server},
};
use glasswork_substrate::memory::World;
use replay::{
    exchange::{Exchange, Ids, exchange},
    list::Findings,
    session::until,
};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc, thread};
use tokio::runtime::{Builder, Runtime};

/// Exchanges of the group that can't be had again, and why.
const NOT_REPLAYED: &[(&str, &str)] = &[
    (
        "nodes3-tasks-search-cancelled",
        "lists a cancelled search that has not ended yet; here it ends before it can be listed",
    ),
    ("nodes3-cat-shards", "asks an endpoint that is not there"),
];

/// The nodes by their names: the recorded id and ours. Nodes are listed, and shards placed, in the order of the ids.
const NODES: [(&str, &str, &str); 3] = [
    ("node-2", "2PGcWnGfRl6Fkb7zVhJ9Lg", "AAAAAAAAAAAAAAAAAAAAA2"),
    ("node-1", "ygIqdbq9SrisJ-oy7pNf8A", "BBBBBBBBBBBBBBBBBBBBB1"),
    ("node-0", "eYn1ItqKS0OtfJdpo1qr5w", "CCCCCCCCCCCCCCCCCCCCC0"),
];

const SCRIPT: &str = r#"{"script": {"source": "ctx._source.seen = true", "lang": "painless"}}"#;

#[test]
fn recorded_answers_of_three_nodes_are_given_again() {
    let Some(folder) = harness::shared("recorded_answers_of_three_nodes_are_given_again") else {
        return;
    };
    let mut cluster = Cluster::start(folder.join("golden"));
    cluster.fill();
    for name in [
        "nodes3-cat-nodes",
        "nodes3-health",
        "nodes3-tasks",
        "nodes3-tasks-detailed",
        "nodes3-tasks-parents",
        "nodes3-tasks-none",
        "nodes3-tasks-nodes",
        "nodes3-tasks-nodes-pattern",
        "nodes3-tasks-cluster-manager",
        "nodes3-cat-tasks",
        "nodes3-get-unknown",
    ] {
        cluster.case(name, "node-0", "");
    }
    a_search_over_all_nodes(&mut cluster);
    an_operation_asked_of_another_node(&mut cluster);
    for (name, why) in NOT_REPLAYED {
        println!("{name}: not replayed, it {why}");
    }
    cluster.findings.tell();
}

fn a_search_over_all_nodes(cluster: &mut Cluster) {
    let recorded = cluster.recorded("nodes3-search-cancelled");
    let (address, ids) = (cluster.address("node-0"), ids());
    let searching = thread::spawn(move || (recorded.send(&address, &ids), recorded));
    let at_work = |cluster: &Cluster| {
        let list =
            cluster.get("/_tasks?group_by=none&detailed&actions=indices:data/read/search[phase*");
        let on_a_thread =
            |task: &Value| task["resource_stats"]["thread_info"]["thread_executions"] != json!(0);
        let tasks = list["tasks"].as_array().unwrap();
        tasks.len() == 3 && tasks.iter().all(on_a_thread)
    };
    until(|| at_work(cluster));
    for name in [
        "nodes3-tasks-search",
        "nodes3-tasks-search-parents",
        "nodes3-cat-tasks-search",
        "nodes3-cancel-search",
    ] {
        cluster.case(name, "node-0", "");
    }
    let (found, recorded) = searching.join().unwrap();
    cluster
        .findings
        .compare("nodes3-search-cancelled", &recorded.answer, &found);
}

fn an_operation_asked_of_another_node(cluster: &mut Cluster) {
    let path = "/many/_update_by_query?wait_for_completion=false&slices=3&requests_per_second=6&scroll_size=10";
    let headers = [("X-Opaque-Id", "golden-3")];
    let task = cluster.send("node-0", "POST", path, &headers, SCRIPT)["task"]
        .as_str()
        .unwrap()
        .to_owned();
    let all_wait = |cluster: &Cluster| {
        let path = format!("/_tasks?group_by=none&detailed&parent_task_id={task}");
        let list = cluster.get(&path);
        let waits = |slice: &Value| {
            let status = &slice["status"];
            status["updated"] == json!(10) && status["throttled_until_millis"] != json!(0)
        };
        let slices = list["tasks"].as_array().unwrap();
        slices.len() == 3 && slices.iter().all(waits)
    };
    until(|| all_wait(cluster));
    for (name, through) in [
        ("nodes3-tasks-slices", "node-0"),
        ("nodes3-get-from-other", "node-0"),
        ("nodes3-get-through-other", "node-1"),
        ("nodes3-rethrottle-through-other", "node-1"),
        ("nodes3-cancel-through-other", "node-1"),
        ("nodes3-get-stored-through-other", "node-1"),
        ("nodes3-tasks-bulk", "node-1"),
    ] {
        cluster.case(name, through, &task);
    }
}

/// Three nodes, and what was found of them so far.
struct Cluster {
    folder: PathBuf,
    findings: Findings,
    servers: Vec<(&'static str, Server)>,
    _data: Vec<tempfile::TempDir>,
    _runtime: Runtime,
}

fn ids() -> Ids {
    Ids::of_nodes(&NODES.map(|(_, recorded, id)| (recorded, id)))
}

impl Cluster {
    fn start(folder: PathBuf) -> Self {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        let world = World::new(3);
        let (mut servers, mut data) = (Vec::new(), Vec::new());
        for (name, _, id) in NODES {
            let kept = tempfile::tempdir().unwrap();
            let parts = world.node(id);
            let config = Config {
                id: id.into(),
                name: name.to_owned(),
                cluster_name: "glasswork-reference".to_owned(),
                transport_address: "127.0.0.1:9300".to_owned(),
                http_address: "127.0.0.1:9200".to_owned(),
                data: kept.path().to_owned(),
                attributes: [("shard_indexing_pressure_enabled", "true")]
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
                settings: Default::default(),
                meter: Arc::new(CpuMeter::default()),
                memory_limit: 1 << 30,
            };
            let substrate = Substrate {
                logs: parts.logs,
                kv: parts.kv,
                bus: parts.bus,
            };
            let server = runtime.block_on(async {
                let node = Node::start(config, substrate).await.unwrap();
                let limits = Limits::default();
                let api = Arc::new(Api::new(node, None, limits.clone()));
                let address = "127.0.0.1:0".parse().unwrap();
                Server::start(address, None, limits, api).await.unwrap()
            });
            servers.push((name, server));
            data.push(kept);
        }
        Self {
            folder,
            findings: Findings::begin(),
            servers,
            _data: data,
            _runtime: runtime,
        }
    }

    /// 5,000 documents over three shards, one a node.
    fn fill(&self) {
        let body = r#"{"settings": {"number_of_shards": 3, "number_of_replicas": 0}}"#;
        self.send("node-0", "PUT", "/many", &[], body);
        let mut lines = String::new();
        for n in 0..5000 {
            lines.push_str(&format!(
                "{{\"index\": {{\"_index\": \"many\", \"_id\": \"{n}\"}}}}\n{{\"n\": {n}, \"title\": \"Book {n}\"}}\n"
            ));
        }
        let filled = self.send("node-0", "POST", "/_bulk?refresh", &[], &lines);
        assert_eq!(filled["errors"], json!(false));
    }

    fn address(&self, name: &str) -> String {
        let mut servers = self.servers.iter();
        let found = servers.find(|(known, _)| *known == name);
        found.unwrap().1.address().to_string()
    }

    fn recorded(&self, name: &str) -> Exchange {
        Exchange::read(&self.folder, name).unwrap_or_else(|| panic!("{name} is not recorded"))
    }

    /// Sends a recorded request, about `task` where it names one of an operation, and compares the answer.
    fn case(&mut self, name: &str, through: &str, task: &str) {
        let recorded = self.recorded(name).about(task);
        let found = recorded.send(&self.address(through), &ids());
        self.findings.compare(name, &recorded.answer, &found);
    }

    fn get(&self, path: &str) -> Value {
        self.send("node-0", "GET", path, &[], "")
    }

    /// A request that is not compared.
    fn send(
        &self,
        through: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Value {
        let address = self.address(through);
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let answer = exchange(&address, head.as_bytes(), body);
        serde_json::from_str(&answer.body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}: {}", answer.body))
    }
}
