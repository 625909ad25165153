//! Headers that a task carries (J), what it used (K), and errors of the Tasks API (L).

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, id};
use serde_json::json;
use std::process::Command;

#[test]
fn a_callers_id_is_on_every_task_and_in_the_answer() {
    let node = Node::start();
    let answer = node.request(
        "GET",
        "/_tasks?group_by=none",
        &[("x-opaque-id", "111111"), ("X-REQUEST-ID", "r-1")],
        None,
    );
    assert_eq!(
        (answer.header("x-opaque-id"), answer.header("x-request-id")),
        (Some("111111"), Some("r-1"))
    );
    for task in answer.json()["tasks"].as_array().unwrap() {
        assert_eq!(task["headers"]["X-Opaque-Id"], "111111");
        assert_eq!(task["headers"]["X-Request-Id"], "r-1");
    }
    let failed = node.request("GET", "/_tasks/foo", &[("x-opaque-id", "111111")], None);
    assert_eq!(
        (failed.status, failed.header("x-opaque-id")),
        (400, Some("111111"))
    );
    let others = node.request(
        "GET",
        "/_tasks?group_by=none",
        &[
            (
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
            ("x-foo", "1"),
        ],
        None,
    );
    assert_eq!(others.json()["tasks"][0]["headers"], json!({}));
}

#[test]
fn a_search_hands_the_callers_id_to_its_shards() {
    let node = Node::start();
    node.index("slow", 2, 4);
    let search = node.slow_search("/slow/_search", "j1");
    node.await_task("j1", "indices:data/read/search[phase/query]");
    let root = node.await_task("j1", "indices:data/read/search");
    node.post(&format!("/_tasks/{}/_cancel", id(&root)), "");
    search.join().unwrap();
}

#[test]
fn headers_that_contradict_or_swell_are_refused() {
    let node = Node::start();
    let curl = |headers: &[String]| {
        let mut command = Command::new("curl");
        command.args([
            "-s",
            "-w",
            "\n%{http_code}",
            &format!("{}/_tasks", node.url),
        ]);
        for header in headers {
            command.args(["-H", header]);
        }
        let (_, text, _) = harness::run(&mut command);
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse::<u16>().unwrap(), body.to_owned())
    };
    let of = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    let (status, body) = curl(&of(&["X-Opaque-Id: a", "X-Opaque-Id: b"]));
    assert_eq!(status, 400);
    assert_eq!(
        body,
        r#"{"error":"multiple values for single-valued header [X-Opaque-Id].","status":400}"#
    );
    assert_eq!(curl(&of(&["X-Opaque-Id: a", "X-Opaque-Id: a"])).0, 200);
    let (status, body) = curl(&[format!("X-Request-Id: {}", "x".repeat(129))]);
    assert_eq!(status, 400);
    assert!(
        body.contains("X-Request-Id length [129] exceeds maximum allowed length [128]"),
        "{body}"
    );
    let (status, body) = curl(&[format!("X-Opaque-Id: {}", "x".repeat(8300))]);
    assert_eq!(status, 400);
    assert!(
        body.contains("Request exceeded the maximum size of task headers 16kb"),
        "{body}"
    );
}

#[test]
fn a_search_on_the_cpu_shows_what_it_uses_and_other_tasks_show_zeros() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "k1");
    let of = |action: &str| node.await_task("k1", action)["resource_stats"].clone();
    let used = || {
        of("indices:data/read/search[phase/query]")["total"]["cpu_time_in_nanos"]
            .as_u64()
            .unwrap()
    };
    let first = harness::eventually("CPU time is charged", || {
        Some(used()).filter(|used| *used > 0)
    });
    harness::eventually("it grows", || (used() > first).then_some(()));
    let stats = of("indices:data/read/search[phase/query]");
    assert!(
        stats["thread_info"]["thread_executions"].as_u64() >= Some(1),
        "{stats}"
    );
    assert!(
        stats["thread_info"]["active_threads"].as_u64() >= Some(1),
        "{stats}"
    );
    let cpu = |part: &str| stats[part]["cpu_time_in_nanos"].as_u64().unwrap();
    assert!(
        cpu("min") <= cpu("average") && cpu("average") <= cpu("max") && cpu("max") <= cpu("total"),
        "{stats}"
    );
    let lists = node
        .get("/_tasks?detailed&group_by=none&actions=*lists")
        .json();
    assert_eq!(
        lists["tasks"][0]["resource_stats"]["total"],
        json!({"cpu_time_in_nanos": 0, "memory_in_bytes": 0})
    );
    node.put(
        "/_cluster/settings",
        r#"{"transient":{"task_resource_tracking.enabled":false}}"#,
    );
    let root = node.await_task("k1", "indices:data/read/search");
    node.post(&format!("/_tasks/{}/_cancel", id(&root)), "");
    search.join().unwrap();
    let untracked = node.slow_search("/slow/_search", "k2");
    let shard = node.await_task("k2", "indices:data/read/search[phase/query]");
    assert_eq!(
        shard["resource_stats"]["total"]["cpu_time_in_nanos"], 0,
        "{shard}"
    );
    let root = node.await_task("k2", "indices:data/read/search");
    node.post(&format!("/_tasks/{}/_cancel", id(&root)), "");
    untracked.join().unwrap();
}

#[test]
fn parameters_that_make_no_sense_are_refused_in_opensearchs_words() {
    let node = Node::start();
    let reason = |query: &str| {
        let answer = node.get(&format!("/_tasks?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        answer.json()["error"]["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        reason("foo=1&bar=2"),
        "request [/_tasks] contains unrecognized parameters: [bar], [foo]"
    );
    assert_eq!(
        reason("detail=true"),
        "request [/_tasks] contains unrecognized parameter: [detail] -> did you mean [detailed]?"
    );
    assert_eq!(
        reason("timeout=10"),
        "failed to parse setting [timeout] with value [10] as a time value: unit is missing or unrecognized"
    );
    assert_eq!(
        reason("timeout=-5s"),
        "failed to parse setting [timeout] with value [-5s] as a time value: negative durations are not supported"
    );
    assert_eq!(
        reason("timeout=1.5s"),
        "failed to parse [1.5s], fractional time values are not supported"
    );
    assert_eq!(reason("timeout=bad"), "failed to parse [bad]");
    reason("timeout=abc");
    assert_eq!(
        reason("detailed=maybe"),
        "Failed to parse value [maybe] as only [true] or [false] are allowed."
    );
    let posted = node.post("/_tasks", "");
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET")));
    assert_eq!(
        posted.text,
        r#"{"error":"Incorrect HTTP method for uri [/_tasks] and method [POST], allowed: [GET]","status":405}"#
    );
    assert_eq!(node.request("HEAD", "/_tasks", &[], None).status, 405);
    let options = node.request("OPTIONS", "/_tasks", &[], None);
    assert_eq!(
        (
            options.status,
            options.header("allow"),
            options.text.as_str()
        ),
        (200, Some("GET"), "")
    );
}
