//! The recorded answers of the real server, replayed in the order in which they were recorded.
//!
//! `golden.pass` lists the exchanges that answer alike; none of them may be lost. With `GLASSWORK_GOLDEN=update` in the
//! environment those that answer alike now are added to it. What does not answer alike is printed with the reason.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;
mod replay;

use std::{collections::BTreeSet, path::Path};

use harness::{Node, shared};
use replay::{
    exchange::{Answer, Exchange, Ids, exchange},
    tokens::{difference, tokens},
};

/// Groups of the index that one fresh node can answer in one go.
const GROUPS: &[&str] = &[
    "Root, listing tasks",
    "Documents and search",
    "Cluster, nodes, cat",
    "Errors and HTTP itself",
];

/// Headers that say nothing about compatibility.
const INCIDENTAL: &[&str] = &[
    "content-length",
    "connection",
    "transfer-encoding",
    "date",
    "task_resource_usage",
];

#[test]
fn recorded_answers_are_given_again() {
    let Some(folder) = shared("recorded_answers_are_given_again") else {
        return;
    };
    let folder = folder.join("golden");
    let index = std::fs::read_to_string(folder.join("INDEX.md")).unwrap();
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.pass");
    let kept = std::fs::read_to_string(&list).unwrap_or_default();
    let kept: BTreeSet<String> = kept
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect();

    let node = Node::with(&["--name", "node-0", "--cluster-name", "glasswork-reference"]);
    let mut passed = BTreeSet::new();
    let (mut tried, mut lost) = (0, Vec::new());
    let mut ids = Ids::of_node(&node_id(&node));
    for name in cases(&index) {
        let Some(recorded) = Exchange::read(&folder, name) else {
            continue;
        };
        tried += 1;
        let found = recorded.send(node.address(), &ids);
        ids.learn(&recorded.answer, &found);
        match mismatch(&recorded.answer, &found) {
            None => {
                passed.insert(name.to_owned());
            }
            Some(reason) => {
                println!("{name}: {reason}");
                if kept.contains(name) {
                    lost.push(name);
                }
            }
        }
        prepare_after(name, &node, &folder);
    }
    let new: Vec<&String> = passed.difference(&kept).collect();
    println!(
        "{} of {tried} recorded answers are given again; new: {new:?}",
        passed.len()
    );
    if std::env::var_os("GLASSWORK_GOLDEN").is_some_and(|word| word == "update") {
        let all: Vec<String> = passed.union(&kept).cloned().collect();
        let text = format!(
            "# Recorded exchanges that answer alike; see golden.rs.\n{}\n",
            all.join("\n")
        );
        std::fs::write(&list, text).unwrap();
    }
    assert!(lost.is_empty(), "no longer answered as recorded: {lost:?}");
}

/// The names of the groups' exchanges, in order.
fn cases(index: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut wanted = false;
    for line in index.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            wanted = GROUPS.iter().any(|group| title.starts_with(group));
        } else if wanted
            && let Some(name) = line
                .strip_prefix("| `")
                .and_then(|rest| rest.split('`').next())
        {
            names.push(name);
        }
    }
    names
}

/// What was done between two recordings without being recorded.
fn prepare_after(name: &str, node: &Node, folder: &Path) {
    if name != "doc-bad-date" {
        return;
    }
    for id in ["21", "22", "23"] {
        node.delete(&format!("/books/_doc/{id}"));
    }
    if let Some(books) = Exchange::read(folder, "bulk") {
        books.send(node.address(), &Ids::of_node(""));
    }
    node.post("/books/_forcemerge?max_num_segments=1&flush=true", "");
    node.post("/books/_refresh", "");
}

fn node_id(node: &Node) -> String {
    let head = format!(
        "GET /_nodes/_local HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        node.address()
    );
    let nodes = exchange(node.address(), head.as_bytes(), "");
    let parsed: serde_json::Value = serde_json::from_str(&nodes.body).unwrap_or_default();
    let id = parsed["nodes"]
        .as_object()
        .and_then(|nodes| nodes.keys().next().cloned());
    id.unwrap_or_default()
}

/// Why an answer is not the recorded one.
fn mismatch(recorded: &Answer, found: &Answer) -> Option<String> {
    if recorded.status != found.status {
        let start: String = found.body.chars().take(300).collect();
        return Some(format!(
            "status {} but {} was recorded: {start}",
            found.status, recorded.status
        ));
    }
    let headers = |answer: &Answer| {
        let mut headers: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| !INCIDENTAL.contains(&name.as_str()))
            .flat_map(|(name, value)| tokens(&format!("{name}: {value}"), false))
            .collect();
        headers.sort();
        headers
    };
    if let Some(difference) = difference(&headers(recorded), &headers(found)) {
        return Some(format!("headers: {difference}"));
    }
    let json = recorded.body.trim_start().starts_with(['{', '[']);
    difference(&tokens(&recorded.body, json), &tokens(&found.body, json))
}
