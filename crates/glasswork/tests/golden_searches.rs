//! The recorded answers about several operations and searches at work, replayed: listed, cancelled by a pattern, cancelled from
//! within, hung up.
//!
//! Not replayed are those that show one moment of the recording: [`NOT_REPLAYED`].

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;
mod replay;

use replay::session::{Replay, until};
use serde_json::{Value, json};
use std::{io::Write, net::TcpStream};

/// Exchanges of the group *Long-running work* that can't be had again, and why.
const NOT_REPLAYED: &[(&str, &str)] = &[
    (
        "tasks-list-two-parents",
        "shows a merge, a published state and a bulk that were there by chance",
    ),
    (
        "search-timeout",
        "counts the documents that a search came to in 300 ms",
    ),
];

const SCRIPT: &str = r#"{"script": {"source": "ctx._source.seen = true", "lang": "painless"}}"#;
const SLOW: &str = r#"{"script": {"script": {"source": "long s = 0; for (int i = 0; i < 200000; i++) { s += i % 7 } return s > 0"}}}"#;

#[test]
fn recorded_answers_about_searches_at_work_are_given_again() {
    let Some(mut replay) = Replay::begin("recorded_answers_about_searches_at_work_are_given_again")
    else {
        return;
    };
    patterns(&mut replay);
    searches(&mut replay);
    searches_of_others(&mut replay);
    for (name, why) in NOT_REPLAYED {
        println!("{name}: not replayed, it {why}");
    }
    replay.tell();
}

fn patterns(replay: &mut Replay) {
    let body = r#"{"source": {"index": "many", "size": 10}, "dest": {"index": "copy7"}}"#;
    let first = replay.start(
        "/_reindex?wait_for_completion=false&requests_per_second=2",
        body,
    );
    let path =
        "/many/_update_by_query?wait_for_completion=false&requests_per_second=2&scroll_size=10";
    let second = replay.start(path, SCRIPT);
    until(|| {
        replay.status(&first)["created"] == json!(10)
            && replay.status(&first)["throttled_until_millis"] != json!(0)
    });
    until(|| {
        replay.status(&second)["updated"] == json!(10)
            && replay.status(&second)["throttled_until_millis"] != json!(0)
    });
    replay.case("tasks-list-two", "");
    replay.case("cancel-by-actions", "");
    replay.gone(&first);
    replay.case("cancel-all", "");
    replay.gone(&second);
}

fn on_both_shards(replay: &Replay) -> bool {
    let list = replay.get("/_tasks?group_by=none&actions=indices:data/read/search*");
    list["tasks"].as_array().unwrap().len() == 3
}

fn searches(replay: &mut Replay) {
    let search = replay.case_meanwhile("search-cancelled");
    until(|| on_both_shards(replay));
    for name in [
        "tasks-list-search",
        "tasks-list-search-parents",
        "cat-tasks-search",
        "cancel-search",
    ] {
        replay.case(name, "");
    }
    // It ends sooner here than the reference needs to list it once more.
    replay.finish(search);
    replay.case("search-cancel-after", "");

    let body = format!("{{\"query\": {SLOW}}}");
    let mut stream = TcpStream::connect(replay.node.address()).unwrap();
    write!(
        stream,
        "POST /many/_search HTTP/1.1\r\nHost: x\r\nX-Opaque-Id: golden-hangup\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    until(|| on_both_shards(replay));
    drop(stream);
    until(|| replay.get("/_tasks?actions=indices:data/read/search")["nodes"] == json!({}));
    replay.case("tasks-list-search-hangup", "");
}

fn searches_of_others(replay: &mut Replay) {
    let body = format!(
        r#"{{"source": {{"index": "many", "query": {SLOW}}}, "dest": {{"index": "copy8"}}}}"#
    );
    let task = replay.start("/_reindex?wait_for_completion=false", &body);
    until(|| on_both_shards(replay));
    replay.case("tasks-list-reindex-searching", "");
    let children = replay.get(&format!("/_tasks?group_by=none&parent_task_id={task}"));
    replay.case("cancel-child-search", &id(&children["tasks"][0]));
    replay.gone(&task);
    replay.case("task-get-child-cancelled", &task);

    let hold = replay.case_meanwhile("search-cancelled");
    until(|| on_both_shards(replay));
    let path = "/_tasks?wait_for_completion=true&actions=indices:data/read/search&timeout=20s";
    let waiting = replay.node.in_background("GET", path, "waiting", "");
    let list = replay
        .node
        .await_task("waiting", "cluster:monitor/tasks/lists");
    replay.case("cancel-not-cancellable", &id(&list));
    replay.post("/_tasks/_cancel?actions=indices:data/read/search", "");
    replay.finish(hold);
    assert_eq!(waiting.join().unwrap().status, 200);
}

fn id(task: &Value) -> String {
    harness::id(task)
}
