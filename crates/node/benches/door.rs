//! What it costs that every search is a task: `cargo bench -p glasswork-node`. Searches through the door against the same
//! searches on the same view with nothing around them, as many at a time as the pool of searches has threads. Prints the
//! best of ten batches.

#![allow(missing_docs, reason = "a program, not a library")]

use bytes::Bytes;
use glasswork_node::{
    Caller, Config, CpuMeter, Node, Substrate,
    actions::{
        documents::{Bulk, BulkDefaults, BulkRequest, Refresh, WriteOptions},
        indices::{CreateIndex, CreateIndexRequest},
        search::{SearchAction, SearchRequest},
    },
    metadata::{ExpressionOptions, IndexExpression},
};
use glasswork_search::{
    Context,
    context::{IndexRef, Limits},
    interrupt::Interrupt,
    request, shard,
};
use glasswork_substrate::files::{FilesSubstrate, RealDisk};
use glasswork_tasks::{NoCheckpoint, NodeId};
use std::{fmt::Write, hint::black_box, path::Path, sync::Arc, thread, time::Instant};

const BATCHES: usize = 10;
/// Searches of one batch on one thread.
const ROUNDS: usize = 100;
/// How often the sample books are loaded.
const TIMES: usize = 200;
const BOOKS: &str = include_str!("../../../samples/books.ndjson");

/// What is searched for: a common word, counted by subject.
const SEARCH: &str = r#"{"query": {"match": {"title": "the of"}},
    "aggs": {"subjects": {"terms": {"field": "subjects.keyword"}}}}"#;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let node = runtime.block_on(filled(folder.path()));
    let (mut bare, mut door) = (f64::INFINITY, f64::INFINITY);
    // In turn, so that both meet the same machine.
    for _ in 0..BATCHES {
        bare = bare.min(without(&node));
        door = door.min(runtime.block_on(through(&node)));
    }
    let share = bare / door;
    println!(
        "throughput of a search through the door, of that without | ≥ 0.97 | {share:.3} ({:.1} µs, {:.1} µs) | {}",
        door * 1e6,
        bare * 1e6,
        if share >= 0.97 { "yes" } else { "no" }
    );
    runtime.block_on(node.stop());
}

/// A node with the books.
async fn filled(folder: &Path) -> Arc<Node> {
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
    let node = Node::start(config, Substrate { logs, kv, bus })
        .await
        .expect("a node starts");
    let create =
        CreateIndexRequest::parse("books", &json(r#"{"settings": {"number_of_shards": 1}}"#))
            .expect("it is well formed");
    node.run::<CreateIndex, _>(create, Caller::default(), |answer| answer)
        .await
        .expect("the index is made");
    for time in 0..TIMES {
        let mut body = String::new();
        for (number, book) in BOOKS.lines().enumerate() {
            writeln!(
                body,
                "{{\"index\":{{\"_index\":\"books\",\"_id\":\"{time}-{number}\"}}}}\n{book}"
            )
            .expect("a string takes it");
        }
        let options = WriteOptions {
            refresh: match time + 1 {
                TIMES => Refresh::Immediate,
                _ => Refresh::No,
            },
            ..WriteOptions::default()
        };
        let bulk = BulkRequest::parse(&Bytes::from(body), &BulkDefaults::default(), options)
            .expect("it is well formed");
        let written = node
            .run::<Bulk, _>(bulk, Caller::default(), |answer| answer)
            .await
            .expect("the books are written");
        assert!(!written.has_failures(), "every book is written");
    }
    node
}

fn json(text: &str) -> glasswork_content::Node {
    glasswork_content::parse(text.as_bytes(), &glasswork_content::Limits::DEFAULT)
        .expect("it is well formed")
}

fn books() -> IndexExpression {
    IndexExpression::parse("books", ExpressionOptions::OPEN)
}

fn search() -> request::SearchRequest {
    request::SearchRequest::parse(&json(SEARCH)).expect("it is well formed")
}

/// Seconds a search through the door.
async fn through(node: &Arc<Node>) -> f64 {
    let threads = node.pools().search.config().threads;
    let source = search();
    let began = Instant::now();
    let clients: Vec<_> = (0..threads)
        .map(|_| {
            let (node, source) = (Arc::clone(node), source.clone());
            tokio::spawn(async move {
                for _ in 0..ROUNDS {
                    let request = SearchRequest::new(books(), source.clone());
                    let answer = node
                        .run::<SearchAction, _>(request, Caller::default(), |answer| answer)
                        .await;
                    black_box(answer.expect("the search succeeds"));
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("no client panics");
    }
    began.elapsed().as_secs_f64() / (threads * ROUNDS) as f64
}

/// Seconds a search with nothing around it.
fn without(node: &Arc<Node>) -> f64 {
    let threads = node.pools().search.config().threads;
    let metadata = node.metadata();
    let index = metadata.index("books").expect("it was made");
    let local = node.shards().get(&index.uuid, 0).expect("it is open");
    let view = local.engine().view();
    let mapping = Arc::clone(&local.versions().newest().mapping);
    let source = search();
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let context = Context {
                        view: Arc::clone(&view),
                        analysis: Arc::clone(mapping.analysis()),
                        mapping: Arc::clone(&mapping),
                        index: IndexRef {
                            name: Arc::clone(&index.name),
                            uuid: Arc::clone(&index.uuid),
                        },
                        shard: 0,
                        now_millis: 0,
                        slice: None,
                        limits: Limits::default(),
                        interrupt: Interrupt::new(Arc::new(NoCheckpoint)),
                    };
                    black_box(shard::execute(&context, &source).expect("the search succeeds"));
                }
            });
        }
    });
    began.elapsed().as_secs_f64() / (threads * ROUNDS) as f64
}
