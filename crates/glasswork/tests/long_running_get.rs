//! Getting long-running work and its stored result: acceptance cases D 27–29 and 35–37, H 66 and 68–70.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{
    Node, eventually, keys,
    long::{THROTTLED, reached},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const STATUS: [&str; 11] = [
    "total",
    "updated",
    "created",
    "deleted",
    "batches",
    "version_conflicts",
    "noops",
    "retries",
    "throttled_millis",
    "requests_per_second",
    "throttled_until_millis",
];

#[test]
fn d27_a_running_reindex_shows_its_counts_and_what_it_does() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("", "d27");
    node.first_wait(&task);
    let got = node.task(&task).json();
    assert_eq!(keys(&got), ["completed", "task"]);
    assert_eq!(got["completed"], false);
    assert_eq!(got["task"]["action"], "indices:data/write/reindex");
    assert_eq!(
        got["task"]["description"],
        "reindex from [source] to [target]"
    );
    assert_eq!(got["task"]["cancellable"], true);
    assert!(got["task"]["resource_stats"].is_object());
    let status = &got["task"]["status"];
    assert_eq!(keys(status), STATUS, "{status}");
    assert_eq!(
        (&status["total"], &status["created"], &status["batches"]),
        (&json!(60), &json!(5), &json!(1))
    );
    assert_eq!(status["requests_per_second"], json!(1.0));
    let until = status["throttled_until_millis"].as_u64().unwrap();
    assert!((1..=5000).contains(&until), "{status}");
    node.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
}

#[test]
fn d28_a_finished_reindex_keeps_its_answer_d37_and_whoever_waits_gets_it_at_once() {
    let node = Node::start();
    node.sixty();
    let body = json!({"source": {"index": "source", "size": 20}, "dest": {"index": "target"}});
    // Two waits of half a second.
    let path = "/_reindex?wait_for_completion=false&requests_per_second=40";
    let task = node.start_task(path, &body, "d37");
    let waiting = node.in_background(
        "GET",
        &format!("/_tasks/{task}?wait_for_completion=true"),
        "d37-waits",
        "",
    );
    node.await_task("d37-waits", "cluster:monitor/task/get");
    eventually("the reindex ends", || {
        let listed = node.get("/_tasks?group_by=none&actions=*reindex").json();
        listed["tasks"].as_array().unwrap().is_empty().then_some(())
    });
    let ended = Instant::now();
    let waited = waiting.join().unwrap().json();
    assert!(
        ended.elapsed() < Duration::from_millis(200),
        "{:?}",
        ended.elapsed()
    );
    assert_eq!(
        waited,
        node.task(&task).json(),
        "the stored answer is included"
    );
    assert_eq!(keys(&waited), ["completed", "task", "response"]);
    assert_eq!(waited["completed"], true);
    assert_eq!(waited["task"]["cancelled"], false);
    assert_eq!(waited["task"].get("resource_stats"), None);
    let response = &waited["response"];
    assert_eq!(
        (&response["total"], &response["created"]),
        (&json!(60), &json!(60))
    );
    assert_eq!(response["batches"], 3);
    assert_eq!(response["throttled_until"], "0s");
    assert_eq!(response["failures"], json!([]));

    // Without a limit, nothing is throttled.
    let task = node.start_task("/_reindex?wait_for_completion=false", &body, "d28");
    let ended = node.ended(&task);
    assert_eq!(ended["response"]["total"], 60);
    assert_eq!(ended["response"]["throttled"], "0s");
    assert_eq!(ended["response"]["requests_per_second"], json!(-1.0));
}

#[test]
fn d29_a_reindex_without_its_source_keeps_the_error() {
    let node = Node::start();
    let body = json!({"source": {"index": "missing"}, "dest": {"index": "target"}});
    let task = node.start_task("/_reindex?wait_for_completion=false", &body, "d29");
    let ended = node.ended(&task);
    assert_eq!(keys(&ended), ["completed", "task", "error"]);
    assert_eq!(ended["completed"], true);
    assert_eq!(ended["error"]["type"], "index_not_found_exception");
    assert_eq!(ended["error"]["reason"], "no such index [missing]");
    assert_eq!(ended["task"]["status"]["requests_per_second"], json!(0.0));
    assert_eq!(node.stored_once(&task), ended);
}

#[test]
fn d35_d36_a_wait_for_long_work_ends_in_time() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("", "d35");
    let began = Instant::now();
    let late = node.get(&format!(
        "/_tasks/{task}?wait_for_completion=true&timeout=1s"
    ));
    assert!(
        (1000..1400).contains(&began.elapsed().as_millis()),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        (late.status, late.json()["error"]["type"].as_str()),
        (504, Some("timeout_exception"))
    );
    let began = Instant::now();
    let at_once = node.get(&format!(
        "/_tasks/{task}?wait_for_completion=true&timeout=0s"
    ));
    assert_eq!(at_once.status, 504);
    assert!(began.elapsed() < Duration::from_millis(400));
    node.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
}

