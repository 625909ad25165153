//! Work that is started without waiting: its stored result, and its life over the crash of its node.

use super::{
    actions::{Work, WorkRequest},
    cluster::{eventually, run, soon},
    homes::Homes,
};
use crate::{
    Caller, Node,
    actions::{
        documents::{GetDocument, GetRequest},
        tasks::{CancelTasks, GetTask, Got, Which, cancel::Cancel, get::Get},
    },
};
use bytes::Bytes;
use glasswork_content::{
    Limits, Node as Json,
    failure::{Failure, Kind},
    parse,
};
use glasswork_tasks::{Filter, Headers, TaskId, View};
use std::sync::Arc;

pub(super) const THREE: WorkRequest = WorkRequest {
    steps: 3,
    stays_at: None,
    fails: false,
    deaf: false,
};

fn ann() -> Caller {
    Caller {
        headers: Arc::new(Headers::new([("X-Opaque-Id", "s1")])),
        user: Some("ann".into()),
        ..Caller::default()
    }
}

pub(super) async fn begin(node: &Arc<Node>, request: WorkRequest) -> Result<TaskId, Failure> {
    soon(node.start_stored::<Work>(request, ann())).await
}

pub(super) async fn got(node: &Arc<Node>, id: &TaskId, wait: bool) -> Result<Got, Failure> {
    let request = GetTask {
        id: Some(id.clone()),
        wait,
        timeout: None,
        view: View::DETAILED,
    };
    soon(run::<Get>(node, request)).await
}

pub(super) async fn result(node: &Arc<Node>, id: &TaskId) -> Json {
    match got(node, id, true).await.unwrap() {
        Got::Stored(stored) => parse(&stored, &Limits::DEFAULT).unwrap(),
        other => panic!("nothing is stored: {other:?}"),
    }
}

/// The value at a path of keys, as compact JSON.
pub(super) fn at(json: &Json, path: &str) -> String {
    let found = path
        .split('.')
        .try_fold(json, |json, key| json.as_object()?.get(key));
    let Some(found) = found else {
        return "absent".to_owned();
    };
    let mut out = glasswork_content::Render::compact();
    out.node(found);
    String::from_utf8(out.finish()).unwrap()
}

pub(super) async fn keys(node: &Arc<Node>) -> Vec<String> {
    let kept = node.substrate().kv.list("tasks/").await.unwrap();
    kept.into_iter().map(|(key, _)| key).collect()
}

async fn version(node: &Arc<Node>, id: &TaskId) -> i64 {
    let request = GetRequest::new(".tasks", id.to_string());
    let found = run::<GetDocument>(node, request).await.unwrap().found;
    found.unwrap().version
}

/// Starts work that stays behind `step` steps, and waits until it is there.
pub(super) async fn staying(node: &Arc<Node>, steps: u64, step: u64) -> TaskId {
    let request = WorkRequest {
        steps,
        stays_at: Some(step),
        ..THREE
    };
    at_step(node, request, step).await
}

