//! Aggregations as a user sees them: over several shards, with too many buckets, and cancelled at any moment.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, eventually};
use std::time::{Duration, Instant};

/// Three nested levels that want every bucket there is.
const DEEP: &str = r#"{"size":0,"aggs":{"a":{"terms":{"field":"a","size":500000000},"aggs":{"b":{"terms":{"field":"b","size":500000000},"aggs":{
    "c":{"terms":{"field":"c","size":500000000}}}}}}}}"#;

/// An index of `documents` documents with five values in each of three fields, out of as many as there are documents.
fn deep(node: &Node, documents: usize) {
    let fields = r#"{"a":{"type":"keyword"},"b":{"type":"keyword"},"c":{"type":"keyword"}}"#;
    let body =
        format!(r#"{{"settings":{{"number_of_shards":2}},"mappings":{{"properties":{fields}}}}}"#);
    assert_eq!(node.put("/deep", &body).status, 200);
    let values = |document: usize, step: usize| {
        let value = |n: usize| format!("\"{}\"", (document * 31 + n * step) % documents);
        (0..5).map(value).collect::<Vec<_>>().join(",")
    };
    let line = |document: usize| {
        format!(
            "{{\"index\":{{}}}}\n{{\"a\":[{}],\"b\":[{}],\"c\":[{}]}}\n",
            values(document, 7),
            values(document, 11),
            values(document, 13)
        )
    };
    let lines: String = (0..documents).map(line).collect();
    let filled = node.bulk("/deep/_bulk?refresh=true", &lines);
    assert_eq!(filled.json()["errors"], false);
}

fn allow_buckets(node: &Node, buckets: u64) {
    let set = format!(r#"{{"transient":{{"search.max_buckets":{buckets}}}}}"#);
    assert_eq!(node.put("/_cluster/settings", &set).status, 200);
}

#[test]
fn shards_together_count_every_bucket_of_deep_terms() {
    let node = Node::start();
    deep(&node, 60);
    let found = node.post("/deep/_search", DEEP).json();
    let buckets = found["aggregations"]["a"]["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 60);
    assert!(buckets.iter().all(|bucket| bucket["doc_count"] == 5));
    let leaves: usize = buckets
        .iter()
        .flat_map(|bucket| bucket["b"]["buckets"].as_array().unwrap())
        .map(|bucket| bucket["c"]["buckets"].as_array().unwrap().len())
        .sum();
    assert!(leaves > 5 * 60 && leaves <= 60 * 125, "{leaves}");
}

#[test]
fn too_many_buckets_are_refused_and_the_limit_can_be_raised() {
    let node = Node::start();
    deep(&node, 60);
    allow_buckets(&node, 100);
    let refused = node.post("/deep/_search", DEEP);
    assert_eq!(refused.status, 503, "{}", refused.text);
    let cause = &refused.json()["error"]["caused_by"];
    assert_eq!(cause["type"], "too_many_buckets_exception");
    assert_eq!(cause["max_buckets"], 100);
    allow_buckets(&node, 1_000_000);
    assert_eq!(node.post("/deep/_search", DEEP).status, 200);
}

#[test]
fn deep_terms_end_soon_after_a_cancel_at_any_moment_and_give_their_memory_back() {
    let node = Node::start();
    deep(&node, 400);
    allow_buckets(&node, 2_000_000_000);
    let began = Instant::now();
    assert_eq!(node.post("/deep/_search", DEEP).status, 200);
    let whole = began.elapsed();
    let before = node.resident();
    let mut cancelled = 0;
    for step in 0..12 {
        let name = format!("deep-{step}");
        let search = node.in_background("POST", "/deep/_search", &name, DEEP);
        let moment = Instant::now() + whole * step / 12;
        eventually("the moment comes", || {
            (Instant::now() >= moment).then_some(())
        });
        let asked = Instant::now();
        let target = node
            .tasks_of(&name)
            .into_iter()
            .find(|task| task["action"] == "indices:data/read/search");
        if let Some(task) = target {
            node.post(&format!("/_tasks/{}/_cancel", harness::id(&task)), "");
        }
        let answer = search.join().unwrap();
        if answer.text.contains("task_cancelled_exception") {
            cancelled += 1;
            // The bound is 100 ms on an idle machine; tests share theirs.
            assert!(
                asked.elapsed() < Duration::from_secs(2),
                "{:?} after the cancel",
                asked.elapsed()
            );
        } else {
            assert_eq!(
                answer.status,
                200,
                "{}",
                &answer.text[..answer.text.len().min(300)]
            );
        }
        eventually("no task is left", || {
            node.tasks_of(&name).is_empty().then_some(())
        });
    }
    assert!(
        cancelled > 2,
        "only {cancelled} of 12 were cancelled in time"
    );
    let after = eventually("memory comes back", || {
        let now = node.resident();
        (now < before + (64 << 20)).then_some(now)
    });
    println!(
        "{whole:?} whole, {cancelled} of 12 cancelled, {before} bytes before and {after} after"
    );
}

#[test]
fn deep_terms_end_when_they_are_cancelled_while_they_are_joined_or_written() {
    let node = Node::start();
    deep(&node, 1_000);
    allow_buckets(&node, 2_000_000_000);
    for place in ["joining what the shards found", "writing the answer"] {
        // One that passes the place between two looks ends well: another is tried.
        let stopped = (0..30).any(|attempt| is_stopped_at(&node, place, attempt));
        assert!(stopped, "none was cancelled while {place}");
    }
}

/// Whether a search that is cancelled where its extended listing says `place` has no answer.
fn is_stopped_at(node: &Node, place: &str, attempt: usize) -> bool {
    let name = format!("{place} {attempt}").replace(' ', "-");
    let search = node.in_background("POST", "/deep/_search", &name, DEEP);
    let list = format!("/_tasks?group_by=none&extended&x_opaque_id={name}");
    let mut seen = false;
    let target = eventually("the search gets there or ends", || {
        let listed = node.get(&list).json();
        let tasks = listed["tasks"].as_array().unwrap();
        let found = tasks
            .iter()
            .find(|task| task["action"] == "indices:data/read/search");
        seen |= found.is_some();
        match found {
            Some(task) if task["glasswork"]["checkpoint"]["at"] == place => {
                Some(Some(task.clone()))
            }
            None if seen || search.is_finished() => Some(None),
            _ => None,
        }
    });
    let asked = Instant::now();
    if let Some(task) = target {
        node.post(&format!("/_tasks/{}/_cancel", harness::id(&task)), "");
    }
    let answer = search.join().unwrap();
    if answer.status == 200 {
        return false;
    }
    assert!(answer.text.contains("task_cancelled_exception"));
    // The bound is 100 ms on an idle machine; tests share theirs.
    assert!(asked.elapsed() < Duration::from_secs(2));
    true
}
