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

use std::path::Path;

use harness::{Node, shared};
use replay::{
    exchange::{Exchange, Ids, node_id},
    list::Findings,
};

/// Groups of the index that one fresh node can answer in one go.
const GROUPS: &[&str] = &[
    "Root, listing tasks",
    "Documents and search",
    "Cluster, nodes, cat",
    "Errors and HTTP itself",
];

#[test]
fn recorded_answers_are_given_again() {
    let Some(folder) = shared("recorded_answers_are_given_again") else {
        return;
    };
    let folder = folder.join("golden");
    let index = std::fs::read_to_string(folder.join("INDEX.md")).unwrap();

    let node = Node::with(&["--name", "node-0", "--cluster-name", "glasswork-reference"]);
    let mut findings = Findings::begin();
    let mut ids = Ids::of_node(&node_id(node.address()));
    for name in cases(&index) {
        let Some(recorded) = Exchange::read(&folder, name) else {
            continue;
        };
        let found = recorded.send(node.address(), &ids);
        ids.learn(&recorded.answer, &found);
        findings.compare(name, &recorded.answer, &found);
        prepare_after(name, &node, &folder);
    }
    findings.tell();
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
