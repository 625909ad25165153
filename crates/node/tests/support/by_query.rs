//! What tests of by-query operations share: filling indices, starting operations, and looking at them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use glasswork_content::{Failure, Node as Json};
use glasswork_node::{
    Node,
    actions::{
        by_query::{ByQueryRequest, ByQueryResponse, Rethrottle, RethrottleRequest, Work},
        tasks::{CancelTasks, GetTask, Got, TasksResponse, Which, cancel::Cancel, get::Get},
    },
};
use glasswork_tasks::{Filter, Pattern, Snapshot, TaskId, View};

use super::*;

pub const PATIENCE: Duration = Duration::from_secs(20);

/// `count` documents `{"n": 0, "k": "k0"}`, … in an index of `shards` shards.
pub async fn stock(node: &Arc<Node>, index: &str, shards: u32, count: usize) {
    let settings = format!(
        r#"{{"settings": {{"number_of_shards": {shards}, "number_of_replicas": 0, "refresh_interval": "-1"}}, "mappings": {{"properties": {{"n": {{"type": "integer"}}, "k": {{"type": "keyword"}}}}}}}}"#
    );
    create(node, index, &settings).await.unwrap();
    if count == 0 {
        return;
    }
    let mut lines = String::new();
    for n in 0..count {
        lines.push_str(&format!(
            "{{\"index\":{{\"_index\":\"{index}\",\"_id\":\"{n}\"}}}}\n{{\"n\": {n}, \"k\": \"k{}\"}}\n",
            n % 10
        ));
    }
    assert!(!bulk(node, &lines).await.unwrap().has_failures());
    refresh(node, index).await;
}

pub fn reindex(body: &str, rate: f32) -> ByQueryRequest {
    let mut request = ByQueryRequest::reindex();
    request.read_reindex(&json(body)).unwrap();
    request.options.requests_per_second = rate;
    request
}

pub fn by_query(work: Work, body: &str, rate: f32) -> ByQueryRequest {
    let mut request = ByQueryRequest::new(work, target("many"));
    request.read_query(&json(body)).unwrap();
    request.options.requests_per_second = rate;
    request
}

/// The one operation that runs, as a list with details shows it.
pub fn shown(node: &Node) -> Option<(Snapshot, Json)> {
    let filter = Filter {
        actions: vec![
            Pattern::new("indices:data/write/reindex"),
            Pattern::new("*byquery"),
        ],
        ..Filter::default()
    };
    let tasks = node.registry().list(&filter).tasks;
    let task = tasks.into_iter().find(|task| task.parent().is_none())?;
    let snapshot = task.snapshot(&View::DETAILED);
    let status = json(std::str::from_utf8(snapshot.status.as_ref()?).unwrap());
    Some((snapshot, status))
}

pub fn number(status: &Json, key: &str) -> i64 {
    status.get(key).and_then(Json::as_i64).unwrap()
}

/// Waits until the operation's status is as wanted.
pub async fn until(node: &Node, wanted: impl Fn(&Json) -> bool) -> (Snapshot, Json) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = shown(node);
        match now {
            Some((snapshot, status)) if wanted(&status) => return (snapshot, status),
            other => assert!(Instant::now() < deadline, "still {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub async fn cancel(node: &Arc<Node>, id: TaskId) {
    let request = CancelTasks {
        which: Which::One(Some(id)),
        wait: true,
        ..CancelTasks::default()
    };
    let answer = run::<Cancel>(node, request).await.unwrap();
    assert!(answer.node_failures.is_empty(), "{answer:?}");
}

pub async fn rethrottle(node: &Arc<Node>, id: &TaskId, rate: f32) -> TasksResponse {
    let request = RethrottleRequest {
        task: Some(id.clone()),
        requests_per_second: rate,
        view: View::DETAILED,
    };
    run::<Rethrottle>(node, request).await.unwrap()
}

/// The stored result, once there is one.
pub async fn result(node: &Arc<Node>, id: &TaskId) -> Json {
    let request = GetTask {
        id: Some(id.clone()),
        wait: true,
        timeout: Some(PATIENCE),
        view: View::DETAILED,
    };
    match run::<Get>(node, request).await.unwrap() {
        Got::Stored(bytes) => json(std::str::from_utf8(&bytes).unwrap()),
        other => panic!("{other:?}"),
    }
}

pub fn at<'a>(node: &'a Json, path: &str) -> &'a Json {
    path.split('.').fold(node, |node, key| {
        node.get(key)
            .unwrap_or_else(|| panic!("no {key} in {path}"))
    })
}

/// Nothing is kept open, and no task lives.
pub async fn is_quiet(node: &Node) {
    let deadline = Instant::now() + PATIENCE;
    let all = Filter::default();
    while !node.registry().list(&all).tasks.is_empty() {
        assert!(Instant::now() < deadline, "a task is left");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(node.open_search_contexts(), 0, "a context is left");
}

pub fn spawn<A>(
    node: &Arc<Node>,
    request: ByQueryRequest,
) -> tokio::task::JoinHandle<Result<ByQueryResponse, Failure>>
where
    A: glasswork_node::Action<Request = ByQueryRequest, Response = ByQueryResponse>,
{
    let node = Arc::clone(node);
    tokio::spawn(async move { run::<A>(&node, request).await })
}

pub async fn count(node: &Arc<Node>, index: &str) -> u64 {
    use glasswork_node::actions::search::{SearchAction, SearchRequest};
    let body = json(r#"{"size": 0, "track_total_hits": true}"#);
    let source = glasswork_search::request::SearchRequest::parse(&body).unwrap();
    let request = SearchRequest::new(target(index), source);
    let found = run::<SearchAction>(node, request).await.unwrap();
    found.reduced.total.unwrap().value
}