async fn at_step(node: &Arc<Node>, request: WorkRequest, step: u64) -> TaskId {
    let id = begin(node, request).await.unwrap();
    let task = node.registry().get(id.number).unwrap();
    let view = View {
        extended: true,
        ..View::DETAILED
    };
    let done = || {
        task.snapshot(&view)
            .extended
            .unwrap()
            .progress
            .map(|progress| progress.done)
    };
    eventually(|| done() == Some(step)).await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_is_stored_before_the_task_ends_and_nothing_else_is_left() {
    let homes = Homes::of(1).await;
    let node = &homes.nodes[0];
    let id = begin(node, THREE).await.unwrap();
    let stored = result(node, &id).await;
    assert_eq!(at(&stored, "completed"), "true");
    assert_eq!(at(&stored, "task.action"), r#""test:work""#);
    assert_eq!(at(&stored, "task.description"), r#""work in 3 steps""#);
    assert_eq!(at(&stored, "task.headers"), r#"{"X-Opaque-Id":"s1"}"#);
    assert_eq!(at(&stored, "task.resource_stats"), "absent");
    assert_eq!(
        at(&stored, "response"),
        r#"{"steps":3,"before":0,"told":"to people"}"#
    );
    assert_eq!(at(&stored, "error"), "absent");
    assert!(node.registry().get(id.number).is_none());
    assert_eq!(keys(node).await, Vec::<String>::new());
    assert_eq!(
        got(node, &id, false).await.unwrap(),
        got(node, &id, true).await.unwrap()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_stored_as_an_error_without_root_cause() {
    let homes = Homes::of(1).await;
    let node = &homes.nodes[0];
    let request = WorkRequest {
        fails: true,
        deaf: false,
        ..THREE
    };
    let id = begin(node, request).await.unwrap();
    let stored = result(node, &id).await;
    assert_eq!(at(&stored, "error.type"), r#""index_not_found_exception""#);
    assert_eq!(at(&stored, "error.root_cause"), "absent");
    assert_eq!(at(&stored, "response"), "absent");
    assert_eq!(keys(node).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_at_once() {
    let homes = Homes::of(1).await;
    let node = &homes.nodes[0];
    let refused = begin(node, WorkRequest { steps: 0, ..THREE }).await;
    assert_eq!(refused.unwrap_err().kind, Kind::ActionRequestValidation);
    assert_eq!(keys(node).await, Vec::<String>::new());
    assert!(node.metadata().index(".tasks").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_on_three_nodes_make_one_index_and_a_result_each() {
    let homes = Homes::of(3).await;
    let mut ids = Vec::new();
    for turn in 0..24 {
        ids.push(begin(&homes.nodes[turn % 3], THREE).await.unwrap());
    }
    for (turn, id) in ids.iter().enumerate() {
        // Through another node than its own.
        let stored = result(&homes.nodes[(turn + 1) % 3], id).await;
        assert_eq!(at(&stored, "response.steps"), "3");
        assert_eq!(version(&homes.nodes[0], id).await, 1);
    }
    assert_eq!(keys(&homes.nodes[0]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_goes_on_after_a_crash_under_its_id_and_is_stored_once() {
    let mut homes = Homes::of(1).await;
    let id = staying(&homes.nodes[0], 5, 2).await;
    let before = homes.nodes[0]
        .registry()
        .get(id.number)
        .unwrap()
        .snapshot(&View::DETAILED);
    homes.crash(0).await;
    let node = &homes.nodes[0];
    let stored = result(node, &id).await;
    assert_eq!(
        at(&stored, "response"),
        r#"{"steps":5,"before":2,"told":"to people"}"#
    );
    assert_eq!(at(&stored, "task.id"), id.number.to_string());
    assert_eq!(
        at(&stored, "task.start_time_in_millis"),
        before.start_millis.to_string()
    );
    assert_eq!(at(&stored, "task.headers"), r#"{"X-Opaque-Id":"s1"}"#);
    let nanos: u64 = at(&stored, "task.running_time_in_nanos").parse().unwrap();
    assert!(nanos + 5_000_000 > before.running_nanos, "{nanos}");
    assert_eq!(version(node, &id).await, 1);
    assert_eq!(keys(node).await, Vec::<String>::new());
    let next = begin(node, THREE).await.unwrap();
    assert!(next.number > id.number, "numbers go on above");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_in_order_leaves_its_durable_work_for_the_next_start() {
    let mut homes = Homes::of(1).await;
    let id = staying(&homes.nodes[0], 5, 2).await;
    homes.nodes[0].stop().await;
    homes.crash(0).await;
    let stored = result(&homes.nodes[0], &id).await;
    assert_eq!(at(&stored, "response.steps"), "5");
    assert_eq!(at(&stored, "task.cancelled"), "false");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_the_result_and_the_keys_leaves_one_result_and_no_key() {
    let mut homes = Homes::of(1).await;
    let id = staying(&homes.nodes[0], 3, 1).await;
    let kv = Arc::clone(&homes.nodes[0].substrate().kv);
    let kept = kv.list("tasks/").await.unwrap();
    assert_eq!(kept.len(), 2, "the head and one part");
    let request = CancelTasks {
        which: Which::One(Some(id.clone())),
        ..CancelTasks::default()
    };
    soon(run::<Cancel>(&homes.nodes[0], request)).await.unwrap();
    let first = result(&homes.nodes[0], &id).await;
    for (key, entry) in kept {
        kv.put(&key, entry.value).await.unwrap();
    }
    homes.crash(0).await;
    let node = Arc::clone(&homes.nodes[0]);
    eventually(|| node.registry().get(id.number).is_none()).await;
    assert_eq!(result(&node, &id).await, first);
    assert_eq!(version(&node, &id).await, 1);
    assert_eq!(keys(&node).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_without_a_head_are_removed() {
    let mut homes = Homes::of(1).await;
    let kv = Arc::clone(&homes.nodes[0].substrate().kv);
    kv.put("tasks/n1/7/0", Bytes::from_static(b"\x02\x05"))
        .await
        .unwrap();
    homes.crash(0).await;
    let node = Arc::clone(&homes.nodes[0]);
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while !keys(&node).await.is_empty() {
        assert!(tokio::time::Instant::now() < until, "they stay");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(node.registry().get(7).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_can_not_go_on_is_told_as_lost() {
    let mut homes = Homes::of(1).await;
    let id = staying(&homes.nodes[0], 3, 1).await;
    let kv = Arc::clone(&homes.nodes[0].substrate().kv);
    // Of a later version, and with a request that this one can't read.
    kv.put("tasks/n1/5", Bytes::from_static(b"\x09later"))
        .await
        .unwrap();
    let key = format!("tasks/n1/{}", id.number);
    let kept = kv.get(&key).await.unwrap().unwrap().value;
    let mut head: crate::durable::Head = postcard::from_bytes(&kept[1..]).unwrap();
    head.request.truncate(0);
    let mut value = vec![2];
    value.extend(postcard::to_stdvec(&head).unwrap());
    kv.put(&key, value.into()).await.unwrap();
    homes.crash(0).await;
    let node = Arc::clone(&homes.nodes[0]);
    let stored = result(&node, &id).await;
    assert_eq!(at(&stored, "error.type"), r#""task_lost_exception""#);
    assert!(at(&stored, "error.reason").contains("its request can't be read"));
    assert_eq!(at(&stored, "task.action"), r#""test:work""#);
    assert_eq!(at(&stored, "task.headers"), r#"{"X-Opaque-Id":"s1"}"#);
    let unknown = result(&node, &TaskId::new("n1".into(), 5)).await;
    assert_eq!(
        at(&unknown, "error.reason"),
        r#""task [n1:5] can't be resumed: its format [9] is not known""#
    );
    eventually(|| node.registry().list(&Filter::default()).tasks.is_empty()).await;
    assert_eq!(keys(&node).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_outlives_the_crash_that_follows_it() {
    let mut homes = Homes::of(1).await;
    let deaf = WorkRequest {
        steps: 5,
        stays_at: Some(2),
        deaf: true,
        ..THREE
    };
    let id = at_step(&homes.nodes[0], deaf, 2).await;
    let request = CancelTasks {
        which: Which::One(Some(id.clone())),
        ..CancelTasks::default()
    };
    let answer = soon(run::<Cancel>(&homes.nodes[0], request)).await.unwrap();
    assert!(answer.node_failures.is_empty(), "{answer:?}");
    homes.crash(0).await;
    let stored = result(&homes.nodes[0], &id).await;
    assert_eq!(at(&stored, "task.cancelled"), "true");
    assert_eq!(at(&stored, "response.steps"), "2");
}
