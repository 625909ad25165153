//! The recorded answers about long-running work, replayed: operations are started, watched, rethrottled, cancelled and read
//! back from where they are stored, as they were when the answers were recorded.
//!
//! `golden.pass` lists the exchanges that answer alike, as for the other groups.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;
mod replay;

use replay::session::{Replay, until};
use serde_json::json;

const SCRIPT: &str = r#"{"script": {"source": "ctx._source.seen = true", "lang": "painless"}}"#;

#[test]
fn recorded_answers_about_long_running_work_are_given_again() {
    let Some(mut replay) =
        Replay::begin("recorded_answers_about_long_running_work_are_given_again")
    else {
        return;
    };
    throttled(&mut replay);
    sliced(&mut replay);
    stored(&mut replay);
    waited_for(&mut replay);
    replay.tell();
}

/// Ten documents are done, the next page is there, and it waits with that.
fn waits(replay: &Replay, task: &str, done: &str) -> bool {
    let status = replay.status(task);
    status[done] == json!(10) && status["throttled_until_millis"] != json!(0)
}

fn throttled(replay: &mut Replay) {
    let task = replay.case("reindex-start", "")["task"]
        .as_str()
        .unwrap()
        .to_owned();
    until(|| waits(replay, &task, "created"));
    for name in [
        "task-get-running",
        "task-get-running-pretty",
        "task-get-running-human",
        "task-get-running-wait-timeout",
        "tasks-list-running",
        "tasks-list-running-detailed",
        "tasks-list-running-wait-timeout",
        "cat-tasks-running",
        "rethrottle-reindex",
        "rethrottle-wrong-kind",
        "rethrottle-group-none",
        "cancel-running-reindex",
    ] {
        replay.case(name, &task);
    }
    replay.gone(&task);
    replay.case("task-get-cancelled-reindex", &task);
    replay.case("cancel-finished", &task);

    let path =
        "/many/_update_by_query?wait_for_completion=false&requests_per_second=2&scroll_size=10";
    let task = replay.start_as(path, SCRIPT, "golden-ubq");
    until(|| waits(replay, &task, "updated"));
    replay.case("task-get-running-update-by-query", &task);
    replay.case("rethrottle-update-by-query", &task);
    replay.case("cancel-wait", &task);
    replay.case("task-get-cancelled-update-by-query", &task);

    let path =
        "/many/_delete_by_query?wait_for_completion=false&requests_per_second=2&scroll_size=10";
    let task = replay.start(path, r#"{"query": {"range": {"n": {"lt": 500}}}}"#);
    until(|| waits(replay, &task, "deleted"));
    replay.case("task-get-running-delete-by-query", &task);
    replay.case("rethrottle-delete-by-query", &task);
    replay.gone(&task);
    replay.case("task-get-finished-delete-by-query", &task);

    // One waits, another cancels.
    let waiter = replay.case_meanwhile("reindex-waiting-cancelled");
    until(|| {
        let list = replay.get("/_tasks?actions=*reindex&detailed&group_by=none");
        list["tasks"][0]["status"]["created"] == json!(10)
    });
    replay.post("/_tasks/_cancel?actions=*reindex", "");
    replay.finish(waiter);
}

fn sliced(replay: &mut Replay) {
    let path = "/many/_update_by_query?wait_for_completion=false&requests_per_second=4&scroll_size=10&slices=2";
    let task = replay.start_as(path, SCRIPT, "golden-slices");
    let both_wait = |replay: &Replay| {
        let slices = replay.children(&task);
        slices.len() == 2 && slices.iter().all(|slice| waits(replay, slice, "updated"))
    };
    until(|| both_wait(replay));
    for name in [
        "task-get-running-slices",
        "tasks-list-slices-parents",
        "tasks-list-slices-none",
        "tasks-list-slices-by-parent",
        "cat-tasks-slices",
        "rethrottle-slices",
    ] {
        replay.case(name, &task);
    }
    let slice = replay.children(&task)[1].clone();
    replay.case("task-get-slice", &slice);
    replay.case("cancel-slices", &task);
    replay.gone(&task);
    replay.case("task-get-cancelled-slices", &task);

    let path = "/many/_update_by_query?wait_for_completion=false&slices=2";
    let task = replay.start(path, SCRIPT);
    replay.gone(&task);
    replay.case("task-get-finished-slices", &task);

    let path = "/many/_update_by_query?wait_for_completion=false&requests_per_second=4&scroll_size=10&slices=2";
    let task = replay.start(path, SCRIPT);
    until(|| replay.children(&task).len() == 2);
    let slice = replay.children(&task)[1].clone();
    until(|| waits(replay, &slice, "updated"));
    replay.case("cancel-one-slice", &slice);
    until(|| replay.status(&task)["slices"][1].is_object());
    replay.case("task-get-one-slice-cancelled", &task);
    replay.post(
        &format!("/_tasks/{task}/_cancel?wait_for_completion=true"),
        "",
    );
}

fn stored(replay: &mut Replay) {
    let body = r#"{"source": {"index": "many", "query": {"range": {"n": {"gte": 600, "lt": 700}}}}, "dest": {"index": "copy3"}}"#;
    let task = replay.start_as("/_reindex?wait_for_completion=false", body, "golden-stored");
    replay.gone(&task);
    replay.case("task-get-finished-reindex", &task);
    replay.case("task-get-finished-wait", &task);
    let other = replay.start("/many/_update_by_query?wait_for_completion=false", SCRIPT);
    replay.gone(&other);
    replay.post("/.tasks/_refresh", "");
    replay.case("tasks-index-doc", &task);
    replay.case("tasks-index-search", &task);
    replay.case("tasks-index-mapping", &task);
    replay.case("tasks-index-settings", &task);
    replay.case("tasks-index-delete", &task);
    replay.case("task-get-deleted", &task);

    let body = r#"{"script": {"source": "throw new IllegalArgumentException('no')"}}"#;
    let task = replay.start("/many/_update_by_query?wait_for_completion=false", body);
    replay.gone(&task);
    replay.case("task-get-failed", &task);
    let path = "/_reindex?wait_for_completion=false";
    let body = r#"{"source": {"index": "nowhere"}, "dest": {"index": "copy4"}}"#;
    let task = replay.start(path, body);
    replay.gone(&task);
    replay.case("task-get-failed-no-index", &task);
    let body = r#"{"mappings": {"properties": {"title": {"type": "integer"}}}}"#;
    replay.node.put("/copy5", body);
    let body = r#"{"max_docs": 2, "source": {"index": "many"}, "dest": {"index": "copy5"}}"#;
    let task = replay.start(path, body);
    replay.gone(&task);
    replay.case("task-get-bulk-failures", &task);
    let body = r#"{"max_docs": 3, "conflicts": "proceed", "source": {"index": "many"}, "dest": {"index": "copy3", "op_type": "create"}}"#;
    let task = replay.start(path, body);
    replay.gone(&task);
    replay.case("task-get-conflicts-proceed", &task);
}

fn waited_for(replay: &mut Replay) {
    for name in [
        "reindex",
        "reindex-conflict",
        "reindex-no-body",
        "reindex-same-index",
        "reindex-unknown-field",
        "reindex-rps-zero",
        "update-by-query",
        "update-by-query-slices",
        "update-by-query-bad-script",
        "delete-by-query-conflicts",
    ] {
        replay.case(name, "");
    }
    replay.post("/copy6/_refresh", "");
    replay.case("delete-by-query", "");
    replay.case("delete-by-query-no-query", "");
    replay.case("forcemerge-task", "");
}
