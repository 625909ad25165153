//! Races (O): whatever meets whatever, nothing is listed twice, nothing hangs and nothing is left.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, eventually, id};
use std::{collections::HashSet, thread, time::Duration};

#[test]
fn a_thousand_short_requests_leave_nothing_while_lists_show_no_task_twice() {
    let node = Node::start();
    node.index("books", 2, 50);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..125 {
                        assert_eq!(
                            node.post("/books/_search", r#"{"query":{"match_all":{}}}"#)
                                .status,
                            200
                        );
                    }
                })
            })
            .collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            let list = node.get("/_tasks?group_by=none").json();
            let ids: Vec<_> = list["tasks"].as_array().unwrap().iter().map(id).collect();
            assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        }
    });
    let left = node.get("/_tasks?group_by=none").json();
    assert_eq!(left["tasks"].as_array().unwrap().len(), 2, "{left}");
}

#[test]
fn a_cancel_that_meets_the_end_either_cancels_or_finds_nothing() {
    let node = Node::start();
    node.index("books", 1, 20);
    let body = r#"{"query":{"script":{"script":{"source":"long s = 0; for (int i = 0; i < 3000; i++) { s += i % 7 } return s > 0"}}}}"#;
    for round in 0..60 {
        let label = format!("r{round}");
        let search = node.in_background("POST", "/books/_search", &label, body);
        let cancel = loop {
            let tasks = node.tasks_of(&label);
            match tasks
                .iter()
                .find(|task| task["action"] == "indices:data/read/search")
            {
                Some(task) => break Some(node.post(&format!("/_tasks/{}/_cancel", id(task)), "")),
                None if search.is_finished() => break None,
                None => thread::park_timeout(Duration::from_micros(50)),
            }
        };
        let answer = search.join().unwrap();
        assert!(
            answer.status == 200 || answer.status == 500,
            "{}",
            answer.text
        );
        if let Some(cancel) = cancel {
            let cancel = cancel.json();
            let accepted = cancel.get("node_failures").is_none();
            assert!(
                accepted
                    || cancel["node_failures"][0]["caused_by"]["reason"]
                        .as_str()
                        .unwrap()
                        .ends_with("is not found")
            );
        }
    }
    eventually("nothing is left", || {
        let left = node.get("/_tasks?group_by=none").json();
        (left["tasks"].as_array().unwrap().len() == 2).then_some(())
    });
}
