//! `POST /_tasks/_cancel`: acceptance cases E, and N for searches: what ends a task, and what its client sees.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, SLOW, eventually, id, keys};
use serde_json::json;
use std::{
    io::Write,
    net::TcpStream,
    time::{Duration, Instant},
};

#[test]
fn a_cancelled_search_is_told_with_its_time_and_its_client_sees_the_reason() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "c1");
    let task = node.await_task("c1", "indices:data/read/search");
    node.await_task("c1", "indices:data/read/search[phase/query]");
    let answer = node
        .post(&format!("/_tasks/{}/_cancel", id(&task)), "")
        .json();
    let entry = answer["nodes"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    let cancelled = &entry["tasks"][id(&task)];
    assert_eq!(cancelled["cancelled"], true, "{answer}");
    assert!(
        cancelled["cancellation_time_millis"].as_u64()
            >= cancelled["start_time_in_millis"].as_u64()
    );
    for absent in ["status", "description", "resource_stats"] {
        assert!(cancelled.get(absent).is_none(), "{absent}");
    }
    let ended = search.join().unwrap();
    assert_eq!(ended.status, 500);
    let error = &ended.json()["error"];
    let stopped = json!({"type": "task_cancelled_exception", "reason": "cancelled task with reason: by user request"});
    assert_eq!(error["type"], "search_phase_execution_exception");
    assert_eq!(
        (&error["reason"], &error["phase"], &error["grouped"]),
        (&json!("all shards failed"), &json!("query"), &json!(true))
    );
    assert_eq!(error["root_cause"], json!([stopped]));
    assert_eq!(error["caused_by"], stopped);
    assert_eq!(error["failed_shards"][0]["reason"], stopped);
}

#[test]
fn what_can_not_be_cancelled_is_told_in_node_failures() {
    let node = Node::start();
    let me = node.get("/_nodes").json()["nodes"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    let cause = |path: &str| {
        let answer = node.post(path, "");
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["nodes"], json!({}));
        answer["node_failures"][0]["caused_by"].clone()
    };
    assert_eq!(
        cause(&format!("/_tasks/{me}:99999999/_cancel"))["reason"],
        format!("task [{me}:99999999] is not found")
    );
    let gone = cause("/_tasks/foo:1/_cancel");
    assert_eq!(
        (&gone["type"], &gone["reason"]),
        (
            &json!("no_such_node_exception"),
            &json!("No such node [foo]")
        )
    );
    let health = node.in_background(
        "GET",
        "/_cluster/health?wait_for_nodes=5&timeout=3s",
        "c2",
        "",
    );
    let task = id(&node.await_task("c2", "cluster:monitor/health"));
    assert_eq!(
        cause(&format!("/_tasks/{task}/_cancel"))["reason"],
        format!("task [{task}] doesn't support cancellation")
    );
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "c2b");
    let other = id(&node.await_task("c2b", "indices:data/read/search"));
    assert_eq!(
        cause(&format!("/_tasks/{other}/_cancel?actions=*foo"))["reason"],
        format!("task [{other}] doesn't support this operation")
    );
    node.post(&format!("/_tasks/{other}/_cancel"), "");
    search.join().unwrap();
    let both = node.post(&format!("/_tasks/{task}/_cancel?nodes={me}"), "");
    assert_eq!(both.status, 400);
    assert_eq!(
        both.json()["error"]["reason"],
        "Validation Failed: 1: task id cannot be used together with node ids;"
    );
    assert_eq!(
        node.post("/_tasks/_cancel?actions=*health*", "").text,
        r#"{"nodes":{}}"#
    );
    assert_eq!(node.tasks_of("c2").len(), 1);
    assert_eq!(health.join().unwrap().status, 408);
}

#[test]
fn a_second_cancel_keeps_the_first_time() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "c3");
    let task = id(&node.await_task("c3", "indices:data/read/search"));
    let path = format!("/_tasks/{task}/_cancel?group_by=none");
    let first = node.post(&path, "").json();
    let second = node.post(&path, "").json();
    assert!(first["tasks"].is_array());
    match second["tasks"].get(0) {
        Some(again) => assert_eq!(
            again["cancellation_time_millis"],
            first["tasks"][0]["cancellation_time_millis"]
        ),
        None => assert!(
            second["node_failures"][0]["caused_by"]["reason"]
                .as_str()
                .unwrap()
                .ends_with("is not found")
        ),
    }
    search.join().unwrap();
}

#[test]
fn an_id_that_means_no_task_never_cancels_everything() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "c4");
    let task = id(&node.await_task("c4", "indices:data/read/search"));
    for path in ["/_tasks/unset/_cancel", "/_tasks/x:-1/_cancel"] {
        let refused = node.post(path, "");
        assert_eq!(refused.status, 400, "{path}");
        assert_eq!(
            refused.json()["error"]["reason"],
            "Validation Failed: 1: task id is required;"
        );
    }
    assert_eq!(
        node.get(&format!("/_tasks/{task}")).json()["task"]["cancelled"],
        false
    );
    let all = node
        .post("/_tasks/_cancel?wait_for_completion&timeout=5s", "")
        .json();
    let entry = all["nodes"].as_object().unwrap().values().next().unwrap();
    let names: Vec<_> = entry["tasks"]
        .as_object()
        .unwrap()
        .values()
        .map(|task| task["action"].clone())
        .collect();
    assert!(
        names.contains(&json!("indices:data/read/search")),
        "{names:?}"
    );
    assert!(
        names
            .iter()
            .all(|name| !name.as_str().unwrap().contains("cancel")),
        "{names:?}"
    );
    assert!(
        node.tasks_of("c4").is_empty(),
        "a waiting cancel answers when the tasks have ended"
    );
    assert_eq!(search.join().unwrap().status, 500);
    let wrong = node.get("/_tasks/_cancel");
    assert!(wrong.status == 405 || wrong.status == 400, "{}", wrong.text);
    assert_eq!(node.get(&format!("/_tasks/{task}/_cancel")).status, 405);
}

