//! Divided by-query operations, and operations over several nodes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::{Duration, Instant};

use glasswork_content::{Kind, Node as Json};
use glasswork_node::{
    Caller, Node, Substrate,
    actions::by_query::{
        ByQueryRequest, DeleteByQuery, Reindex, Slices, UNLIMITED, UpdateByQuery, Work,
    },
};
use glasswork_substrate::memory::World;
use glasswork_tasks::{Filter, TaskId, View};
use support::{by_query::*, *};

fn divided(work: Work, body: &str, slices: Slices, rate: f32) -> ByQueryRequest {
    let mut request = by_query(work, body, rate);
    request.options.slices = slices;
    request.options.refresh = true;
    request
}

/// The by-query slices of an operation that wait for their second page.
async fn both_wait(node: &Node, leader: &TaskId, count: usize) -> Vec<TaskId> {
    let filter = Filter {
        parent: Some(leader.clone()),
        ..Filter::default()
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let tasks = node.registry().list(&filter).tasks;
        let waiting: Vec<TaskId> = tasks
            .iter()
            .filter(|task| {
                let status = task.snapshot(&View::DETAILED).status;
                let status = status.map(|status| json(std::str::from_utf8(&status).unwrap()));
                status.is_some_and(|status| number(&status, "throttled_until_millis") > 0)
            })
            .map(glasswork_tasks::Task::id)
            .collect();
        if waiting.len() == count {
            return waiting;
        }
        assert!(Instant::now() < deadline, "{} wait", waiting.len());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slices_share_the_work_and_their_answers_add_up() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 3, 1000).await;
    let body = r#"{"script": "ctx._source.seen = true"}"#;
    for slices in [Slices::Count(2), Slices::Count(7), Slices::Auto] {
        let request = divided(Work::Update, body, slices, UNLIMITED);
        let done = run::<UpdateByQuery>(node, request).await.unwrap();
        let counted = done.status.figures;
        assert_eq!((counted.total, counted.updated), (1000, 1000), "{slices:?}");
        let parts = &done.status.slices;
        let expected = match slices {
            Slices::Count(count) => count as usize,
            Slices::Auto => 3,
        };
        assert_eq!(parts.len(), expected);
        for (id, part) in parts.iter().enumerate() {
            let part = part.as_ref().unwrap().as_ref().unwrap();
            assert_eq!(part.slice_id, Some(u32::try_from(id).unwrap()));
            assert!(
                part.figures.updated > 0,
                "slice {id} of {slices:?} had nothing to do"
            );
        }
    }
    let body = r#"{"query": {"match_all": {}}, "slice": {"id": 0, "max": 2}}"#;
    let by_hand = divided(Work::Delete, body, Slices::Count(1), UNLIMITED);
    let done = run::<DeleteByQuery>(node, by_hand).await.unwrap();
    assert_eq!(done.status.slice_id, Some(0));
    let deleted = done.status.figures.deleted;
    assert!(deleted > 200 && deleted < 800, "{deleted}");
    assert_eq!(count(node, "many").await, 1000 - deleted);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_that_fails_makes_the_whole_fail_once_all_have_ended() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 40).await;
    let all = r#"{"script": "throw new IllegalStateException('no')"}"#;
    let request = divided(Work::Update, all, Slices::Count(3), UNLIMITED);
    let failed = run::<UpdateByQuery>(node, request).await.unwrap_err();
    assert_eq!((failed.kind, failed.suppressed.len()), (Kind::Script, 2));
    let one = r#"{"script": "if (ctx._id == '7') { throw new IllegalStateException('no') }"}"#;
    let request = divided(Work::Update, one, Slices::Count(3), UNLIMITED);
    let failed = run::<UpdateByQuery>(node, request).await.unwrap_err();
    assert!(failed.suppressed.is_empty());
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_divided_operation_is_rethrottled_as_a_whole_and_its_slices_end_alone() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 200).await;
    let body = r#"{"script": "ctx._source.seen = true", "size": 10}"#;
    let request = divided(Work::Update, body, Slices::Count(2), 1.0);
    let leader = node
        .start_stored::<UpdateByQuery>(request, Caller::default())
        .await
        .unwrap();
    // Its slices are there by now.
    let slices = both_wait(node, &leader, 2).await;
    let (_, status) = until(node, |_| true).await;
    assert_eq!(number(&status, "total"), 0);
    assert!(
        at(&status, "slices")
            .as_array()
            .unwrap()
            .iter()
            .all(Json::is_null)
    );
    let answer = rethrottle(node, &leader, 4.0).await;
    let snapshot = &answer.nodes[0].tasks[0];
    assert!(snapshot.resources.is_none());
    let status = json(std::str::from_utf8(snapshot.status.as_ref().unwrap()).unwrap());
    assert_eq!(
        (number(&status, "total"), number(&status, "updated")),
        (200, 20)
    );
    assert_eq!(at(&status, "requests_per_second").as_f64(), Some(4.0));
    let parts = at(&status, "slices").as_array().unwrap();
    assert!(
        parts
            .iter()
            .all(|part| at(part, "requests_per_second").as_f64() == Some(2.0))
    );
    // One slice is cancelled alone; the other one gets the whole pace of the next rethrottling.
    cancel(node, slices[1].clone()).await;
    let (_, status) = until(node, |status| number(status, "total") > 0).await;
    let parts = at(&status, "slices").as_array().unwrap();
    assert!(parts[0].is_null());
    assert_eq!(at(&parts[1], "canceled").as_str(), Some("by user request"));
    assert!(status.get("canceled").is_none());
    let answer = rethrottle(node, &leader, UNLIMITED).await;
    assert!(answer.task_failures.is_empty());
    let stored = result(node, &leader).await;
    let response = at(&stored, "response");
    assert!(response.get("canceled").is_none());
    let parts = at(response, "slices").as_array().unwrap();
    assert_eq!(number(&parts[0], "updated"), number(&parts[0], "total"));
    assert_eq!(number(&parts[1], "updated"), 10);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_a_divided_operation_ends_every_slice() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 2, 100).await;
    let body = r#"{"query": {"match_all": {}}, "size": 5}"#;
    let request = divided(Work::Delete, body, Slices::Count(4), 4.0);
    let leader = node
        .start_stored::<DeleteByQuery>(request, Caller::default())
        .await
        .unwrap();
    both_wait(node, &leader, 4).await;
    let begun = Instant::now();
    cancel(node, leader.clone()).await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    let stored = result(node, &leader).await;
    let response = at(&stored, "response");
    assert_eq!(at(response, "canceled").as_str(), Some("by user request"));
    assert_eq!(
        (number(response, "total"), number(response, "deleted")),
        (100, 20)
    );
    for part in at(response, "slices").as_array().unwrap() {
        assert_eq!(at(part, "canceled").as_str(), Some("by user request"));
    }
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_divided_operation_goes_on_after_a_restart_with_the_same_slices() {
    let on = OnFiles::start().await;
    stock(&on.node, "many", 2, 90).await;
    let body = r#"{"script": "ctx._source.n += 1000", "size": 5}"#;
    let request = divided(Work::Update, body, Slices::Auto, 2.0);
    let leader = on
        .node
        .start_stored::<UpdateByQuery>(request, Caller::default())
        .await
        .unwrap();
    let slices = both_wait(&on.node, &leader, 2).await;
    cancel(&on.node, slices[0].clone()).await;
    let on = on.restart().await;
    let node = &on.node;
    both_wait(node, &leader, 1).await;
    rethrottle(node, &leader, UNLIMITED).await;
    let stored = result(node, &leader).await;
    let response = at(&stored, "response");
    let parts = at(response, "slices").as_array().unwrap();
    assert_eq!(number(&parts[0], "updated"), 5);
    assert_eq!(at(&parts[0], "canceled").as_str(), Some("by user request"));
    assert_eq!(number(&parts[1], "updated"), number(&parts[1], "total"));
    assert_eq!(number(response, "total"), 90);
    let mut changed = 0;
    for n in 0..90 {
        let source = source(node, "many", &n.to_string()).await.unwrap();
        if source.starts_with(&format!("{{\"n\":{},", n + 1000)) {
            changed += 1;
        } else {
            assert!(source.starts_with(&format!("{{\"n\": {n},")), "{source}");
        }
    }
    assert_eq!(changed, number(response, "updated"));
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_reads_and_writes_on_every_node_and_is_steered_from_any() {
    let world = World::new(7);
    let mut nodes = Vec::new();
    let mut folders = Vec::new();
    for number in 1..=3 {
        let id = format!("n{number}");
        let parts = world.node(&id);
        let folder = tempfile::tempdir().unwrap();
        let substrate = Substrate {
            logs: parts.logs,
            kv: parts.kv,
            bus: parts.bus,
        };
        nodes.push(
            Node::start(config(&id, folder.path()), substrate)
                .await
                .unwrap(),
        );
        folders.push(folder);
    }
    stock(&nodes[0], "many", 6, 300).await;
    let body = r#"{"source": {"index": "many", "size": 40}, "dest": {"index": "copy"}}"#;
    let done = run::<Reindex>(&nodes[1], reindex(body, UNLIMITED))
        .await
        .unwrap();
    assert_eq!(
        (done.status.figures.total, done.status.figures.created),
        (300, 300)
    );
    refresh(&nodes[2], "copy").await;
    assert_eq!(count(&nodes[2], "copy").await, 300);
    let body = r#"{"script": "ctx._source.seen = true", "size": 10}"#;
    let request = divided(Work::Update, body, Slices::Count(2), 1.0);
    let leader = nodes[0]
        .start_stored::<UpdateByQuery>(request, Caller::default())
        .await
        .unwrap();
    both_wait(&nodes[0], &leader, 2).await;
    // Through another node.
    let answer = rethrottle(&nodes[1], &leader, 3.0).await;
    assert_eq!(answer.nodes[0].node.id, leader.node);
    let status = answer.nodes[0].tasks[0].status.clone().unwrap();
    let status = json(std::str::from_utf8(&status).unwrap());
    assert_eq!(at(&status, "requests_per_second").as_f64(), Some(3.0));
    cancel(&nodes[2], leader.clone()).await;
    let stored = result(&nodes[1], &leader).await;
    assert_eq!(
        at(&stored, "response.canceled").as_str(),
        Some("by user request")
    );
    let gone = TaskId::new(glasswork_tasks::NodeId::from("nobody"), 1);
    let unknown = rethrottle(&nodes[0], &gone, 1.0).await;
    assert_eq!(
        unknown.node_failures[0].cause.as_ref().unwrap().reason(),
        "No such node [nobody]"
    );
    for node in &nodes {
        is_quiet(node).await;
    }
}
