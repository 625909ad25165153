//! A storm: 64 clients start, list, get, rethrottle, pause, resume and cancel at random. Afterwards nothing runs, every task has
//! exactly one result, its counts add up, and a restart finds nothing to go on with.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{
    Node,
    long::{Random, count, reached, seconds},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

const CLIENTS: u64 = 64;
const INDICES: u64 = 6;
const DOCUMENTS: u64 = 120;

/// What the clients did.
#[derive(Default)]
struct Done {
    started: Mutex<Vec<String>>,
    /// Tasks that waited: what others change meanwhile is not found any more.
    paused: Mutex<BTreeSet<String>>,
}

#[test]
fn a_storm_of_clients_leaves_one_result_a_task_and_nothing_else() {
    let node = Node::start();
    for index in 0..INDICES {
        node.filled(
            &format!("source-{index}"),
            2,
            DOCUMENTS,
            |n| json!({"n": n}),
        );
        node.filled(&format!("target-{index}"), 1, 10, |n| json!({"n": n}));
    }
    let seed = Random::seeded(11).below(1 << 40);
    let until = Instant::now() + Duration::from_secs(seconds(7));
    let done = Done::default();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (node, done) = (&node, &done);
            scope.spawn(move || {
                let mut random = Random::new(seed + client);
                while Instant::now() < until {
                    act(node, done, &mut random);
                }
            });
        }
    });
    let started = done.started.into_inner().unwrap();
    let paused = done.paused.into_inner().unwrap();
    assert!(started.len() >= 64, "only {} tasks", started.len());
    println!("{} tasks", started.len());
    settle(&node);
    let mut outcomes = [0; 3];
    for task in &started {
        outcomes[check(&node, task, paused.contains(task)) as usize] += 1;
    }
    println!("whole, stopped, in error: {outcomes:?}");
    let stored: BTreeSet<String> = node.documents(".tasks").into_keys().collect();
    assert_eq!(
        stored,
        started.iter().cloned().collect(),
        "one result a task"
    );
    node.is_quiet();
    let node = node.crash_and_restart();
    let left = node.get("/_tasks?group_by=none").json();
    assert_eq!(left["tasks"].as_array().unwrap().len(), 2, "{left}");
}

fn act(node: &Node, done: &Done, random: &mut Random) {
    let some = |random: &mut Random| {
        let started = done.started.lock().unwrap();
        // The newest ones most of the time: they run.
        let recent = random.below(24).min(random.below(24)) as usize;
        let place = started.len().checked_sub(1 + recent)?;
        started.get(place).cloned()
    };
    let choice = random.below(100);
    if choice < 12 {
        let (path, body) = work(random);
        let answer = node.post(&path, &body.to_string());
        // Too many at once may be refused; then there is no task.
        assert!(
            matches!(answer.status, 200 | 429),
            "{path}: {}",
            answer.text
        );
        if answer.status == 200 {
            let id = answer.json()["task"].as_str().unwrap().to_owned();
            done.started.lock().unwrap().push(id);
        }
        return;
    }
    if choice < 40 {
        let query = random.of(&[
            "",
            "?detailed",
            "?group_by=parents&detailed",
            "?group_by=none&actions=*byquery",
            "?actions=*reindex&detailed&human",
        ]);
        assert_eq!(node.get(&format!("/_tasks{query}")).status, 200);
        return;
    }
    let Some(task) = some(random) else {
        return;
    };
    let answer = match choice {
        40..60 => node.task(&task),
        60..68 => node.get(&format!(
            "/_tasks/{task}?wait_for_completion=true&timeout={}ms",
            1 + random.below(400)
        )),
        68..80 => {
            let pace = random.of(&["-1", "5", "50", "500", "0.5"]);
            node.post(
                &format!("/_reindex/{task}/_rethrottle?requests_per_second={pace}"),
                "",
            )
        }
        80..86 => {
            done.paused.lock().unwrap().insert(task.clone());
            node.post(&format!("/_tasks/{task}/_pause"), "")
        }
        86..92 => node.post(&format!("/_tasks/{task}/_resume"), ""),
        92..99 => {
            let wait = random.of(&["", "?wait_for_completion=true&timeout=2s"]);
            node.post(&format!("/_tasks/{task}/_cancel{wait}"), "")
        }
        _ => node.post("/_tasks/_cancel?actions=*delete/byquery", ""),
    };
    // A task that was told of is known from then on: it runs or has its result. A wait may be too short.
    let expected: &[u16] = match choice {
        60..68 => &[200, 504],
        _ => &[200],
    };
    assert!(
        expected.contains(&answer.status),
        "{choice}: {task}: {}",
        answer.text
    );
}

