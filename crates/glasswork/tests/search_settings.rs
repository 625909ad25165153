//! Settings of the cluster that searches follow, and those that are refused because nothing would follow them.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Answer, Node};

fn set(node: &Node, name: &str, value: &str) -> Answer {
    let body = format!(r#"{{"transient":{{"{name}":{value}}}}}"#);
    node.put("/_cluster/settings", &body)
}

#[test]
fn a_search_that_says_no_timeout_has_that_of_the_cluster() {
    let node = Node::start();
    node.index("slow", 1, 2_000);
    assert_eq!(
        set(&node, "search.default_search_timeout", r#""50ms""#).status,
        200
    );
    let answer = node.slow_search("/slow/_search", "timed").join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["timed_out"], true);
}

#[test]
fn phases_are_told_when_the_cluster_says_so() {
    let node = Node::start();
    node.index("books", 1, 3);
    let answer = node.post("/books/_search", "{}").json();
    assert!(answer["phase_took"].is_null());
    assert_eq!(set(&node, "search.phase_took_enabled", "true").status, 200);
    let answer = node.post("/books/_search", "{}").json();
    assert!(answer["phase_took"]["query"].is_u64(), "{answer}");
    let answer = node.post("/books/_search?phase_took=false", "{}").json();
    assert!(answer["phase_took"].is_null());
}

#[test]
fn what_nothing_would_follow_is_refused() {
    let node = Node::start();
    for (name, value) in [
        ("search_backpressure.mode", r#""enforced""#),
        ("search.allow_expensive_queries", "false"),
    ] {
        let refused = set(&node, name, value);
        assert_eq!(refused.status, 400, "{name}: {}", refused.text);
    }
}