#[test]
fn a_cancelled_shard_fails_alone() {
    let node = Node::start();
    node.index("slow", 2, 20);
    let search = node.slow_search("/slow/_search", "c5");
    let root = node.await_task("c5", "indices:data/read/search");
    let shards = eventually("both shards are searched", || {
        let tasks = node.tasks_of("c5");
        let shards: Vec<_> = tasks
            .into_iter()
            .filter(|task| task["action"] == "indices:data/read/search[phase/query]")
            .collect();
        (shards.len() == 2).then_some(shards)
    });
    assert!(shards.iter().all(|shard| {
        shard["description"]
            .as_str()
            .unwrap()
            .starts_with("shardId[[slow][")
    }));
    node.post(
        &format!(
            "/_tasks/{}/_cancel?wait_for_completion&timeout=5s",
            id(&shards[0])
        ),
        "",
    );
    let rest = node.tasks_of("c5");
    assert!(
        rest.iter().all(|task| task["cancelled"] == false),
        "{rest:?}"
    );
    assert!(rest.iter().any(|task| id(task) == id(&root)));
    node.post(&format!("/_tasks/{}/_cancel", id(&root)), "");
    assert_eq!(search.join().unwrap().status, 500);
}

#[test]
fn a_search_is_cancelled_when_its_time_is_over_and_a_request_can_switch_that_off() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let began = Instant::now();
    let late = node.post("/slow/_search?cancel_after_time_interval=1s", SLOW);
    assert_eq!(late.status, 500, "{}", late.text);
    assert!(
        (900..2000).contains(&began.elapsed().as_millis()),
        "{:?}",
        began.elapsed()
    );
    let reason = late.json()["error"]["caused_by"]["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        reason,
        "cancelled task with reason: Cancellation timeout of 1s is expired"
    );
    let set = node.put(
        "/_cluster/settings",
        r#"{"transient":{"search.cancel_after_time_interval":"1s"}}"#,
    );
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!(node.post("/slow/_search", SLOW).status, 500);
    let search = node.slow_search("/slow/_search?cancel_after_time_interval=-1", "c6");
    let task = node.await_task("c6", "indices:data/read/search");
    let later = Instant::now() + Duration::from_millis(1300);
    let still = eventually("more than a second passes", || {
        (Instant::now() > later).then(|| node.tasks_of("c6"))
    });
    assert!(still.iter().all(|task| task["cancelled"] == false));
    node.post(&format!("/_tasks/{}/_cancel", id(&task)), "");
    search.join().unwrap();
}

#[test]
fn a_search_whose_client_hangs_up_ends() {
    let node = Node::start();
    node.index("slow", 1, 1);
    for path in ["/slow/_search", "/_msearch"] {
        let mut stream = TcpStream::connect(node.address()).unwrap();
        let (kind, body) = match path {
            "/_msearch" => (
                "application/x-ndjson",
                format!("{{\"index\":\"slow\"}}\n{SLOW}\n"),
            ),
            _ => ("application/json", SLOW.to_owned()),
        };
        let length = body.len();
        write!(stream, "POST {path} HTTP/1.1\r\nhost: x\r\nx-opaque-id: gone\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        node.await_task("gone", "indices:data/read/search[phase/query]");
        drop(stream);
        let began = Instant::now();
        eventually("the search ends", || {
            node.tasks_of("gone").is_empty().then_some(())
        });
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{path}: {:?}",
            began.elapsed()
        );
    }
}

#[test]
fn a_list_that_waits_skips_lists_and_gives_up_in_time() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "c7");
    let task = node.await_task("c7", "indices:data/read/search");
    let began = Instant::now();
    let other = node.in_background("GET", "/_tasks?wait_for_completion&timeout=1s", "c8", "");
    let late = node.get("/_tasks?wait_for_completion&timeout=1s");
    assert_eq!(late.status, 200);
    assert!(
        (900..2000).contains(&began.elapsed().as_millis()),
        "{:?}",
        began.elapsed()
    );
    let late = late.json();
    assert_eq!(keys(&late), ["node_failures", "nodes"]);
    assert_eq!(
        late["node_failures"][0]["caused_by"]["type"], "receive_timeout_transport_exception",
        "{late}"
    );
    assert_eq!(other.join().unwrap().status, 200);
    node.post(&format!("/_tasks/{}/_cancel", id(&task)), "");
    search.join().unwrap();
    assert_eq!(
        node.get("/_tasks?wait_for_completion&timeout=5s").status,
        200
    );
}