#[test]
fn h66_only_the_id_is_told_and_the_result_is_a_document_of_the_tasks_index() {
    let node = Node::start();
    node.sixty();
    let task = node.throttled_reindex("", "h66");
    node.first_wait(&task);
    assert_eq!(
        node.get(&format!("/.tasks/_doc/{task}")).status,
        404,
        "nothing is stored while it runs"
    );
    node.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
    let stored = node.stored_once(&task);
    assert_eq!(stored["completed"], true);
    assert_eq!(stored["response"]["canceled"], "by user request");
    let shown = node.get("/.tasks").json();
    let (mappings, settings) = (
        &shown[".tasks"]["mappings"],
        &shown[".tasks"]["settings"]["index"],
    );
    assert_eq!(mappings["dynamic"], "strict");
    assert_eq!(mappings["_meta"], json!({"version": 5}));
    assert_eq!(
        mappings["properties"]["response"],
        json!({"type": "object", "enabled": false})
    );
    assert_eq!(
        mappings["properties"]["task"]["properties"]["action"],
        json!({"type": "keyword"})
    );
    assert_eq!(settings["number_of_shards"], "1");
    assert_eq!(settings["auto_expand_replicas"], "0-1");
    assert_eq!(settings["priority"], "2147483647");
    node.post("/.tasks/_refresh", "");
    let by_action = r#"{"query":{"term":{"task.action":"indices:data/write/reindex"}}}"#;
    let found = node.post("/.tasks/_search", by_action).json();
    assert_eq!(found["hits"]["total"]["value"], 1, "{found}");
    assert_eq!(found["hits"]["hits"][0]["_id"], task.as_str());
}

#[test]
fn h68_what_needs_no_index_to_be_refused_is_refused_at_once_and_the_rest_is_stored() {
    let node = Node::start();
    node.sixty();
    let start = "/_reindex?wait_for_completion=false";
    let own = json!({"source": {"index": "source"}, "dest": {"index": "source"}});
    let task = node.start_task(start, &own, "h68");
    let error = &node.ended(&task)["error"];
    assert_eq!(error["type"], "action_request_validation_exception");
    assert_eq!(
        error["reason"],
        "Validation Failed: 1: reindex cannot write into an index its reading from [source];"
    );
    let before = node.documents(".tasks").len();
    for body in [
        r#"{"source":{"index":"source"}}"#,
        r#"{"sauce":{},"source":{"index":"source"},"dest":{"index":"x"}}"#,
        r#"{"source":{"index":"source"},"dest":{"index":"x"},"script":{"source":"ctx._source.x = ;"}}"#,
        r#"{"source":"#,
    ] {
        let refused = node.post(start, body);
        assert_eq!(refused.status, 400, "{body}: {}", refused.text);
    }
    for path in [
        "/_reindex?wait_for_completion=false&requests_per_second=0",
        "/_reindex?wait_for_completion=false&slices=0",
        "/source/_delete_by_query?wait_for_completion=false",
    ] {
        let body = if path.contains("delete") {
            "{}"
        } else {
            r#"{"source":{"index":"source"},"dest":{"index":"x"}}"#
        };
        let refused = node.post(path, body);
        assert_eq!(refused.status, 400, "{path}: {}", refused.text);
    }
    assert_eq!(
        node.documents(".tasks").len(),
        before,
        "none of them became a task"
    );
    node.is_quiet();
}

