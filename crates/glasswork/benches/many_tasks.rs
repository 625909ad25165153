//! A node with many live tasks behind its real HTTP server, for measurements from outside: `cargo bench --bench many_tasks -- TASKS`.
//! The tasks are registered as requests register theirs, ten to a tree, and do nothing. Says `ready URL pid PID` when they are all
//! there, and ends when its input does.

#![allow(missing_docs, reason = "a program, not a library")]

use glasswork_node::{Config, CpuMeter, Node, Substrate};
use glasswork_rest::{
    Api,
    server::{Limits, Server},
};
use glasswork_substrate::files::{FilesSubstrate, RealDisk};
use glasswork_tasks::{Guard, Headers, NodeId, Start, StartError};
use std::{
    io::{self, Read},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SEARCH: &str = "indices:data/read/search";
const PHASE: &str = "indices:data/read/search[phase/query]";
/// A root and so many less one below it.
const FAMILY: usize = 10;

fn main() {
    // `cargo bench` adds words of its own.
    let number = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let Some(number) = number else {
        println!("how many tasks?");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let node = node(folder.path()).await;
        let limits = Limits::default();
        let api = Arc::new(Api::new(Arc::clone(&node), None, limits.clone()));
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::start(address, None, limits, api).await;
        let server = server.expect("a free port");
        let tasks = live(&node, number).await;
        println!(
            "ready http://{} pid {}",
            server.address(),
            std::process::id()
        );
        let ended = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
        ended.await.expect("no panic").expect("an input");
        drop(tasks);
        node.end_watching();
        server.drain(Duration::ZERO).await;
        node.stop().await;
    });
}

async fn node(folder: &Path) -> Arc<Node> {
    let files = FilesSubstrate::open(folder, Arc::new(RealDisk)).expect("an empty folder opens");
    let config = Config {
        id: NodeId::from(files.node()),
        name: "bench".to_owned(),
        cluster_name: "bench".to_owned(),
        transport_address: "127.0.0.1:9300".to_owned(),
        http_address: "127.0.0.1:9200".to_owned(),
        data: folder.join("shards"),
        attributes: Default::default(),
        settings: Default::default(),
        meter: Arc::new(CpuMeter::default()),
        memory_limit: 1 << 30,
    };
    let FilesSubstrate { logs, kv, bus, .. } = files;
    let started = Node::start(config, Substrate { logs, kv, bus }).await;
    started.expect("a node starts")
}

/// So many live tasks: searches with their shards.
async fn live(node: &Node, number: usize) -> Vec<Guard> {
    let registry = node.registry();
    let action = |name| registry.action(name).expect("the node declared it");
    let (search, phase) = (action(SEARCH), action(PHASE));
    let mut tasks: Vec<Guard> = Vec::with_capacity(number);
    let mut root = 0;
    while tasks.len() < number {
        let here = tasks.len();
        let start = if here.is_multiple_of(FAMILY) {
            root = here;
            let id = format!("dash-{}", here / FAMILY % 100);
            let headers = Headers::new([("X-Opaque-Id", id.as_str())]);
            Start::new(search)
                .headers(Arc::new(headers))
                .description("indices[logs-*], search_type[QUERY_THEN_FETCH], source[{\"query\":{\"match\":{\"title\":\"the of\"}}}]")
        } else {
            let parent = tasks[root].task();
            Start::new(phase)
                .headers(parent.headers())
                .child_of(parent)
                .description("shardId[[logs-2026.11.24][0]]")
        };
        match registry.start(start) {
            Ok(task) => tasks.push(task),
            // The node reserves the next block meanwhile.
            Err(StartError::NumbersExhausted(_)) => {
                tokio::time::sleep(Duration::from_millis(1)).await
            }
            Err(error) => panic!("{error}"),
        }
    }
    tasks
}
