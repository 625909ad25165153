//! What was acknowledged is there after a crash at any moment, and nothing half-written shows.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, eventually};
use serde_json::{Value, json};
use std::{collections::BTreeMap, thread, time::Duration};

#[test]
fn every_acknowledged_write_survives_a_crash_at_any_moment() {
    let mut node = Node::start();
    let mut expected = BTreeMap::new();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..12 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let moment = Duration::from_millis(random % 120);
        // A thread writes until the node is gone; what was answered 2xx is expected to be there.
        let url = node.url.clone();
        let writer = thread::spawn(move || write_until_gone(&url, round));
        thread::park_timeout(moment);
        node = node.crash_and_restart();
        expected.extend(writer.join().unwrap());
        let answer = node.post("/books/_refresh", "");
        assert!(
            answer.status == 200 || (answer.status == 404 && expected.is_empty()),
            "{}",
            answer.text
        );
        assert_everything_is_there(&node, &expected);
    }
    assert!(
        !expected.is_empty(),
        "no write was acknowledged in any round"
    );
}

/// Writes single documents and bulks; gives id and version of everything acknowledged.
fn write_until_gone(url: &str, round: u64) -> BTreeMap<String, u64> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut acknowledged = BTreeMap::new();
    for number in 0_u64.. {
        let base = number * 10;
        let outcome = if number % 3 == 0 {
            let body: String = (0..10)
                .map(|line| format!("{{\"index\":{{\"_id\":\"{round}-{}\"}}}}\n{{\"round\":{round},\"n\":{}}}\n", base + line, base + line))
                .collect();
            let sent = agent
                .post(format!("{url}/books/_bulk"))
                .header("content-type", "application/x-ndjson")
                .send(body);
            sent.map(|answer| {
                (
                    answer.status().as_u16(),
                    (0..10).map(|line| base + line).collect::<Vec<_>>(),
                )
            })
        } else {
            let path = format!("{url}/books/_doc/{round}-{base}");
            let sent = agent
                .put(path)
                .header("content-type", "application/json")
                .send(format!("{{\"round\":{round},\"n\":{base}}}"));
            sent.map(|answer| (answer.status().as_u16(), vec![base]))
        };
        match outcome {
            Ok((200 | 201, numbers)) => {
                acknowledged.extend(numbers.into_iter().map(|n| (format!("{round}-{n}"), n)))
            }
            Ok((status, _)) => panic!("a write answered {status}"),
            Err(_) => break,
        }
    }
    acknowledged
}

fn assert_everything_is_there(node: &Node, expected: &BTreeMap<String, u64>) {
    for (id, number) in expected {
        let found = node.get(&format!("/books/_doc/{id}"));
        assert_eq!(found.status, 200, "{id} was acknowledged and is gone");
        assert_eq!(found.json()["_source"]["n"], json!(number));
    }
    if expected.is_empty() {
        return;
    }
    let counted = node.get("/books/_count").json();
    let at_least = expected.len() as u64;
    assert!(
        counted["count"].as_u64().unwrap() >= at_least,
        "{counted} of at least {at_least}"
    );
}

#[test]
fn deletes_updates_mappings_and_aliases_survive_a_crash() {
    let node = Node::start();
    node.put(
        "/a",
        r#"{"mappings":{"properties":{"t":{"type":"keyword"}}},"aliases":{"all":{}}}"#,
    );
    node.put("/a/_doc/1", r#"{"t":"one"}"#);
    node.put("/a/_doc/2", r#"{"t":"two"}"#);
    node.delete("/a/_doc/1");
    node.post("/a/_update/2", r#"{"doc":{"extra":5}}"#);
    let before = node.get("/a/_doc/2").json();
    let node = node.crash_and_restart();
    assert_eq!(node.get("/a/_doc/1").status, 404);
    assert_eq!(node.get("/a/_doc/2").json(), before);
    let mapping = node.get("/a/_mapping").json();
    assert_eq!(
        mapping["a"]["mappings"]["properties"]["extra"]["type"],
        "long"
    );
    assert_eq!(
        node.get("/_alias/all").json()["a"]["aliases"]["all"],
        json!({})
    );
    let hits = node.post("/all/_search?q=t:two", "").json();
    assert_eq!(hits["hits"]["total"]["value"], 1);
}

#[test]
fn task_numbers_never_repeat_over_restarts() {
    let own = |node: &Node| -> u64 {
        let listed = node
            .get("/_tasks?actions=cluster:monitor/tasks/lists&group_by=none")
            .json();
        listed["tasks"][0]["id"].as_u64().unwrap()
    };
    let node = Node::start();
    let id = |node: &Node| -> String {
        let nodes: Value = node.get("/_nodes").json();
        nodes["nodes"]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap()
            .clone()
    };
    let (first, name) = (own(&node), id(&node));
    let node = node.crash_and_restart();
    assert!(own(&node) > first);
    assert_eq!(id(&node), name, "the node's id is kept");
}

#[test]
fn a_polite_end_is_quick_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::on(folder.path(), &[]);
    node.put("/a/_doc/1", r#"{"t":"one"}"#);
    let (status, took) = node.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    let node = Node::on(folder.path(), &[]);
    let found = eventually("the document is found", || {
        let hits = node.get("/a/_search").json();
        (hits["hits"]["total"]["value"] == 1).then_some(hits)
    });
    assert_eq!(found["hits"]["hits"][0]["_source"]["t"], "one");
}
