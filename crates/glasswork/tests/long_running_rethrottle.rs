//! Rethrottling: acceptance cases G 58–65.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, eventually, id, keys, long::count};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Asks for another pace; gives the tasks of the answer.
fn rethrottle(node: &Node, kind: &str, task: &str, pace: &str) -> Vec<Value> {
    let path = format!("/{kind}/{task}/_rethrottle?requests_per_second={pace}&group_by=none");
    let answer = node.post(&path, "");
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["tasks"].as_array().unwrap().clone()
}

#[test]
fn g58_a_faster_pace_shortens_the_wait() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("", "g58");
    node.first_wait(&task);
    let began = Instant::now();
    let tasks = rethrottle(&node, "_reindex", &task, "100");
    assert_eq!(tasks.len(), 1);
    assert_eq!(id(&tasks[0]), task);
    let status = &tasks[0]["status"];
    assert_eq!(status["requests_per_second"], json!(100.0));
    assert!(count(status, "throttled_until_millis") <= 60, "{status}");
    // At one a second it would last a minute.
    let ended = node.ended(&task);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(ended["response"]["created"], 60);
    assert_eq!(ended["response"]["requests_per_second"], json!(100.0));
}

#[test]
fn g59_without_a_limit_it_finishes_at_once_and_the_wait_that_was_cut_is_not_counted() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("", "g59");
    node.first_wait(&task);
    let began = Instant::now();
    let tasks = rethrottle(&node, "_reindex", &task, "-1");
    let status = &tasks[0]["status"];
    assert_eq!(status["requests_per_second"], json!(-1.0));
    assert_eq!(status["throttled_until_millis"], 0);
    let ended = node.ended(&task);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        ended["response"]["throttled_millis"], 0,
        "it was its first wait"
    );
    assert_eq!(ended["response"]["created"], 60);
}

#[test]
fn g59b_a_pace_that_comes_right_after_the_start_reaches_every_slice() {
    let node = Node::start();
    node.sixty();
    for round in 0..5 {
        let body = json!({"source": {"index": "source", "size": 5}, "dest": {"index": "target"}});
        let path = "/_reindex?wait_for_completion=false&requests_per_second=0.0001&slices=2";
        let task = node.start_task(path, &body, "g59b");
        let began = Instant::now();
        rethrottle(&node, "_reindex", &task, "-1");
        let ended = node.ended(&task);
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "round {round}: {:?}",
            began.elapsed()
        );
        assert_eq!(ended["response"]["total"], 60, "{ended}");
    }
}

#[test]
fn g60_a_leader_divides_the_pace_among_its_slices_and_adds_up_what_they_count() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_update("&slices=2", "g60");
    eventually("both slices have written a batch", || {
        let slices = node.children(&task);
        let wrote = |slice: &Value| slice["status"]["updated"] == 5;
        (slices.len() == 2 && slices.iter().all(wrote)).then_some(())
    });
    let tasks = rethrottle(&node, "_update_by_query", &task, "4");
    let status = &tasks[0]["status"];
    assert_eq!(status["requests_per_second"], json!(4.0), "{status}");
    let slices = status["slices"].as_array().unwrap();
    assert_eq!(slices.len(), 2);
    for (number, slice) in slices.iter().enumerate() {
        assert_eq!(slice["slice_id"], number);
        assert_eq!(slice["requests_per_second"], json!(2.0), "{slice}");
    }
    for name in ["total", "updated", "batches"] {
        let sum: u64 = slices.iter().map(|slice| count(slice, name)).sum();
        assert_eq!(count(status, name), sum, "{name}: {status}");
    }
    assert_eq!(status["total"], 60);
    let last = keys(status).last().copied();
    assert_eq!(last, Some("slices"));
    node.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
}

#[test]
fn g61_a_pace_that_is_none_is_refused() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("", "g61");
    let reason = |query: &str| {
        let answer = node.post(&format!("/_reindex/{task}/_rethrottle{query}"), "");
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        answer.json()["error"]["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let positive =
        "[requests_per_second] must be a float greater than 0. Use -1 to disable throttling.";
    assert_eq!(reason(""), "requests_per_second is a required parameter");
    assert_eq!(reason("?requests_per_second=0"), positive);
    assert_eq!(reason("?requests_per_second=-2"), positive);
    assert_eq!(reason("?requests_per_second=abc"), positive);
    assert_eq!(
        node.status(&task)["requests_per_second"],
        json!(1.0),
        "nothing changed"
    );
    node.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
}

#[test]
fn g62_g63_g64_g65_other_tasks_other_paths_and_other_groupings() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("", "g62");
    // 63: the path of another kind.
    let tasks = rethrottle(&node, "_update_by_query", &task, "2");
    assert_eq!(tasks[0]["status"]["requests_per_second"], json!(2.0));
    let path = |task: &str, more: &str| {
        format!("/_reindex/{task}/_rethrottle?requests_per_second=3{more}")
    };
    // 62: a task that is not there.
    let me = task.split(':').next().unwrap();
    let missing = node.post(&path(&format!("{me}:99999999"), ""), "");
    assert_eq!(missing.status, 200);
    let missing = missing.json();
    assert_eq!(
        missing["node_failures"][0]["caused_by"]["reason"],
        format!("task [{me}:99999999] is missing"),
        "{missing}"
    );
    // 64: a task of another kind.
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "g64");
    let other = id(&node.await_task("g64", "indices:data/read/search"));
    let refused = node.post(&path(&other, ""), "").json();
    let failure = &refused["task_failures"][0];
    assert_eq!(failure["status"], "BAD_REQUEST", "{refused}");
    assert_eq!(
        failure["reason"]["reason"],
        format!("task [{other}] is not a reindex, update-by-query or delete-by-query task")
    );
    let unharmed = node.task(&other).json();
    assert_eq!(
        (&unharmed["completed"], &unharmed["task"]["cancelled"]),
        (&json!(false), &json!(false))
    );
    node.post(&format!("/_tasks/{other}/_cancel"), "");
    search.join().unwrap();
    // 65: the shapes of a list.
    assert!(node.post(&path(&task, "&group_by=none"), "").json()["tasks"].is_array());
    assert!(node.post(&path(&task, "&group_by=parents"), "").json()["tasks"][&task].is_object());
    let by_node = node.post(&path(&task, ""), "").json();
    assert_eq!(
        by_node["nodes"][me]["tasks"][&task]["status"]["requests_per_second"],
        json!(3.0),
        "{by_node}"
    );
    node.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
}