fn work(random: &mut Random) -> (String, Value) {
    let index = random.below(INDICES);
    let slices = random.of(&["1", "2", "3", "auto"]);
    let pace = random.of(&["-1", "20", "100", "400"]);
    let options = format!(
        "wait_for_completion=false&slices={slices}&requests_per_second={pace}&conflicts=proceed"
    );
    let few = json!({"range": {"n": {"gte": random.below(60), "lt": 60 + random.below(60)}}});
    match random.below(4) {
        0 | 1 => {
            let mut body = json!({
                "source": {"index": format!("source-{index}"), "size": 10, "query": few},
                "dest": {"index": format!("target-{index}")},
            });
            if random.below(2) == 0 {
                body["script"] = json!({"source": "ctx._source.n += 1000"});
            }
            let strict = random.below(3) == 0;
            if strict {
                body["dest"]["op_type"] = json!("create");
            }
            let options = options.replace("&conflicts=proceed", "");
            body["conflicts"] = json!(if strict { "abort" } else { "proceed" });
            (format!("/_reindex?{options}"), body)
        }
        2 => {
            let script =
                "if (ctx._source.n % 3 == 0) { ctx.op = 'noop' } else { ctx._source.seen = true }";
            let path = format!("/source-{index}/_update_by_query?{options}&scroll_size=10");
            (path, json!({"query": few, "script": {"source": script}}))
        }
        _ => {
            let path =
                format!("/target-{index}/_delete_by_query?{options}&scroll_size=10&refresh=true");
            (path, json!({"query": few}))
        }
    }
}

/// Lets everything run to its end.
fn settle(node: &Node) {
    harness::eventually("all tasks end", || {
        let left = node
            .get("/_tasks?group_by=none&actions=*reindex,*byquery")
            .json();
        let roots: Vec<String> = left["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|task| task.get("parent_task_id").is_none())
            .map(harness::id)
            .collect();
        for task in &roots {
            node.post(&format!("/_tasks/{task}/_resume"), "");
            node.post(
                &format!("/_reindex/{task}/_rethrottle?requests_per_second=-1"),
                "",
            );
        }
        roots.is_empty().then_some(())
    });
}

/// Looks at one result: 0 for work that was done whole, 1 for work that was stopped, 2 for an error.
fn check(node: &Node, task: &str, paused: bool) -> u8 {
    let result = node.stored_once(task);
    assert_eq!(result["completed"], true, "{result}");
    assert_eq!(harness::id(&result["task"]), task);
    let Some(response) = result.get("response") else {
        assert!(result["error"]["type"].is_string(), "{result}");
        return 2;
    };
    let (total, reached) = (count(response, "total"), reached(response));
    // A cancelled slice makes its leader incomplete without the leader's being cancelled.
    let mut parts = response["slices"].as_array().into_iter().flatten();
    let stopped = response.get("canceled").is_some()
        || parts.any(|slice| slice.get("canceled").is_some())
        || response["failures"] != json!([]);
    if stopped {
        assert!(reached <= total, "{result}");
        return 1;
    }
    assert!(reached == total || (paused && reached < total), "{result}");
    0
}
