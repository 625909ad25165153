//! What is done with work that was started without waiting: it is paused and goes on, and its result is deleted.

use super::{
    actions::{Work, WorkRequest},
    cluster::{eventually, run, soon},
    homes::Homes,
    stored::{THREE, at, begin, got, keys, result, staying},
};
use crate::metadata::{ExpressionOptions, IndexExpression};
use crate::{
    Caller, Node,
    actions::cluster::settings::{UpdateClusterSettings, UpdateClusterSettingsRequest},
    actions::indices::{Refresh, RefreshRequest},
    actions::tasks::results::retention::{Retention, RetentionRequest},
    actions::tasks::{
        DeleteTask, GetTask, Got, PauseTask, TasksResponse, delete::Delete, get::Get, pause::Pause,
    },
};
use glasswork_content::{
    Limits,
    failure::{Failure, Kind},
    parse,
};
use glasswork_tasks::{Extended, Headers, TaskId, View};
use std::{sync::Arc, time::Duration};

const EXTENDED: View = View {
    extended: true,
    ..View::DETAILED
};

async fn pause(node: &Arc<Node>, id: &TaskId, paused: bool) -> TasksResponse {
    let request = PauseTask {
        id: Some(id.clone()),
        paused,
        view: EXTENDED,
    };
    soon(run::<Pause>(node, request)).await.unwrap()
}

async fn delete(node: &Arc<Node>, id: &TaskId) -> Result<(), Failure> {
    let request = DeleteTask {
        id: Some(id.clone()),
    };
    soon(run::<Delete>(node, request)).await
}

