//! Cancelling long-running work in every state it can be in: acceptance cases E 44 and 45, F 50 and 51.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{
    Node, SLOW, eventually, id,
    long::{THROTTLED, count, reached},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A script that runs until it is cancelled.
const ENDLESS: &str =
    "long s = 0; for (int i = 0; i < 2000000000; i++) { s += i % 7 } ctx._source.s = s";

/// Cancels and waits; what is stored says so, and nothing is left.
fn is_cancelled(node: &Node, task: &str, state: &str) -> Value {
    let began = Instant::now();
    let path = format!("/_tasks/{task}/_cancel?wait_for_completion=true&group_by=none");
    let answer = node.post(&path, "");
    assert_eq!(answer.status, 200, "{state}: {}", answer.text);
    let answer = answer.json();
    assert_eq!(id(&answer["tasks"][0]), task, "{state}: {answer}");
    assert_eq!(answer["tasks"][0]["cancelled"], true, "{state}: {answer}");
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{state}: {:?}",
        began.elapsed()
    );
    let listed = node
        .get("/_tasks?group_by=none&actions=*reindex,*byquery")
        .json();
    assert_eq!(
        listed["tasks"],
        json!([]),
        "{state}: it answers when the task is gone"
    );
    let got = node.task(task).json();
    assert_eq!(got["completed"], true, "{state}: {got}");
    assert_eq!(got["task"]["cancelled"], true, "{state}: {got}");
    assert_eq!(
        got["task"]["status"]["canceled"], "by user request",
        "{state}: {got}"
    );
    assert_eq!(node.stored_once(task), got, "{state}");
    if let Some(response) = got.get("response") {
        assert_eq!(response["canceled"], "by user request", "{state}: {got}");
        assert_eq!(
            response["requests_per_second"],
            json!(-1.0),
            "{state}: {got}"
        );
        assert_eq!(response["throttled_until_millis"], 0, "{state}: {got}");
        assert!(
            reached(response) <= count(response, "total"),
            "{state}: {got}"
        );
    } else {
        // A search that was cancelled, or could not begin, has failed: as in OpenSearch, so has what needed it.
        let error = &got["error"];
        let cancelled = |error: &Value| error["type"] == "task_cancelled_exception";
        assert!(
            cancelled(error) || cancelled(&error["caused_by"]),
            "{state}: {got}"
        );
    }
    node.is_quiet();
    got
}

#[test]
fn e44_a_waiting_cancel_answers_when_the_task_is_gone_whatever_it_was_doing() {
    let node = Node::start();
    node.sixty();
    node.filled("large", 2, 3000, |n| json!({"n": n}));

    let task = node.throttled_delete("", "wait");
    node.first_wait(&task);
    let got = is_cancelled(&node, &task, "in its throttle");
    assert_eq!(got["response"]["deleted"], 5);
    assert_eq!(got["response"]["failures"], json!([]));

    let task = node.throttled_update("", "first");
    is_cancelled(&node, &task, "just started");

    let task = node.throttled_reindex("&slices=5", "slices");
    is_cancelled(&node, &task, "just started, divided");

    let body = json!({"source": {"index": "large", "size": 1, "query": {"match_all": {}}}, "dest": {"index": "copied"}});
    let task = node.start_task("/_reindex?wait_for_completion=false", &body, "writes");
    node.first_batch(&task);
    let got = is_cancelled(&node, &task, "while it writes");
    assert!(reached(&got["task"]["status"]) < 3000, "{got}");

    let slow: Value = serde_json::from_str(SLOW).unwrap();
    let body =
        json!({"source": {"index": "source", "query": slow["query"]}, "dest": {"index": "x"}});
    let task = node.start_task("/_reindex?wait_for_completion=false", &body, "searches");
    node.await_task("searches", "indices:data/read/search[phase/query]");
    let got = is_cancelled(&node, &task, "while it searches");
    assert_eq!(
        got["error"]["type"], "search_phase_execution_exception",
        "{got}"
    );
}

#[test]
fn e44_a_task_that_runs_a_script_or_is_paused_is_cancelled_too() {
    let node = Node::start();
    node.sixty();
    let path = "/source/_update_by_query?wait_for_completion=false&scroll_size=1";
    let task = node.start_task(path, &json!({"script": {"source": ENDLESS}}), "script");
    eventually("its script runs", || {
        let got = node.task(&task).json();
        (got["task"]["status"]["batches"] == 1).then_some(())
    });
    is_cancelled(&node, &task, "in its script");

    let task = node.throttled_update("", "paused");
    node.first_wait(&task);
    let paused = node.post(&format!("/_tasks/{task}/_pause"), "");
    assert_eq!(paused.status, 200, "{}", paused.text);
    let got = is_cancelled(&node, &task, "paused");
    assert_eq!(got["response"]["updated"], 5, "{got}");

    let task = node.throttled_reindex("&slices=3", "twice");
    node.post(&format!("/_tasks/{task}/_pause"), "");
    is_cancelled(&node, &task, "divided and paused");
}

