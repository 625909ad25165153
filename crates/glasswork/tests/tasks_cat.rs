//! `GET /_cat/tasks`: acceptance cases I.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, id, keys};

#[test]
fn a_table_has_the_columns_and_their_names_only_when_asked() {
    let node = Node::start();
    let table = node.get("/_cat/tasks?v");
    assert_eq!(
        table.header("content-type"),
        Some("text/plain; charset=UTF-8")
    );
    let head: Vec<_> = table
        .text
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(
        head,
        [
            "action",
            "task_id",
            "parent_task_id",
            "type",
            "start_time",
            "timestamp",
            "running_time",
            "ip",
            "node"
        ]
    );
    let detailed = node.get("/_cat/tasks?v&detailed").text;
    assert!(
        detailed
            .lines()
            .next()
            .unwrap()
            .trim_end()
            .ends_with("node description"),
        "{detailed}"
    );
    let plain = node.get("/_cat/tasks").text;
    assert_eq!(plain.lines().count(), 2);
    assert!(plain.starts_with("cluster:monitor/tasks/lists "), "{plain}");
    assert!(plain.ends_with('\n'));
}

#[test]
fn columns_are_chosen_by_alias_and_shown_under_it() {
    let node = Node::start();
    let table = node
        .request(
            "GET",
            "/_cat/tasks?h=id,ac,x,time&v",
            &[("x-opaque-id", "me")],
            None,
        )
        .text;
    let head: Vec<_> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["id", "ac", "x", "time"]);
    assert!(table.lines().nth(1).unwrap().contains(" me "), "{table}");
    let millis = node.get("/_cat/tasks?time=ms&h=running_time").text;
    assert!(
        millis
            .lines()
            .all(|line| line.trim().parse::<u64>().is_ok()),
        "{millis}"
    );
}

#[test]
fn a_table_comes_as_json_with_texts_only() {
    let node = Node::start();
    let rows = node.get("/_cat/tasks?format=json").json();
    for row in rows.as_array().unwrap() {
        assert!(
            row.as_object()
                .unwrap()
                .values()
                .all(serde_json::Value::is_string),
            "{row}"
        );
    }
    assert_eq!(keys(&rows[0])[..2], ["action", "task_id"]);
}

#[test]
fn a_table_is_sorted_and_helps() {
    let node = Node::start();
    let sorted = node.get("/_cat/tasks?s=action:desc&h=action").text;
    assert!(
        sorted.starts_with("cluster:monitor/tasks/lists[n]"),
        "{sorted}"
    );
    let wrong = node.get("/_cat/tasks?s=zzz");
    assert_eq!(wrong.status, 500);
    assert_eq!(
        wrong.json()["error"]["reason"],
        "Unable to sort by unknown sort key `zzz`"
    );
    assert_eq!(node.get("/_cat/tasks?help").text.lines().count(), 15);
    assert_eq!(
        node.get("/_cat/tasks?help&detailed").text.lines().count(),
        17
    );
    for refused in ["group_by=none", "full_id"] {
        assert_eq!(
            node.get(&format!("/_cat/tasks?{refused}")).status,
            400,
            "{refused}"
        );
    }
}

#[test]
fn children_follow_their_parents_and_a_wait_that_fails_is_an_empty_table() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "t1");
    node.await_task("t1", "indices:data/read/search[phase/query]");
    let table = node.get("/_cat/tasks?h=action&actions=*search*").text;
    let rows: Vec<_> = table.lines().map(str::trim).collect();
    assert_eq!(
        rows,
        [
            "indices:data/read/search",
            "indices:data/read/search[phase/query]"
        ]
    );
    let late = node.get("/_cat/tasks?actions=*search&wait_for_completion&timeout=500ms");
    assert_eq!((late.status, late.text.as_str()), (200, ""));
    let task = node.await_task("t1", "indices:data/read/search");
    node.post(&format!("/_tasks/{}/_cancel", id(&task)), "");
    search.join().unwrap();
}
