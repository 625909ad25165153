//! What `glasswork tasks` shows and does more where the server is Glasswork, and how it drives long operations there.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::Cli;
use harness::{Node, eventually, id};
use serde_json::{Value, json};

const SEARCH: &str = "indices:data/read/search";

fn node() -> (Node, Cli) {
    let node = Node::start();
    node.index("books", 2, 60);
    let cli = Cli::to(&node.url);
    (node, cli)
}

#[test]
fn a_search_tells_more_of_itself_and_is_stopped_with_a_reason() {
    let (node, cli) = node();
    let search = node.slow_search("/books/_search", "dash-77");
    let root = id(&node.await_task("dash-77", SEARCH));
    node.await_task("dash-77", &format!("{SEARCH}[phase/query]"));
    let list = cli.json(&[
        "tasks",
        "ls",
        "--json",
        "-f",
        "opaque:dash-* cancellable:true age>1ms",
    ]);
    let tasks = list["tasks"].as_array().unwrap();
    assert!(
        tasks.iter().all(|task| task["glasswork"].is_object()),
        "{list}"
    );
    let table = cli.ok(&["tasks", "ls", "-f", "opaque:dash-*"]);
    assert!(
        table.contains("WAITS FOR") && table.contains("USER"),
        "{table}"
    );
    let pane = cli.ok(&["tasks", "get", &root]);
    assert!(pane.contains("\ntree  "), "{pane}");
    cli.ok(&[
        "tasks",
        "cancel",
        &root,
        "--yes",
        "--wait",
        "--reason",
        "runaway dashboard",
    ]);
    let answer = search.join().unwrap();
    assert!(
        answer.status == 500 && answer.text.contains("runaway dashboard"),
        "{}",
        answer.text
    );
}

/// A reindex that is held to a rate of one document a second.
fn reindex(node: &Node, into: &str) -> String {
    let path = "/_reindex?wait_for_completion=false&requests_per_second=1";
    let body = json!({"source": {"index": "books", "size": 5}, "dest": {"index": into}});
    let answer = node.post(path, &body.to_string());
    answer.json()["task"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.text))
        .to_owned()
}

#[test]
fn a_reindex_is_watched_hastened_and_read_after_its_end() {
    let (node, cli) = node();
    let task = reindex(&node, "copy");
    let look = eventually("the reindex has begun to write", || {
        let done = cli.run(&["tasks", "watch", &task, "--json", "--times", "1"]);
        let look: Value = serde_json::from_str(&done.out).ok()?;
        (look["done"].as_u64()? > 0).then_some(look)
    });
    assert_eq!(
        (&look["total"], &look["completed"]),
        (&60.into(), &false.into())
    );
    cli.ok(&["tasks", "rethrottle", &task, "unlimited"]);
    let watched = cli.run(&["tasks", "watch", &task, "--every", "50ms"]);
    assert_eq!(watched.code, 0, "{}{}", watched.out, watched.err);
    assert!(watched.out.ends_with(": 60 created\n"), "{}", watched.out);
    let answer = cli.json(&["tasks", "get", &task, "--json"]);
    assert_eq!(answer["response"]["created"], 60);
}

#[test]
fn what_has_ended_is_listed_with_how_it_ended() {
    let (node, cli) = node();
    let failed = node.post("/books/_search", r#"{"query":{"nothing":{}}}"#);
    assert_eq!(failed.status, 400, "{}", failed.text);
    let task = reindex(&node, "copy");
    cli.ok(&["tasks", "cancel", &task, "--yes", "--wait"]);
    let stopped = ["tasks", "history", "--status", "cancelled", "--since", "1h"];
    let line = cli.ok(&stopped);
    assert!(line.contains(&task) && line.contains("cancelled"), "{line}");
    assert!(!line.contains("succeeded"), "{line}");
    let json = cli.json(&[
        "tasks",
        "history",
        "-f",
        "action:*reindex state:cancelled",
        "--limit",
        "1",
        "--json",
    ]);
    let tasks = json["tasks"].as_array().unwrap();
    assert_eq!(
        (tasks.len(), &tasks[0]["outcome"]),
        (1, &"cancelled".into())
    );
    let none = cli.ok(&["tasks", "history", "-f", "opaque:nobody"]);
    assert_eq!(none, "no task that ended matches\n");
}
