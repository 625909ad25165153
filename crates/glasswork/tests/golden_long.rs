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

use std::{
    collections::BTreeSet,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use harness::{Node, shared};
use replay::{
    exchange::{Exchange, Ids, node_id},
    list::{PassList, mismatch},
};
use serde_json::{Value, json};

const SCRIPT: &str = r#"{"script": {"source": "ctx._source.seen = true", "lang": "painless"}}"#;

/// What is recorded, and what was found so far.
struct Replay {
    folder: PathBuf,
    node: Node,
    ids: Ids,
    kept: PassList,
    passed: BTreeSet<String>,
    lost: Vec<String>,
    tried: usize,
}

impl Replay {
    /// Sends a recorded request, about `task` where it names one, and compares the answer.
    fn case(&mut self, name: &str, task: &str) -> Value {
        let Some(recorded) = Exchange::read(&self.folder, name) else {
            panic!("{name} is not recorded");
        };
        let recorded = recorded.about(task);
        let found = recorded.send(self.node.address(), &self.ids);
        self.tried += 1;
        match mismatch(&recorded.answer, &found) {
            None => {
                self.passed.insert(name.to_owned());
            }
            Some(reason) => {
                println!("{name}: {reason}");
                if self.kept.contains(name) {
                    self.lost.push(name.to_owned());
                }
            }
        }
        serde_json::from_str(&found.body).unwrap_or_default()
    }

    fn post(&self, path: &str, body: &str) -> Value {
        let answer = self.node.post(path, body);
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.node.get(path).text).unwrap_or_default()
    }

    /// Starts an operation over what is refreshed.
    fn start(&self, path: &str, body: &str) -> String {
        self.post("/_refresh", "");
        let answer = self.post(path, body);
        answer["task"]
            .as_str()
            .unwrap_or_else(|| panic!("{path}: {answer}"))
            .to_owned()
    }

    /// The same with an `X-Opaque-Id`.
    fn start_as(&self, path: &str, body: &str, opaque: &str) -> String {
        self.post("/_refresh", "");
        let headers = [("X-Opaque-Id", opaque)];
        let answer = self.node.request("POST", path, &headers, Some(body)).json();
        answer["task"].as_str().unwrap().to_owned()
    }

    /// The status of a task that runs.
    fn status(&self, task: &str) -> Value {
        self.get(&format!("/_tasks/{task}"))["task"]["status"].take()
    }

    fn gone(&self, task: &str) {
        until(|| self.get(&format!("/_tasks/{task}"))["completed"] == json!(true));
    }

    fn children(&self, task: &str) -> Vec<String> {
        let list = self.get(&format!("/_tasks?group_by=none&parent_task_id={task}"));
        let tasks = list["tasks"].as_array().cloned().unwrap_or_default();
        tasks
            .iter()
            .filter(|task| task["action"].as_str().unwrap_or("").ends_with("byquery"))
            .map(|task| format!("{}:{}", task["node"].as_str().unwrap(), task["id"]))
            .collect()
    }
}

fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "it never came to be");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn recorded_answers_about_long_running_work_are_given_again() {
    let Some(folder) = shared("recorded_answers_about_long_running_work_are_given_again") else {
        return;
    };
    let node = Node::with(&["--name", "node-0", "--cluster-name", "glasswork-reference"]);
    let mut replay = Replay {
        folder: folder.join("golden"),
        ids: Ids::of_node(&node_id(node.address())),
        node,
        kept: PassList::read(),
        passed: BTreeSet::new(),
        lost: Vec::new(),
        tried: 0,
    };
    fill(&replay);
    throttled(&mut replay);
    sliced(&mut replay);
    stored(&mut replay);
    waited_for(&mut replay);
    replay.kept.tell(&replay.passed, replay.tried);
    assert!(
        replay.lost.is_empty(),
        "no longer answered as recorded: {:?}",
        replay.lost
    );
}

/// 5,000 documents over two shards.
fn fill(replay: &Replay) {
    let body = r#"{"settings": {"number_of_shards": 2, "number_of_replicas": 0}}"#;
    replay.node.put("/many", body);
    let mut lines = String::new();
    for n in 0..5000 {
        lines.push_str(&format!(
            "{{\"index\": {{\"_index\": \"many\", \"_id\": \"{n}\"}}}}\n{{\"n\": {n}, \"title\": \"Book {n}\", \"year\": {}}}\n",
            1900 + n % 120
        ));
    }
    assert_eq!(
        replay.post("/_bulk?refresh", &lines)["errors"],
        json!(false)
    );
}

fn throttled(replay: &mut Replay) {
    let task = replay.case("reindex-start", "")["task"]
        .as_str()
        .unwrap()
        .to_owned();
    until(|| replay.status(&task)["created"] == json!(10));
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
    until(|| replay.status(&task)["updated"] == json!(10));
    replay.case("task-get-running-update-by-query", &task);
    replay.case("rethrottle-update-by-query", &task);
    replay.case("cancel-wait", &task);
    replay.case("task-get-cancelled-update-by-query", &task);

    let path =
        "/many/_delete_by_query?wait_for_completion=false&requests_per_second=2&scroll_size=10";
    let task = replay.start(path, r#"{"query": {"range": {"n": {"lt": 500}}}}"#);
    until(|| replay.status(&task)["deleted"] == json!(10));
    replay.case("task-get-running-delete-by-query", &task);
    replay.case("rethrottle-delete-by-query", &task);
    replay.gone(&task);
    replay.case("task-get-finished-delete-by-query", &task);

    // One waits, another cancels.
    let address = replay.node.address().to_owned();
    let recorded = Exchange::read(&replay.folder, "reindex-waiting-cancelled").unwrap();
    let ids = Ids::of_node(&node_id(&address));
    let waiter = thread::spawn(move || (recorded.send(&address, &ids), recorded));
    until(|| {
        let list = replay.get("/_tasks?actions=*reindex&detailed&group_by=none");
        list["tasks"][0]["status"]["created"] == json!(10)
    });
    replay.post("/_tasks/_cancel?actions=*reindex", "");
    let (found, recorded) = waiter.join().unwrap();
    replay.tried += 1;
    match mismatch(&recorded.answer, &found) {
        None => drop(replay.passed.insert("reindex-waiting-cancelled".to_owned())),
        Some(reason) => println!("reindex-waiting-cancelled: {reason}"),
    }
}

fn sliced(replay: &mut Replay) {
    let path = "/many/_update_by_query?wait_for_completion=false&requests_per_second=4&scroll_size=10&slices=2";
    let task = replay.start_as(path, SCRIPT, "golden-slices");
    let both_wait = |replay: &Replay| {
        let slices = replay.children(&task);
        slices.len() == 2
            && slices
                .iter()
                .all(|slice| replay.status(slice)["updated"] == json!(10))
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
    until(|| replay.status(&slice)["updated"] == json!(10));
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
