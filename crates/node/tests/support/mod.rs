//! A node for tests: on files in a temporary folder, or on a world in memory.

#![allow(dead_code, reason = "not every test file needs everything")]
#![allow(unreachable_pub, reason = "a module of every test file, not a crate")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub mod by_query;

use bytes::Bytes;
use glasswork_content::{Failure, Limits, Node as Json, Render};
use glasswork_node::{
    Action, Caller, Config, CpuMeter, Node, Substrate,
    actions::{
        documents::{
            Bulk, BulkDefaults, BulkRequest, BulkResponse, DocumentResponse, GetDocument,
            GetRequest, GetResponse, IndexDocument, IndexRequest, Operation, WriteItem,
            WriteOptions,
        },
        indices::{CreateIndex, CreateIndexRequest, Refresh, RefreshRequest},
    },
    metadata::{ExpressionOptions, IndexExpression},
};
use glasswork_substrate::files::{FilesSubstrate, RealDisk};
use glasswork_tasks::NodeId;
use std::{path::Path, sync::Arc};

/// A node and the folder that it goes with.
pub struct OnFiles {
    pub node: Arc<Node>,
    pub folder: tempfile::TempDir,
    settings: Settings,
}

/// Settings of a node by their names.
pub type Settings = std::collections::BTreeMap<String, String>;

pub fn config(id: &str, data: &Path) -> Config {
    Config {
        id: NodeId::from(id),
        name: format!("node-{id}"),
        cluster_name: "test".to_owned(),
        transport_address: "127.0.0.1:9300".to_owned(),
        http_address: "127.0.0.1:9200".to_owned(),
        data: data.to_owned(),
        attributes: Default::default(),
        settings: Default::default(),
        meter: Arc::new(CpuMeter::default()),
        memory_limit: 1 << 30,
    }
}

pub async fn start(folder: &Path) -> Arc<Node> {
    start_with(folder, Settings::new()).await
}

pub async fn start_with(folder: &Path, settings: Settings) -> Arc<Node> {
    // Loops of the node before end a moment after it.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let files = loop {
        match FilesSubstrate::open(folder, Arc::new(RealDisk)) {
            Ok(files) => break files,
            Err(error) => assert!(std::time::Instant::now() < deadline, "{error}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    let config = Config {
        settings,
        ..config(files.node(), folder)
    };
    let FilesSubstrate { logs, kv, bus, .. } = files;
    Node::start(config, Substrate { logs, kv, bus })
        .await
        .unwrap()
}

impl OnFiles {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A node with these settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let settings: Settings = settings
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let node = start_with(folder.path(), settings.clone()).await;
        Self {
            node,
            folder,
            settings,
        }
    }

    /// Ends the node without a word and starts another on the same folder.
    pub async fn restart(mut self) -> Self {
        let gone = Arc::downgrade(&self.node);
        self.node.stop().await;
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        let settings = std::mem::take(&mut self.settings);
        drop(self);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while gone.upgrade().is_some() {
            assert!(
                std::time::Instant::now() < deadline,
                "the node is still held"
            );
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let node = start_with(folder.path(), settings.clone()).await;
        Self {
            node,
            folder,
            settings,
        }
    }
}

/// Makes what was written visible.
pub async fn refresh(node: &Arc<Node>, index: &str) {
    let request = RefreshRequest {
        target: target(index),
    };
    run::<Refresh>(node, request).await.unwrap();
}

/// Runs an action as a request from outside.
pub async fn run<A: Action>(node: &Arc<Node>, request: A::Request) -> Result<A::Response, Failure> {
    node.run::<A, _>(request, Caller::default(), |answer| answer)
        .await
}

pub fn json(text: &str) -> Json {
    glasswork_content::parse(text.as_bytes(), &Limits::DEFAULT).unwrap()
}

pub fn rendered(render: impl FnOnce(&mut Render)) -> String {
    let mut out = Render::compact();
    render(&mut out);
    String::from_utf8(out.finish()).unwrap()
}

pub fn target(names: &str) -> IndexExpression {
    IndexExpression::parse(names, ExpressionOptions::OPEN)
}

pub async fn create(node: &Arc<Node>, index: &str, body: &str) -> Result<(), Failure> {
    let request = CreateIndexRequest::parse(index, &json(body))?;
    run::<CreateIndex>(node, request).await.map(drop)
}

pub fn put(index: &str, id: &str, source: &str) -> IndexRequest {
    let operation = Operation::Index(Bytes::from(source.to_owned()));
    IndexRequest {
        item: WriteItem::new(index, Some(id.to_owned()), operation),
        options: WriteOptions::default(),
    }
}

pub async fn index(
    node: &Arc<Node>,
    index: &str,
    id: &str,
    source: &str,
) -> Result<DocumentResponse, Failure> {
    run::<IndexDocument>(node, put(index, id, source)).await
}

pub async fn get(node: &Arc<Node>, index: &str, id: &str) -> Result<GetResponse, Failure> {
    run::<GetDocument>(node, GetRequest::new(index, id)).await
}

/// The source of a document, if there is one.
pub async fn source(node: &Arc<Node>, index: &str, id: &str) -> Option<String> {
    let found = get(node, index, id).await.unwrap().found?;
    Some(String::from_utf8(found.source?.to_vec()).unwrap())
}

pub async fn bulk(node: &Arc<Node>, body: &str) -> Result<BulkResponse, Failure> {
    let body = Bytes::from(body.to_owned());
    let request = BulkRequest::parse(&body, &BulkDefaults::default(), WriteOptions::default())?;
    run::<Bulk>(node, request).await
}

/// The answer of a bulk with `took` 0.
pub fn items(mut response: BulkResponse) -> String {
    response.took_millis = 0;
    rendered(|out| response.render(out).unwrap())
}

/// `count` documents `{"n": 0, "k": "k0", "t": "word w0"}`, … in an index of `shards` shards.
pub async fn fill(node: &Arc<Node>, index: &str, shards: u32, count: usize) {
    let settings = format!(
        r#"{{"settings": {{"number_of_shards": {shards}, "number_of_replicas": 0}}, "mappings": {{"properties": {{"n": {{"type": "integer"}}, "k": {{"type": "keyword"}}, "t": {{"type": "text"}}}}}}}}"#
    );
    create(node, index, &settings).await.unwrap();
    let mut lines = String::new();
    for n in 0..count {
        lines.push_str(&format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"n\": {n}, \"k\": \"k{}\", \"t\": \"word w{}\"}}\n", n % 10, n % 3));
    }
    let defaults = glasswork_node::actions::documents::BulkDefaults {
        index: Some(index.to_owned()),
        ..Default::default()
    };
    let options = glasswork_node::actions::documents::WriteOptions {
        refresh: glasswork_node::actions::documents::Refresh::Immediate,
        ..Default::default()
    };
    let request = glasswork_node::actions::documents::BulkRequest::parse(
        &bytes::Bytes::from(lines),
        &defaults,
        options,
    )
    .unwrap();
    let written = run::<Bulk>(node, request).await.unwrap();
    assert_eq!(written.items.len(), count);
}
