//! Figures of nodes.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Answer, Node, eventually};
use serde_json::Value;
use std::net::TcpStream;

fn parsed(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

/// The only node of an answer.
fn node(answer: &Answer) -> Value {
    let parsed = parsed(answer);
    assert_eq!(parsed["_nodes"]["successful"], 1);
    let nodes = parsed["nodes"].as_object().unwrap();
    assert_eq!(nodes.len(), 1);
    nodes.values().next().unwrap().clone()
}

/// Whether the text has these keys, in this order.
fn in_order(text: &str, keys: &[&str]) {
    let mut rest = text;
    for key in keys {
        let wanted = format!("\"{key}\":");
        let Some(at) = rest.find(&wanted) else {
            panic!("no {key} where it should be: {text}");
        };
        rest = &rest[at + wanted.len()..];
    }
}

#[test]
fn figures_come_in_the_order_of_the_reference_and_only_those_that_are_wanted() {
    let server = Node::start();
    let all = server.get("/_nodes/stats");
    in_order(
        &all.text,
        &[
            "_nodes",
            "cluster_name",
            "nodes",
            "timestamp",
            "name",
            "transport_address",
            "host",
            "ip",
            "roles",
            "indices",
            "os",
            "process",
            "jvm",
            "thread_pool",
            "fs",
            "http",
            "breakers",
            "task_cancellation",
        ],
    );
    let id = parsed(&all)["nodes"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .cloned();
    let id = id.unwrap();
    for path in [
        "/_nodes/stats/_all".to_owned(),
        "/_nodes/_all/stats".to_owned(),
        format!("/_nodes/{id}/stats"),
        format!("/_nodes/stats?node_id={id}"),
    ] {
        let keys = node(&server.get(&path));
        let found = keys.as_object().unwrap().len();
        let wanted = node(&all).as_object().unwrap().len();
        assert_eq!(found, wanted, "{path}");
    }
    let none = parsed(&server.get("/_nodes/nobody/stats"));
    assert_eq!(none["_nodes"]["total"], 0);
    assert_eq!(none["nodes"], serde_json::json!({}));

    let some = node(&server.get("/_nodes/_local/stats/http,task_cancellation"));
    let zero = serde_json::json!({"current_count_post_cancel":0,"total_count_post_cancel":0});
    assert_eq!(some["task_cancellation"]["search_task"], zero);
    assert_eq!(some["task_cancellation"]["search_shard_task"], zero);
    assert_eq!(some.get("os"), None);
    let opened = some["http"]["total_opened"].as_u64().unwrap();
    let held = TcpStream::connect(server.address()).unwrap();
    eventually("the connection is counted", || {
        let http = node(&server.get("/_nodes/stats/http"))["http"].clone();
        // This one and the one that asks.
        (http["current_open"] == 2 && http["total_opened"].as_u64()? > opened).then_some(())
    });
    drop(held);
    eventually("the connection is gone", || {
        let http = node(&server.get("/_nodes/stats/http"))["http"].clone();
        (http["current_open"] == 1).then_some(())
    });
}

#[test]
fn figures_follow_what_is_done() {
    let server = Node::start();
    for id in ["1", "2"] {
        let path = format!("/books/_doc/{id}?refresh=true");
        let written = server.put(&path, "{\"n\":1}");
        assert_eq!(written.status, 201, "{}", written.text);
    }
    let told = node(&server.get("/_nodes/stats/indices,thread_pool"));
    assert_eq!(told["indices"]["docs"]["count"], 2);
    assert!(told["indices"]["segments"]["count"].as_u64().unwrap() > 0);
    assert_eq!(told["indices"]["search"]["open_contexts"], 0);
    let before = told["thread_pool"]["search"]["completed"].as_u64().unwrap();
    let scroll = server.get("/books/_search?scroll=1m&size=1");
    assert_eq!(scroll.status, 200, "{}", scroll.text);
    let told = node(&server.get("/_nodes/stats/indices,thread_pool/search,docs?human"));
    assert_eq!(
        told["indices"],
        serde_json::json!({"docs":{"count":2,"deleted":0},"search":{"open_contexts":1}})
    );
    let search = &told["thread_pool"]["search"];
    assert!(search["completed"].as_u64().unwrap() > before, "{search}");
    assert!(search["total_wait_time"].is_string(), "{search}");
    let sizes = node(&server.get("/_nodes/stats/os,process,jvm,fs,breaker?human"));
    for path in [
        "/os/mem/total",
        "/process/mem/total_virtual",
        "/jvm/mem/heap_max",
        "/breakers/request/limit_size",
    ] {
        assert!(sizes.pointer(path).is_some_and(Value::is_string), "{path}");
        let bytes = sizes.pointer(&format!("{path}_in_bytes"));
        assert!(bytes.and_then(Value::as_u64).unwrap() > 0, "{path}");
    }
}

#[test]
fn what_is_no_figure_and_what_is_not_kept_is_refused() {
    let server = Node::start();
    for (path, reason) in [
        (
            "/_nodes/stats/nothing",
            "request [/_nodes/stats/nothing] contains unrecognized metric: [nothing]",
        ),
        (
            "/_nodes/stats/indices/nothing",
            "request [/_nodes/stats/indices/nothing] contains unrecognized index metric: [nothing]",
        ),
        (
            "/_nodes/stats/_all,os",
            "request [/_nodes/stats/_all,os] contains _all and individual metrics [_all,os]",
        ),
        (
            "/_nodes/stats/_all/docs",
            "request [/_nodes/stats/_all/docs] contains index metrics [docs] but all stats requested",
        ),
        (
            "/_nodes/stats/os/docs",
            "request [/_nodes/stats/os/docs] contains index metrics [docs] but indices stats not requested",
        ),
        (
            "/_nodes/stats/transport",
            "metric [transport] of nodes is not supported",
        ),
        (
            "/_nodes/stats/indices/merge",
            "index metric [merge] of nodes is not supported",
        ),
        (
            "/_nodes/stats?level=shards",
            "[level=shards] is not supported: figures are of whole nodes",
        ),
        (
            "/_nodes/stats?level=any",
            "level parameter must be one of [indices] or [node] or [shards] but was [any]",
        ),
        (
            "/_nodes/stats?fields=title",
            "request [/_nodes/stats] contains unrecognized parameter: [fields]",
        ),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 400, "{path} {}", answer.text);
        assert_eq!(answer.json()["error"]["reason"], reason);
    }
}