async fn extended(node: &Arc<Node>, id: &TaskId) -> Extended {
    let request = GetTask {
        id: Some(id.clone()),
        wait: false,
        timeout: None,
        view: EXTENDED,
    };
    match soon(run::<Get>(node, request)).await.unwrap() {
        Got::Running(snapshot) => *snapshot.extended.unwrap(),
        other => panic!("it does not run: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_task_waits_over_a_crash_until_another_node_resumes_it() {
    let mut homes = Homes::of(2).await;
    let id = staying(&homes.nodes[0], 6, 2).await;
    let answer = pause(&homes.nodes[1], &id, true).await;
    assert!(answer.task_failures.is_empty() && answer.node_failures.is_empty());
    let shown = &answer.nodes[0].tasks[0];
    assert_eq!(shown.id, id);
    assert!(shown.extended.as_ref().unwrap().durable);
    homes.crash(0).await;
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let wait = extended(&homes.nodes[0], &id).await.wait;
        if wait.is_some_and(|(on, _)| on == "paused") {
            break;
        }
        assert!(tokio::time::Instant::now() < until, "it never waits");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Twice is as once.
    for _ in 0..2 {
        let answer = pause(&homes.nodes[1], &id, false).await;
        assert!(answer.node_failures.is_empty() || got(&homes.nodes[1], &id, false).await.is_ok());
    }
    let stored = result(&homes.nodes[1], &id).await;
    assert_eq!(
        at(&stored, "response"),
        r#"{"steps":6,"before":2,"told":"to people"}"#
    );
    assert_eq!(keys(&homes.nodes[0]).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_task_ends_when_it_is_cancelled() {
    let homes = Homes::of(1).await;
    let node = &homes.nodes[0];
    let id = staying(node, 6, 2).await;
    pause(node, &id, true).await;
    node.cancel(&node.registry().get(id.number).unwrap(), "enough");
    let stored = result(node, &id).await;
    assert_eq!(at(&stored, "response.steps"), "2");
    assert_eq!(at(&stored, "task.cancelled"), "true");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_durable_task_that_runs_can_be_paused() {
    let homes = Homes::of(1).await;
    let node = &homes.nodes[0];
    let gone = pause(node, &TaskId::new("n1".into(), 99), true).await;
    let cause = gone.node_failures[0].cause.as_ref().unwrap();
    assert_eq!(cause.reason(), "task [n1:99] is missing");
    let far = pause(node, &TaskId::new("foo".into(), 1), true).await;
    let cause = far.node_failures[0].cause.as_ref().unwrap();
    assert_eq!(cause.reason(), "No such node [foo]");
    let other = tokio::spawn({
        let node = Arc::clone(node);
        async move {
            let request = WorkRequest {
                stays_at: Some(1),
                ..THREE
            };
            run::<Work>(&node, request).await
        }
    });
    let find = || {
        let filter = super::cluster::actions(&["test:work"]);
        node.registry().list(&filter).tasks.pop()
    };
    eventually(|| find().is_some()).await;
    let waited = find().unwrap();
    let answer = pause(node, &waited.id(), true).await;
    assert_eq!(answer.task_failures[0].reason.status(), 400);
    assert!(
        answer.task_failures[0]
            .reason
            .reason()
            .contains("is not durable")
    );
    node.cancel(&waited, "enough");
    soon(other).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_result_is_deleted_once_and_not_while_its_task_runs() {
    let homes = Homes::of(2).await;
    let running = staying(&homes.nodes[0], 6, 2).await;
    let refused = delete(&homes.nodes[1], &running).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.status()),
        (Kind::TaskInProgress, 409)
    );
    let id = begin(&homes.nodes[0], THREE).await.unwrap();
    result(&homes.nodes[0], &id).await;
    delete(&homes.nodes[1], &id).await.unwrap();
    let missing = delete(&homes.nodes[1], &id).await.unwrap_err();
    assert_eq!(
        missing.reason(),
        format!("task [{id}] has no stored result")
    );
    let missing = got(&homes.nodes[0], &id, false).await.unwrap_err();
    assert_eq!(missing.kind, Kind::ResourceNotFound);
    assert!(missing.cause.is_none());
    let nobody = delete(&homes.nodes[0], &TaskId::new("foo".into(), 1)).await;
    assert_eq!(nobody.unwrap_err().status(), 404);
    homes.nodes[0].cancel(
        &homes.nodes[0].registry().get(running.number).unwrap(),
        "enough",
    );
    result(&homes.nodes[1], &running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_outlives_a_crash() {
    let mut homes = Homes::of(1).await;
    let caller = Caller {
        deadline: Some(Duration::from_millis(300)),
        headers: Arc::new(Headers::new([("X-Task-Deadline", "0.3s")])),
        ..Caller::default()
    };
    let request = WorkRequest {
        steps: 1_000_000_000,
        stays_at: Some(2),
        fails: false,
        deaf: false,
    };
    let id = soon(homes.nodes[0].start_stored::<Work>(request, caller))
        .await
        .unwrap();
    homes.crash(0).await;
    let stored = result(&homes.nodes[0], &id).await;
    assert_eq!(at(&stored, "task.cancelled"), "true");
    assert_eq!(at(&stored, "task.headers"), r#"{"X-Task-Deadline":"0.3s"}"#);
}

/// Removes what is to go when it is `minutes` later than now.
async fn retain(node: &Arc<Node>, minutes: i64) -> u64 {
    let target = IndexExpression::parse(".tasks", ExpressionOptions::OPEN);
    soon(run::<Refresh>(node, RefreshRequest { target }))
        .await
        .unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let request = RetentionRequest {
        now_millis: i64::try_from(now.as_millis()).unwrap() + minutes * 60_000,
    };
    soon(node.internal::<Retention>(request)).await.unwrap()
}

async fn set(node: &Arc<Node>, settings: &str) {
    let body = format!(r#"{{"persistent":{settings}}}"#);
    let body = parse(body.as_bytes(), &Limits::DEFAULT).unwrap();
    let request = UpdateClusterSettingsRequest::parse(&body).unwrap();
    soon(run::<UpdateClusterSettings>(node, request))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_go_when_they_are_old_or_too_many_and_never_within_the_hour() {
    const WEEK: i64 = 7 * 24 * 60;
    let homes = Homes::of(1).await;
    let node = &homes.nodes[0];
    assert_eq!(
        soon(node.internal::<Retention>(RetentionRequest { now_millis: 0 }))
            .await
            .unwrap(),
        0
    );
    let mut ids = Vec::new();
    for turn in 0..4 {
        let request = WorkRequest {
            fails: turn == 3,
            ..THREE
        };
        let id = begin(node, request).await.unwrap();
        result(node, &id).await;
        ids.push(id);
    }
    assert_eq!(retain(node, WEEK - 5).await, 0);
    set(node, r#"{"tasks.results.max_count":3}"#).await;
    assert_eq!(retain(node, 55).await, 0, "too many, and too young");
    assert_eq!(retain(node, 65).await, 1);
    assert!(
        got(node, &ids[0], false).await.is_err(),
        "the oldest goes first"
    );
    assert!(got(node, &ids[1], false).await.is_ok());
    set(node, r#"{"tasks.results.retention":"-1"}"#).await;
    assert_eq!(retain(node, 2 * WEEK).await, 0);
    set(node, r#"{"tasks.results.retention":"1m"}"#).await;
    assert_eq!(retain(node, 55).await, 0);
    assert_eq!(retain(node, 65).await, 3, "the failed one too");
    assert_eq!(
        got(node, &ids[3], false).await.unwrap_err().kind,
        Kind::ResourceNotFound
    );
}
