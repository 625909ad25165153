//! Work that is started without waiting: the id at once, the result in `.tasks`, and its life over `kill -9`.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Answer, Node, eventually, keys};
use serde_json::{Value, json};
use std::{thread, time::Duration};

/// Starts a merge of `index` without waiting for it; gives the id of its task.
fn start_merge(node: &Node, index: &str) -> String {
    let answer = node.request(
        "POST",
        &format!("/{index}/_forcemerge?max_num_segments=1&wait_for_completion=false"),
        &[("X-Opaque-Id", "fm")],
        None,
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(keys(&answer), ["task"]);
    answer["task"].as_str().unwrap().to_owned()
}

fn waited(node: &Node, id: &str) -> Value {
    let answer = node.get(&format!("/_tasks/{id}?wait_for_completion=true"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn reason(answer: &Answer) -> String {
    answer.json()["error"]["reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_merge_that_nobody_waits_for_is_a_task_with_a_stored_result() {
    let node = Node::start();
    node.index("books", 2, 50);
    let id = start_merge(&node, "books");
    let got = waited(&node, &id);
    assert_eq!(got["completed"], true);
    assert_eq!(
        got["response"],
        json!({"_shards":{"total":4,"successful":2,"failed":0}})
    );
    let task = &got["task"];
    assert_eq!(
        task["description"],
        "Force-merge indices [books], maxSegments[1], onlyExpungeDeletes[false], flush[true], primaryOnly[false]"
    );
    assert_eq!(task["headers"], json!({"X-Opaque-Id":"fm"}));
    assert_eq!(task.get("resource_stats"), None);
    assert_eq!(keys(&got), ["completed", "task", "response"]);
    // The document itself, and what else shows of the index.
    let document = node.get(&format!("/.tasks/_doc/{id}")).json();
    assert_eq!(document["_source"], got);
    assert_eq!(document["_version"], 1);
    let indices = node.get("/_cat/indices?h=index,pri,rep").text;
    assert!(
        indices.lines().any(|line| line.starts_with(".tasks")),
        "{indices}"
    );
    let settings = node.get("/.tasks/_settings").json()[".tasks"]["settings"]["index"].clone();
    for (name, value) in [
        ("number_of_shards", "1"),
        ("auto_expand_replicas", "0-1"),
        ("number_of_replicas", "0"),
        ("priority", "2147483647"),
    ] {
        assert_eq!(settings[name], value, "{name}");
    }
    let mapping = node.get("/.tasks/_mapping").json()[".tasks"]["mappings"].clone();
    assert_eq!(mapping["dynamic"], "strict");
    assert_eq!(mapping["_meta"]["version"], 5);
    assert_eq!(
        mapping["properties"]["task"]["properties"]["description"]["type"],
        "text"
    );
    assert_eq!(
        mapping["properties"]["response"],
        json!({"type":"object","enabled":false})
    );
    node.post("/.tasks/_refresh", "");
    let found = node.post(
        "/.tasks/_search",
        r#"{"query":{"term":{"task.action":"indices:admin/forcemerge"}},"sort":["task.start_time_in_millis"]}"#,
    );
    assert_eq!(found.json()["hits"]["total"]["value"], 1, "{}", found.text);
    let pretty = node.get(&format!("/_tasks/{id}?pretty")).text;
    assert!(
        pretty.starts_with("{\n  \"completed\" : true,\n  \"task\" : {\n"),
        "{pretty}"
    );
}

#[test]
fn what_fails_after_it_began_is_stored_and_what_makes_no_sense_is_refused() {
    let node = Node::start();
    let id = start_merge(&node, "missing");
    let got = waited(&node, &id);
    assert_eq!(keys(&got), ["completed", "task", "error"]);
    assert_eq!(
        got["error"],
        json!({"type":"index_not_found_exception","reason":"no such index [missing]","index":"missing","resource.id":"missing","resource.type":"index_or_alias","index_uuid":"_na_"})
    );
    let refused = node.post(
        "/missing/_forcemerge?wait_for_completion=false&max_num_segments=few",
        "",
    );
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert_eq!(
        refused.json()["error"]["type"],
        "illegal_argument_exception"
    );
}

#[test]
fn opening_an_index_can_be_left_alone_too() {
    let node = Node::start();
    node.index("books", 1, 5);
    assert_eq!(node.post("/books/_close", "").status, 200);
    let started = node
        .post("/books/_open?wait_for_completion=false", "")
        .json();
    let got = waited(&node, started["task"].as_str().unwrap());
    assert_eq!(got["task"]["action"], "indices:admin/open");
    assert_eq!(got["task"]["description"], "open indices [books]");
    assert_eq!(
        got["response"],
        json!({"acknowledged":true,"shards_acknowledged":true})
    );
    assert_eq!(node.get("/books/_count").json()["count"], 5);
    let unknown = node.post("/books/_close?wait_for_completion=false", "");
    assert!(reason(&unknown).contains("unrecognized parameter: [wait_for_completion]"));
}

#[test]
fn a_stored_result_is_deleted_and_then_it_is_not_there() {
    let node = Node::start();
    node.index("books", 1, 5);
    let id = start_merge(&node, "books");
    waited(&node, &id);
    let deleted = node.delete(&format!("/_tasks/{id}"));
    assert_eq!(
        (deleted.status, deleted.json()),
        (200, json!({"acknowledged":true}))
    );
    let again = node.delete(&format!("/_tasks/{id}"));
    assert_eq!(again.status, 404);
    assert_eq!(reason(&again), format!("task [{id}] has no stored result"));
    let gone = node.get(&format!("/_tasks/{id}"));
    assert_eq!(gone.status, 404);
    assert_eq!(
        reason(&gone),
        format!("task [{id}] isn't running and hasn't stored its results")
    );
    assert_eq!(gone.json()["error"].get("caused_by"), None);
    let malformed = node.delete("/_tasks/nonsense");
    assert_eq!(reason(&malformed), "malformed task id nonsense");
}

#[test]
fn only_durable_tasks_are_paused_and_strict_nodes_know_no_pause() {
    let node = Node::start();
    node.index("books", 1, 1);
    let client = node.slow_search("/books/_search", "s1");
    let id = harness::id(&node.await_task("s1", "indices:data/read/search"));
    let answer = node.post(&format!("/_tasks/{id}/_pause"), "").json();
    assert_eq!(answer["task_failures"][0]["status"], "BAD_REQUEST");
    assert_eq!(answer["nodes"], json!({}));
    node.post(&format!("/_tasks/{id}/_cancel"), "");
    client.join().unwrap();
    let number = id.split(':').next().unwrap();
    let missing = node
        .post(&format!("/_tasks/{number}:999/_resume?group_by=none"), "")
        .json();
    assert_eq!(
        missing["node_failures"][0]["caused_by"]["reason"],
        format!("task [{number}:999] is missing")
    );
    let strict = Node::with(&["-E", "compat.strict_params=true"]);
    assert_eq!(strict.post("/_tasks/n:1/_pause", "").status, 400);
    assert_eq!(strict.delete("/_tasks/n:1").status, 405);
}

#[test]
fn a_deadline_ends_a_search_and_is_shown() {
    let node = Node::start();
    node.index("books", 2, 2);
    let answer = node.request(
        "POST",
        "/books/_search",
        &[("X-Task-Deadline", "400ms")],
        Some(harness::SLOW),
    );
    assert_eq!(answer.status, 500, "{}", answer.text);
    assert!(
        answer.text.contains("deadline of 400ms exceeded"),
        "{}",
        answer.text
    );
    let tasks = node.request("GET", "/_tasks", &[("X-Task-Deadline", "5s")], None);
    assert!(
        tasks.text.contains(r#""headers":{"X-Task-Deadline":"5s"}"#),
        "{}",
        tasks.text
    );
    assert_eq!(tasks.header("X-Task-Deadline"), None);
    for (header, value, why) in [
        ("X-Task-Deadline", "soon", "failed to parse"),
        ("X-Task-Deadline", "-1", "must be between [1ms] and [30d]"),
        ("X-Task-Budget", "cpu=2s", "is not supported"),
    ] {
        let refused = node.request("GET", "/_tasks", &[(header, value)], None);
        assert_eq!(refused.status, 400, "{header}");
        assert!(refused.text.contains(why), "{}", refused.text);
    }
}

#[test]
fn a_reason_shows_wherever_the_cancel_does() {
    let node = Node::start();
    node.index("books", 1, 1);
    let client = node.slow_search("/books/_search", "s1");
    let id = harness::id(&node.await_task("s1", "indices:data/read/search"));
    let long = "x".repeat(257);
    let refused = node.post(&format!("/_tasks/{id}/_cancel?reason={long}"), "");
    assert_eq!(
        reason(&refused),
        "[reason] must have at most [256] characters"
    );
    node.post(
        &format!("/_tasks/{id}/_cancel?reason=runaway%20dashboard"),
        "",
    );
    let answer = client.join().unwrap();
    assert!(
        answer
            .text
            .contains("cancelled task with reason: runaway dashboard"),
        "{}",
        answer.text
    );
}

#[test]
fn a_merge_survives_kill_at_any_moment_and_is_stored_once() {
    let mut node = Node::start();
    node.index("books", 4, 200);
    let mut ids = Vec::new();
    for round in 0..12_u64 {
        node.bulk("/books/_bulk?refresh=true", "{\"index\":{}}\n{\"n\":1}\n");
        ids.push(start_merge(&node, "books"));
        thread::park_timeout(Duration::from_millis(round * 3 % 20));
        node = node.crash_and_restart();
        let id = ids.last().unwrap();
        let got = waited(&node, id);
        assert_eq!(got["completed"], true, "{got}");
        assert_eq!(got["task"]["headers"], json!({"X-Opaque-Id":"fm"}));
        assert_eq!(got["response"]["_shards"]["failed"], 0, "{got}");
    }
    eventually("nothing runs", || {
        let text = node.get("/_tasks?actions=indices:admin/forcemerge*").text;
        (text == r#"{"nodes":{}}"#).then_some(())
    });
    for id in &ids {
        assert_eq!(
            node.get(&format!("/.tasks/_doc/{id}")).json()["_version"],
            1
        );
    }
    // Once more: nothing is left that would run again.
    node = node.crash_and_restart();
    let running = node.get("/_tasks?actions=indices:admin/forcemerge*").text;
    assert_eq!(running, r#"{"nodes":{}}"#);
}