#[test]
fn h69_a_merge_is_started_without_waiting_h70_and_a_result_can_be_deleted() {
    let node = Node::start();
    node.sixty();
    let path = "/source/_forcemerge?max_num_segments=1&wait_for_completion=false";
    let task = node.post(path, "").json()["task"]
        .as_str()
        .unwrap()
        .to_owned();
    let ended = node.ended(&task);
    assert_eq!(
        ended["response"],
        json!({"_shards": {"total": 2, "successful": 2, "failed": 0}})
    );
    assert_eq!(ended["task"]["action"], "indices:admin/forcemerge");
    let description = ended["task"]["description"].as_str().unwrap();
    assert!(
        description.starts_with(
            "Force-merge indices [source], maxSegments[1], onlyExpungeDeletes[false], flush[true]"
        ),
        "{description}"
    );
    // As a document, as in OpenSearch.
    assert_eq!(node.delete(&format!("/.tasks/_doc/{task}")).status, 200);
    let gone = node.task(&task);
    assert_eq!(gone.status, 404);
    let error = &gone.json()["error"];
    assert_eq!(
        error["reason"],
        format!("task [{task}] isn't running and hasn't stored its results")
    );
    assert_eq!(error.get("caused_by"), None, "the index is there");
    // As a result.
    let task = node.post(path, "").json()["task"]
        .as_str()
        .unwrap()
        .to_owned();
    node.ended(&task);
    assert_eq!(node.delete(&format!("/_tasks/{task}")).status, 200);
    assert_eq!(node.delete(&format!("/_tasks/{task}")).status, 404);
    assert_eq!(node.task(&task).status, 404);
    let running = node.throttled_reindex("", "h70");
    assert_eq!(node.delete(&format!("/_tasks/{running}")).status, 409);
    node.post(
        &format!("/_tasks/{running}/_cancel?wait_for_completion=true"),
        "",
    );
}

#[test]
fn every_kind_is_described_and_counted_as_in_the_reference() {
    let node = Node::start();
    node.sixty();
    let script = json!({"script": {"source": "ctx._source.n++"}, "query": {"term": {"n": 7}}});
    let path = "/source/_update_by_query?wait_for_completion=false&refresh=true";
    let task = node.start_task(path, &script, "u");
    let ended = node.ended(&task);
    assert_eq!(
        ended["task"]["description"],
        "update-by-query [source] updated with Script{type=inline, lang='painless', idOrCode='ctx._source.n++', options={}, params={}}"
    );
    assert_eq!(
        (&ended["response"]["total"], &ended["response"]["updated"]),
        (&json!(1), &json!(1))
    );
    let query = json!({"query": {"range": {"n": {"lt": 10}}}});
    let path = format!("/source/_delete_by_query?{THROTTLED}000&slices=2");
    let task = node.start_task(&path, &query, "d");
    let ended = node.ended(&task);
    assert_eq!(ended["task"]["description"], "delete-by-query [source]");
    // 7 became 8.
    let response: &Value = &ended["response"];
    assert_eq!(
        (reached(response), &response["deleted"]),
        (10, &json!(10)),
        "{ended}"
    );
    let slices = response["slices"].as_array().unwrap();
    assert_eq!(slices.len(), 2);
    assert_eq!(slices.iter().map(reached).sum::<u64>(), 10);
    node.is_quiet();
}

#[test]
fn paused_work_goes_on_where_it_was_and_leaves_alone_what_others_changed_meanwhile() {
    let node = Node::start();
    for slices in [1, 3] {
        node.sixty();
        let task = node.throttled_update(&format!("&slices={slices}"), "paused");
        eventually("every part has written a batch", || {
            let written = node.documents("source");
            let written = written.values().filter(|found| found.version == 2);
            (written.count() >= 5 * slices).then_some(())
        });
        let paused = node.post(&format!("/_tasks/{task}/_pause?group_by=none"), "");
        assert_eq!(paused.status, 200, "{}", paused.text);
        node.post(
            &format!("/_update_by_query/{task}/_rethrottle?requests_per_second=-1"),
            "",
        );
        eventually("it waits", || {
            let tree = node
                .get("/_tasks?group_by=none&extended=true&actions=*byquery")
                .json();
            let tree = tree["tasks"].as_array().unwrap();
            let waits = |task: &&Value| task["glasswork"]["wait"]["on"] == "paused";
            (tree.iter().filter(waits).count() == slices).then_some(())
        });
        // One that it has not come to.
        let before = node.documents("source");
        let other = before.iter().find(|(_, found)| found.version == 1);
        let other = other.unwrap().0.clone();
        let changed = node.put(
            &format!("/source/_doc/{other}?refresh=true"),
            r#"{"mine":true}"#,
        );
        assert_eq!(changed.status, 200, "{}", changed.text);
        let resumed = node.post(&format!("/_tasks/{task}/_resume"), "");
        assert_eq!(resumed.status, 200, "{}", resumed.text);
        let ended = node.ended(&task);
        let response = &ended["response"];
        assert_eq!(response["total"], 60, "{ended}");
        assert_eq!(response["updated"], 59, "{ended}");
        assert_eq!(response["failures"], json!([]), "{ended}");
        for (id, found) in node.documents("source") {
            assert_eq!(found.version, 2, "{id}");
            let expected = if id == other {
                json!({"mine": true})
            } else {
                json!({"n": id.parse::<u64>().unwrap() + 100})
            };
            assert_eq!(found.source, expected, "{id}");
        }
        node.is_quiet();
        node.delete("/source");
    }
}
