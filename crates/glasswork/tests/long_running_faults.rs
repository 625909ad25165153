//! What goes wrong in the middle of long-running work is counted, told in `failures` or `error`, and stored; the task ends.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{
    Node, keys,
    long::{count, reached},
};
use serde_json::{Value, json};

const START: &str = "/_reindex?wait_for_completion=false";

#[test]
fn documents_that_the_target_refuses_are_told_one_by_one() {
    let node = Node::start();
    // Every tenth document has a field more.
    node.filled("source", 1, 60, |n| match n % 10 {
        9 => json!({"n": n, "odd": true}),
        _ => json!({"n": n}),
    });
    node.put(
        "/strict",
        r#"{"mappings":{"dynamic":"strict","properties":{"n":{"type":"long"}}}}"#,
    );
    for (conflicts, slices) in [("abort", 1), ("proceed", 1), ("abort", 3)] {
        let body = json!({
            "conflicts": conflicts,
            "source": {"index": "source", "size": 20},
            "dest": {"index": "strict"},
        });
        let task = node.start_task(&format!("{START}&slices={slices}"), &body, "strict");
        let ended = node.ended(&task);
        assert_eq!(node.stored_once(&task), ended);
        let response = &ended["response"];
        let failures = response["failures"].as_array().unwrap();
        assert!(!failures.is_empty(), "{ended}");
        for failure in failures {
            assert_eq!(keys(failure), ["index", "id", "cause", "status"]);
            assert_eq!(
                (&failure["index"], &failure["status"]),
                (&json!("strict"), &json!(400))
            );
            assert_eq!(failure["cause"]["type"], "strict_dynamic_mapping_exception");
            let id: u64 = failure["id"].as_str().unwrap().parse().unwrap();
            assert_eq!(id % 10, 9, "{failure}");
        }
        if slices == 1 {
            assert_eq!(
                failures.len(),
                2,
                "the first batch of twenty has two of them"
            );
            assert_eq!(reached(response), 18, "{ended}");
            assert_eq!(response["batches"], 1);
        }
        assert!(reached(response) + failures.len() as u64 <= count(response, "total"));
        let written = count(response, "created") + count(response, "updated");
        assert!(
            node.documents("strict").len() as u64 >= written.min(18),
            "{ended}"
        );
    }
    node.is_quiet();
}

#[test]
fn a_source_that_is_deleted_in_the_middle_ends_the_work() {
    let node = Node::start();
    for slices in [1, 2] {
        node.sixty();
        let task = node.throttled_reindex(&format!("&slices={slices}"), "deleted");
        harness::eventually("it has copied something", || {
            (!node.documents("target").is_empty()).then_some(())
        });
        assert_eq!(node.delete("/source").status, 200);
        node.post(
            &format!("/_reindex/{task}/_rethrottle?requests_per_second=-1"),
            "",
        );
        let ended = node.ended(&task);
        assert_eq!(node.stored_once(&task), ended);
        let failed = match ended.get("response") {
            Some(response) => {
                assert!(reached(response) < count(response, "total"), "{ended}");
                response["failures"] != json!([])
            }
            None => ended["error"]["type"].is_string(),
        };
        assert!(failed, "that something is missing is not told: {ended}");
        node.is_quiet();
        node.delete("/target");
    }
}

#[test]
fn a_target_that_is_deleted_or_closed_in_the_middle_is_made_again_or_told() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("", "closed");
    node.first_batch(&task);
    assert_eq!(node.post("/target/_close", "").status, 200);
    node.post(
        &format!("/_reindex/{task}/_rethrottle?requests_per_second=-1"),
        "",
    );
    let ended = node.ended(&task);
    let failures = ended["response"]["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 5, "{ended}");
    assert_eq!(failures[0]["cause"]["type"], "index_closed_exception");
    assert_eq!(ended["response"]["created"], 5);
    node.delete("/target");

    let task = node.throttled_reindex("", "deleted");
    node.first_batch(&task);
    assert_eq!(node.delete("/target").status, 200);
    node.post(
        &format!("/_reindex/{task}/_rethrottle?requests_per_second=-1"),
        "",
    );
    let ended = node.ended(&task);
    assert_eq!(ended["response"]["created"], 60, "{ended}");
    assert_eq!(node.documents("target").len(), 55);
    node.is_quiet();
}

#[test]
fn a_script_that_throws_or_never_ends_is_an_error() {
    let node = Node::start();
    node.sixty();
    let throws = "if (ctx._source.n == 33) { throw new IllegalArgumentException('not this one') } ctx._source.n += 100";
    let endless = "while (true) { ctx._source.n++ }";
    for (script, reason, divided) in [
        (throws, Some("not this one"), &[1, 2][..]),
        (endless, None, &[1]),
    ] {
        for slices in divided {
            node.post("/source/_refresh", "");
            let path = format!(
                "/source/_update_by_query?wait_for_completion=false&scroll_size=5&slices={slices}"
            );
            let task = node.start_task(&path, &json!({"script": {"source": script}}), "script");
            let ended = node.ended(&task);
            assert_eq!(node.stored_once(&task), ended);
            let error = &ended["error"];
            assert_eq!(error["type"], "script_exception", "{ended}");
            assert_eq!(error["reason"], "runtime error", "{ended}");
            assert_eq!(error["script"], script, "{ended}");
            if let Some(reason) = reason {
                assert_eq!(error["caused_by"]["reason"], reason, "{ended}");
            }
            assert_eq!(ended["task"]["cancelled"], false);
            node.is_quiet();
        }
    }
    // Batches before the one that failed are written; no document more than once a run.
    let found = node.documents("source");
    let thirty_three = &found["33"];
    assert_eq!(
        (thirty_three.version, &thirty_three.source),
        (1, &json!({"n": 33}))
    );
    assert!(found.values().all(|found| found.version <= 3));
}

#[test]
fn conflicts_are_counted_and_end_the_work_unless_it_is_to_go_on() {
    let node = Node::start();
    node.filled("target", 1, 30, |n| json!({"n": n, "mine": true}));
    node.sixty();
    let body = |conflicts: &str| {
        json!({
            "conflicts": conflicts,
            "source": {"index": "source", "size": 60},
            "dest": {"index": "target", "op_type": "create"},
        })
    };
    let proceeds = node.start_task(START, &body("proceed"), "proceeds");
    let response: Value = node.ended(&proceeds)["response"].take();
    assert_eq!(
        (
            count(&response, "created"),
            count(&response, "version_conflicts")
        ),
        (30, 30)
    );
    assert_eq!(response["failures"], json!([]));
    assert_eq!(reached(&response), 60);
    let aborts = node.start_task(START, &body("abort"), "aborts");
    let response: Value = node.ended(&aborts)["response"].take();
    assert_eq!(count(&response, "version_conflicts"), 60);
    let failures = response["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 60);
    assert_eq!(failures[0]["status"], 409);
    assert_eq!(
        failures[0]["cause"]["type"],
        "version_conflict_engine_exception"
    );
    let kept = node
        .documents("target")
        .values()
        .filter(|found| found.source["mine"] == true)
        .count();
    assert_eq!(kept, 30);
}
