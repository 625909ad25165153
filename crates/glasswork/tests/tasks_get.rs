//! `GET /_tasks/{task_id}`: acceptance cases D that need no stored result.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, eventually, id, keys};
use std::time::{Duration, Instant};

#[test]
fn a_running_task_is_shown_in_detail() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "g1");
    let task = node.await_task("g1", "indices:data/read/search");
    let got = node.get(&format!("/_tasks/{}", id(&task))).json();
    assert_eq!(keys(&got), ["completed", "task"]);
    assert_eq!(got["completed"], false);
    let description = got["task"]["description"].as_str().unwrap();
    assert!(
        description.starts_with(
            "indices[slow], search_type[QUERY_THEN_FETCH], source[{\"query\":{\"script\":"
        ),
        "{description}"
    );
    assert!(got["task"]["resource_stats"].is_object());
    node.post(&format!("/_tasks/{}/_cancel", id(&task)), "");
    search.join().unwrap();
    assert_eq!(node.get(&format!("/_tasks/{}", id(&task))).status, 404);
}

#[test]
fn a_task_that_stores_nothing_is_shown_once_to_who_waited_for_its_end() {
    let node = Node::start();
    let waiting = node.in_background(
        "GET",
        "/_cluster/health?wait_for_nodes=5&timeout=1s",
        "h1",
        "",
    );
    let task = node.await_task("h1", "cluster:monitor/health");
    let got = node
        .get(&format!("/_tasks/{}?wait_for_completion", id(&task)))
        .json();
    assert_eq!(keys(&got), ["completed", "task"], "{got}");
    assert_eq!(got["completed"], true);
    assert_eq!(node.get(&format!("/_tasks/{}", id(&task))).status, 404);
    assert_eq!(waiting.join().unwrap().status, 408);
}

#[test]
fn an_unknown_task_is_told_apart_from_an_unknown_node() {
    let node = Node::start();
    let me = node.get("/_nodes").json()["nodes"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    let unknown = node.get(&format!("/_tasks/{me}:99999999"));
    assert_eq!(unknown.status, 404);
    let error = &unknown.json()["error"];
    assert_eq!(error["type"], "resource_not_found_exception");
    assert_eq!(
        error["reason"],
        format!("task [{me}:99999999] isn't running and hasn't stored its results")
    );
    assert_eq!(error["caused_by"]["reason"], "no such index [.tasks]");
    assert_eq!(error["root_cause"][0]["type"], "index_not_found_exception");
    let foreign = node.get("/_tasks/foo:1");
    assert_eq!(foreign.status, 404);
    let reason = "task [foo:1] belongs to the node [foo] which isn't part of the cluster and there is no record of the task";
    assert_eq!(foreign.json()["error"]["reason"], reason);
}

#[test]
fn an_id_that_is_none_is_refused() {
    let node = Node::start();
    let error = |path: &str| {
        let answer = node.get(path);
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        answer.json()["error"].clone()
    };
    assert_eq!(error("/_tasks/foo")["reason"], "malformed task id foo");
    let cause = &error("/_tasks/a:b:c")["caused_by"];
    assert_eq!(
        (cause["type"].as_str(), cause["reason"].as_str()),
        (
            Some("number_format_exception"),
            Some("For input string: \"b:c\"")
        )
    );
    error("/_tasks/N:99999999999999999999");
    assert_eq!(
        error("/_tasks/unset")["reason"],
        "Validation Failed: 1: task id is required;"
    );
    let reason = error("/_tasks/N:1?detailed=true")["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        reason.starts_with("request [/_tasks/N:1] contains unrecognized parameter: [detailed]"),
        "{reason}"
    );
}

#[test]
fn a_wait_ends_in_time_or_with_the_task() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "w1");
    let task = id(&node.await_task("w1", "indices:data/read/search"));
    let began = Instant::now();
    let late = node.get(&format!("/_tasks/{task}?wait_for_completion&timeout=1s"));
    assert_eq!(
        (late.status, late.json()["error"]["type"].as_str()),
        (504, Some("timeout_exception"))
    );
    assert!(
        (1000..1500).contains(&began.elapsed().as_millis()),
        "{:?}",
        began.elapsed()
    );
    let at_once = node.get(&format!("/_tasks/{task}?wait_for_completion&timeout=0s"));
    assert_eq!(at_once.status, 504);
    let waiting = node.in_background(
        "GET",
        &format!("/_tasks/{task}?wait_for_completion"),
        "w2",
        "",
    );
    node.await_task("w2", "cluster:monitor/task/get");
    node.post(&format!("/_tasks/{task}/_cancel"), "");
    search.join().unwrap();
    let ended = Instant::now();
    assert_eq!(waiting.join().unwrap().json()["completed"], true);
    assert!(
        ended.elapsed() < Duration::from_millis(200),
        "{:?}",
        ended.elapsed()
    );
}

#[test]
fn an_id_may_be_percent_encoded() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "p1");
    let task = id(&node.await_task("p1", "indices:data/read/search"));
    assert_eq!(
        node.get(&format!("/_tasks/{}", task.replace(':', "%3A")))
            .status,
        200
    );
    node.post(
        &format!(
            "/_tasks/{}/_cancel?wait_for_completion",
            task.replace(':', "%3A")
        ),
        "",
    );
    eventually("the task is gone", || {
        node.tasks_of("p1").is_empty().then_some(())
    });
    assert_eq!(search.join().unwrap().status, 500);
}
