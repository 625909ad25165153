//! The example on which the project was founded, word for word, and the walk of the README.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, binary, run, shared};
use serde_json::json;
use std::process::Command;

#[test]
fn the_tasks_of_a_guarded_node_are_listed_with_the_callers_id() {
    let node = Node::with(&["--admin-password", "xA1!secret", "--name", "node-1"]);
    assert!(node.url.starts_with("https://"), "{}", node.url);
    let curl = |id: &str, query: &str| {
        let url = format!("{}/_tasks{query}", node.url);
        let header = format!("X-Opaque-Id: {id}");
        run(Command::new("curl").args([
            "-s",
            "-i",
            "-H",
            &header,
            &url,
            "-u",
            "admin:xA1!secret",
            "--insecure",
        ]))
    };
    for (id, query) in [("111111", ""), ("123456", "?nodes=node-1")] {
        let (code, text, error) = curl(id, query);
        assert_eq!(code, 0, "{error}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 ok"), "{head}");
        assert!(head.contains(&format!("x-opaque-id: {id}")), "{head}");
        assert!(
            head.contains("content-type: application/json; charset=utf-8"),
            "{head}"
        );
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let (node_id, entry) = body["nodes"].as_object().unwrap().iter().next().unwrap();
        assert_eq!(entry["name"], "node-1");
        assert_eq!(
            entry["roles"],
            json!(["cluster_manager", "data", "ingest", "remote_cluster_client"])
        );
        for key in ["transport_address", "host", "ip"] {
            assert!(entry[key].is_string(), "{entry}");
        }
        let tasks: Vec<_> = entry["tasks"].as_object().unwrap().values().collect();
        assert_eq!(tasks.len(), 2, "{entry}");
        let parent = tasks
            .iter()
            .find(|task| task["action"] == "cluster:monitor/tasks/lists")
            .unwrap();
        let child = tasks
            .iter()
            .find(|task| task["action"] == "cluster:monitor/tasks/lists[n]")
            .unwrap();
        assert_eq!(
            child["parent_task_id"],
            format!("{node_id}:{}", parent["id"])
        );
        for task in tasks {
            assert_eq!(task["headers"], json!({"X-Opaque-Id": id}));
            assert_eq!(task["cancellable"], false);
        }
    }
}

#[test]
fn a_guarded_node_turns_away_who_does_not_know_the_password() {
    let node = Node::with(&["--admin-password", "xA1!secret"]);
    assert_eq!(node.get("/_tasks").status, 401);
    let plain = node.url.replace("https://", "http://");
    let (_, text, _) = run(Command::new("curl").args(["-s", "-i", &plain]));
    assert!(
        text.is_empty() || text.starts_with("HTTP/1.1 400"),
        "plain HTTP got {text}"
    );
}

#[test]
fn a_node_does_not_stand_open_on_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = binary();
    command
        .args(["serve", "--port", "0", "--host", "0.0.0.0", "--data"])
        .arg(folder.path());
    let (code, _, error) = run(&mut command);
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("--insecure"), "{error}");
}

#[test]
fn the_samples_are_there_and_can_be_searched() {
    let node = Node::with(&["--samples"]);
    let found = node.get("/books/_search?q=author:tolkien&pretty").json();
    assert_eq!(found["hits"]["total"]["value"], 7, "{found}");
    assert!(
        node.get("/_tasks?pretty")
            .text
            .contains("cluster:monitor/tasks/lists[n]")
    );
}

#[test]
fn a_file_of_books_is_loaded_and_a_second_load_goes_on_where_the_first_stood() {
    let Some(shared) = shared("a_file_of_books_is_loaded") else {
        return;
    };
    let node = Node::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("books.ndjson");
    std::fs::copy(shared.join("data/books-10k.ndjson"), &file).unwrap();
    let load = || {
        run(binary()
            .args(["load", "--index", "books", "--url", &node.url])
            .arg(&file))
    };
    let (code, _, error) = load();
    assert_eq!(code, 0, "{error}");
    assert_eq!(node.get("/books/_count").json()["count"], 10_000);
    let book = node.get("/books/_doc/2").json();
    assert!(
        book["_source"]["title"]
            .as_str()
            .unwrap()
            .starts_with("Harry Potter"),
        "{book}"
    );
    let (code, _, error) = load();
    assert_eq!(code, 0, "{error}");
    assert_eq!(node.get("/books/_count").json()["count"], 10_000);
}

#[test]
fn a_load_into_nothing_says_so_and_ends_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("books.ndjson");
    std::fs::write(&file, "{\"title\":\"x\"}\n[1]\n").unwrap();
    let node = Node::start();
    let (code, _, error) = run(binary()
        .args(["load", "--index", "books", "--url", &node.url])
        .arg(&file));
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("line 2"), "{error}");
}