#[test]
fn e45_a_second_cancel_keeps_the_moment_of_the_first() {
    let node = Node::start();
    node.sixty();
    for _ in 0..5 {
        let task = node.throttled_reindex("", "e45");
        let path = format!("/_tasks/{task}/_cancel?group_by=none");
        let first = node.post(&path, "").json();
        let second = node.post(&path, "").json();
        let moment = |answer: &Value| answer["tasks"][0]["cancellation_time_millis"].clone();
        assert!(moment(&first).is_u64(), "{first}");
        match second.get("node_failures") {
            None => assert_eq!(moment(&second), moment(&first)),
            Some(failures) => {
                let reason = failures[0]["caused_by"]["reason"].as_str().unwrap();
                assert_eq!(reason, format!("task [{task}] is not found"));
            }
        }
        let ended = node.ended(&task);
        assert_eq!(ended["task"]["cancellation_time_millis"], moment(&first));
    }
}

#[test]
fn f50_cancelling_a_divided_update_ends_each_slice_and_one_slice_ends_alone() {
    let node = Node::start();
    node.sixty();
    let both_wrote = |task: &str| {
        eventually("both slices have written a batch", || {
            let slices = node.children(task);
            let wrote = |slice: &Value| {
                slice["status"]["updated"] == 5 && slice["status"]["throttled_until_millis"] != 0
            };
            (slices.len() == 2 && slices.iter().all(wrote)).then_some(slices)
        })
    };
    let task = node.throttled_update("&slices=2", "f50");
    both_wrote(&task);
    let got = is_cancelled(&node, &task, "divided");
    for place in [&got["response"], &got["task"]["status"]] {
        let slices = place["slices"].as_array().unwrap();
        assert_eq!(slices.len(), 2, "{got}");
        for slice in slices {
            assert_eq!(slice["canceled"], "by user request", "{got}");
            assert_eq!(slice["updated"], 5);
        }
        assert_eq!(place["updated"], 10);
    }
    assert_eq!(node.documents(".tasks").len(), 1, "slices store nothing");

    let task = node.throttled_update("&slices=2", "f50b");
    let slices = both_wrote(&task);
    node.post(&format!("/_tasks/{}/_cancel", id(&slices[1])), "");
    let status = eventually("the slice ends", || {
        let status = node.status(&task);
        status["slices"][1].is_object().then_some(status)
    });
    assert_eq!(status["slices"][0], Value::Null, "{status}");
    assert_eq!(status["slices"][1]["canceled"], "by user request");
    assert_eq!(status.get("canceled"), None, "the other goes on");
    node.post(
        &format!("/_update_by_query/{task}/_rethrottle?requests_per_second=-1"),
        "",
    );
    let ended = node.ended(&task);
    assert_eq!(ended["task"]["cancelled"], false, "{ended}");
    assert!(reached(&ended["response"]) < 60, "{ended}");
}

#[test]
fn f51_cancelling_an_msearch_reaches_its_searches_and_their_shards() {
    let node = Node::start();
    node.index("slow", 2, 20);
    let body = format!("{{\"index\":\"slow\"}}\n{SLOW}\n{{\"index\":\"slow\"}}\n{SLOW}\n");
    let several = node.in_background("POST", "/_msearch", "f51", &body);
    let root = node.await_task("f51", "indices:data/read/msearch");
    eventually("both searches are on their shards", || {
        let tasks = node.tasks_of("f51");
        let shards = tasks
            .iter()
            .filter(|task| task["action"] == "indices:data/read/search[phase/query]");
        (shards.count() >= 2).then_some(())
    });
    let began = Instant::now();
    node.post(&format!("/_tasks/{}/_cancel", id(&root)), "");
    let left = node.tasks_of("f51");
    assert!(
        left.iter().all(|task| task["cancelled"] == true),
        "{left:?}"
    );
    several.join().unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    eventually("nothing of it is left", || {
        node.tasks_of("f51").is_empty().then_some(())
    });
}

#[test]
fn b15_j82_slices_are_children_of_their_leader_and_carry_its_headers() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("&slices=2", "j82");
    let slices = eventually("both slices have written a batch", || {
        let slices = node.children(&task);
        let wrote = |slice: &Value| slice["status"]["created"] == 5;
        (slices.len() == 2 && slices.iter().all(wrote)).then_some(slices)
    });
    for (number, slice) in slices.iter().enumerate() {
        assert_eq!(slice["action"], "indices:data/write/reindex");
        assert_eq!(slice["parent_task_id"], task.as_str());
        assert_eq!(slice["status"]["slice_id"], number);
        assert_eq!(slice["status"]["requests_per_second"], json!(0.5));
        assert_eq!(slice["headers"], json!({"X-Opaque-Id": "j82"}));
    }
    // The leader's own counts stay zero while its slices run.
    let status = node.status(&task);
    assert_eq!(
        (&status["created"], &status["slices"]),
        (&json!(0), &json!([null, null]))
    );
    node.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
    assert_eq!(
        node.ended(&task)["task"]["headers"],
        json!({"X-Opaque-Id": "j82"})
    );

    // The search of a slice and its shards carry them too.
    let slow: Value = serde_json::from_str(SLOW).unwrap();
    let body =
        json!({"source": {"index": "source", "query": slow["query"]}, "dest": {"index": "x"}});
    let path = format!("/_reindex?{THROTTLED}&slices=2");
    let task = node.start_task(&path, &body, "j82s");
    let query = node.await_task("j82s", "indices:data/read/search[phase/query]");
    let tree = node.tasks_of("j82s");
    let search = tree
        .iter()
        .find(|other| query["parent_task_id"] == id(other).as_str())
        .unwrap();
    assert_eq!(search["action"], "indices:data/read/search");
    assert!(
        node.children(&task)
            .iter()
            .any(|slice| search["parent_task_id"] == id(slice).as_str())
    );
    node.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
    node.is_quiet();
}
