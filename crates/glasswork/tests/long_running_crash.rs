//! `kill -9` at random moments of sliced, throttled, scripted by-query operations: they go on under the same id, and what is
//! there at the end is what one uninterrupted run leaves.
//!
//! A few rounds; `cargo xtask soak` runs as many as are asked for.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{
    Node,
    long::{Found, Random, count, reached, rounds},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, thread, time::Duration};

const DOCUMENTS: u64 = 200;
const BATCH: u64 = 20;

/// What is done to the documents `{"n": 10·id, "k": id mod 5}`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Work {
    Copy,
    CopyChanged,
    CopyUnderNewIds,
    CopyIfAbsent,
    CopyWithVersions,
    Update,
    UpdateDeleteAndLeave,
    Delete,
}

const WORKS: &[Work] = &[
    Work::Copy,
    Work::CopyChanged,
    Work::CopyUnderNewIds,
    Work::Update,
    Work::CopyIfAbsent,
    Work::CopyWithVersions,
    Work::UpdateDeleteAndLeave,
    Work::Delete,
];

/// What is asked for just before the crash.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Pause,
    Cancel,
}

#[derive(Debug)]
struct Round {
    number: u64,
    work: Work,
    slices: &'static str,
    shards: u32,
    requests_per_second: u64,
    before: Before,
    kills: Vec<Duration>,
}

impl Round {
    fn random(number: u64, random: &mut Random) -> Self {
        let requests_per_second = 200 + random.below(1800);
        let lasts = 1_200_000 * DOCUMENTS / requests_per_second;
        let kills = 1 + u64::from(random.below(3) == 0);
        Self {
            number,
            // All of them come in turn, whatever the seed is.
            work: WORKS[(number % WORKS.len() as u64) as usize],
            slices: random.of(&["1", "2", "3", "auto"]),
            shards: random.of(&[1, 2, 3]),
            requests_per_second,
            before: random.of(&[
                Before::Nothing,
                Before::Nothing,
                Before::Nothing,
                Before::Pause,
                Before::Cancel,
            ]),
            kills: (0..kills)
                .map(|_| Duration::from_micros(random.below(lasts)))
                .collect(),
        }
    }

    fn slice_count(&self) -> u64 {
        match self.slices {
            "auto" => u64::from(self.shards),
            number => number.parse().unwrap(),
        }
    }

    fn source(&self) -> String {
        format!("source-{}", self.number)
    }

    /// Where the outcome is found.
    fn target(&self) -> String {
        if self.copies() {
            format!("target-{}", self.number)
        } else {
            self.source()
        }
    }

    fn copies(&self) -> bool {
        !matches!(
            self.work,
            Work::Update | Work::UpdateDeleteAndLeave | Work::Delete
        )
    }

    fn opaque_id(&self) -> String {
        format!("round-{}", self.number)
    }

    fn request(&self) -> (String, Value) {
        let (source, target) = (self.source(), self.target());
        let Self {
            slices,
            requests_per_second,
            ..
        } = self;
        let options = format!(
            "wait_for_completion=false&slices={slices}&requests_per_second={requests_per_second}"
        );
        let mut copy =
            json!({"source": {"index": source, "size": BATCH}, "dest": {"index": target}});
        let script = |source: &str| json!({"source": source, "params": {"step": 1}});
        match self.work {
            Work::Copy => {}
            Work::CopyChanged => copy["script"] = script("ctx._source.n += params.step"),
            Work::CopyUnderNewIds => copy["script"] = script("ctx._id = null"),
            Work::CopyIfAbsent => copy["dest"]["op_type"] = json!("create"),
            Work::CopyWithVersions => copy["dest"]["version_type"] = json!("external"),
            Work::Update | Work::UpdateDeleteAndLeave => {
                let text = match self.work {
                    Work::Update => "ctx._source.n += params.step",
                    _ => {
                        "if (ctx._source.k == 0) { ctx.op = 'noop' } \
                         else if (ctx._source.k == 1) { ctx.op = 'delete' } \
                         else { ctx._source.n += params.step }"
                    }
                };
                let path = format!("/{source}/_update_by_query?{options}&scroll_size={BATCH}");
                return (path, json!({"script": script(text)}));
            }
            Work::Delete => {
                let path = format!("/{source}/_delete_by_query?{options}&scroll_size={BATCH}");
                let half = json!({"query": {"range": {"n": {"lt": 10 * DOCUMENTS / 2}}}});
                return (path, half);
            }
        }
        (format!("/_reindex?{options}"), copy)
    }

    /// How many documents match.
    fn total(&self) -> u64 {
        match self.work {
            Work::Delete => DOCUMENTS / 2,
            _ => DOCUMENTS,
        }
    }

    /// The document `n` after the work; nothing when it is gone.
    fn done(&self, n: u64) -> Option<Value> {
        match self.work {
            Work::Copy | Work::CopyUnderNewIds | Work::CopyIfAbsent | Work::CopyWithVersions => {
                Some(original(n))
            }
            Work::CopyChanged | Work::Update => Some(json!({"n": 10 * n + 1, "k": n % 5})),
            Work::UpdateDeleteAndLeave => match n % 5 {
                0 => Some(original(n)),
                1 => None,
                _ => Some(json!({"n": 10 * n + 1, "k": n % 5})),
            },
            Work::Delete => (n >= DOCUMENTS / 2).then(|| original(n)),
        }
    }
}

fn original(n: u64) -> Value {
    json!({"n": 10 * n, "k": n % 5})
}

#[test]
fn operations_go_on_after_a_crash_as_if_nothing_had_been() {
    let mut random = Random::seeded(7);
    let mut node = Node::start();
    let (mut started, mut twice) = (0, 0);
    let rounds = rounds(10);
    for number in 0..rounds {
        let round = Round::random(number, &mut random);
        println!("{round:?}");
        node.filled(&round.source(), round.shards, DOCUMENTS, original);
        let (told, asked);
        (node, told, asked) = until_the_last_crash(node, &round);
        match find(&node, &round, told.as_deref()) {
            Some(id) => {
                started += 1;
                twice = twice.max(check(&node, &round, &id, asked));
            }
            None => {
                assert_eq!(told, None, "a task that was told of is lost");
                untouched(&node, &round);
            }
        }
        node.is_quiet();
        node.delete(&format!("/{},{}*", round.source(), round.target()));
    }
    println!("{started} of {rounds} began; at most {twice} documents were written twice");
    assert!(
        started * 2 >= rounds,
        "the kills come too early to prove anything"
    );
    assert_eq!(node.documents(".tasks").len() as u64, started);
    // What had ended is not found again: no key of it is left.
    let node = node.crash_and_restart();
    let left = node.get("/_tasks?group_by=none").json();
    assert_eq!(left["tasks"].as_array().unwrap().len(), 2, "{left}");
}

/// What was answered before a crash: that the task waits, or that it is cancelled.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Asked {
    paused: bool,
    cancelled: bool,
}

/// Starts the work and kills the node; gives the id where it was told.
fn until_the_last_crash(mut node: Node, round: &Round) -> (Node, Option<String>, Asked) {
    let (path, body) = round.request();
    let start = node.start_task_meanwhile(&path, &body, &round.opaque_id());
    let mut asked = Asked {
        paused: false,
        cancelled: false,
    };
    thread::park_timeout(round.kills[0]);
    if round.before != Before::Nothing && start.is_finished() {
        let id = start.join().unwrap();
        asked = ask(&node, round, id.as_deref().unwrap());
        node = node.crash_and_restart();
        node = again(node, round, id.as_deref());
        return (node, id, asked);
    }
    node = node.crash_and_restart();
    let id = start.join().unwrap();
    node = again(node, round, id.as_deref());
    (node, id, asked)
}

/// The second crash, where there is one. Whoever was told of the task finds it at once after each.
fn again(mut node: Node, round: &Round, id: Option<&str>) -> Node {
    for kill in round.kills.iter().skip(1) {
        is_known(&node, id);
        thread::park_timeout(*kill);
        node = node.crash_and_restart();
    }
    is_known(&node, id);
    node
}

fn is_known(node: &Node, id: Option<&str>) {
    if let Some(id) = id {
        let known = node.task(id);
        assert_eq!(known.status, 200, "{}", known.text);
    }
}

fn ask(node: &Node, round: &Round, id: &str) -> Asked {
    let word = match round.before {
        Before::Pause => "_pause",
        _ => "_cancel",
    };
    let answer = node.post(&format!("/_tasks/{id}/{word}?group_by=none"), "");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let accepted = answer.json()["tasks"]
        .as_array()
        .is_some_and(|tasks| !tasks.is_empty());
    Asked {
        paused: accepted && word == "_pause",
        cancelled: accepted && word == "_cancel",
    }
}

/// The id of the round's task, running or stored.
fn find(node: &Node, round: &Round, told: Option<&str>) -> Option<String> {
    let of_round = |task: &&Value| {
        task["headers"]["X-Opaque-Id"] == round.opaque_id().as_str()
            && task.get("parent_task_id").is_none()
    };
    let id = |task: &Value| harness::id(task);
    let listed = node.get("/_tasks?group_by=none").json();
    let running = listed["tasks"].as_array().unwrap().iter();
    let found = running.filter(of_round).map(id).next().or_else(|| {
        let stored = node.documents(".tasks");
        let mut tasks = stored.values().map(|found| &found.source["task"]);
        tasks.find(|task| of_round(task)).map(id)
    });
    if let Some(told) = told {
        assert_eq!(found.as_deref(), Some(told), "{round:?}");
    }
    found
}

/// Waits for the end and looks at everything; gives how many documents were written twice.
fn check(node: &Node, round: &Round, id: &str, asked: Asked) -> u64 {
    if asked.paused {
        let waits = node.task(id).json();
        assert_eq!(
            waits["completed"], false,
            "it goes on though it is paused: {waits}"
        );
    }
    if round.before == Before::Pause {
        node.post(&format!("/_tasks/{id}/_resume"), "");
    }
    let ended = node.ended(id);
    let context = format!("{round:?}: {ended}");
    assert_eq!(node.stored_once(id), ended, "{context}");
    let task = &ended["task"];
    assert_eq!(harness::id(task), id, "{context}");
    assert_eq!(
        task["headers"],
        json!({"X-Opaque-Id": round.opaque_id()}),
        "{context}"
    );
    let response = &ended["response"];
    if asked.cancelled && ended["error"].is_object() {
        // It was cancelled in the middle of a search or before a slice began, and ended before the crash.
        assert_eq!(task["cancelled"], true, "{context}");
        half_done(round, &node.documents(&round.target()), &context);
        return 0;
    }
    assert!(response.is_object(), "{context}");
    assert_eq!(response["failures"], json!([]), "{context}");
    let found = node.documents(&round.target());
    // A cancel that comes when the work is done and its result on the way changes nothing.
    if asked.cancelled && response.get("canceled").is_some() {
        assert_eq!(response["canceled"], "by user request", "{context}");
        assert!(reached(response) <= count(response, "total"), "{context}");
        half_done(round, &found, &context);
        return 0;
    }
    assert_eq!(response.get("canceled"), None, "{context}");
    assert_eq!(count(response, "total"), round.total(), "{context}");
    assert_eq!(reached(response), round.total(), "{context}");
    assert_eq!(count(response, "version_conflicts"), 0, "{context}");
    counted_as_done(round, response, &context);
    is_done(round, &found, &context);
    let twice = twice(round, &found);
    let bound = BATCH * round.slice_count() * round.kills.len() as u64;
    assert!(twice <= bound, "{twice} were written twice: {context}");
    twice
}

fn counted_as_done(round: &Round, response: &Value, context: &str) {
    let counts = |names: &[&str]| names.iter().map(|name| count(response, name)).sum::<u64>();
    let done = match round.work {
        _ if round.copies() => counts(&["created", "updated"]),
        Work::Update => count(response, "updated"),
        Work::UpdateDeleteAndLeave => {
            assert_eq!(count(response, "noops"), DOCUMENTS / 5, "{context}");
            counts(&["updated", "deleted"]) + DOCUMENTS / 5
        }
        _ => count(response, "deleted"),
    };
    assert_eq!(done, round.total(), "{context}");
}

/// The target is what one uninterrupted run leaves.
fn is_done(round: &Round, found: &BTreeMap<String, Found>, context: &str) {
    let mut expected: Vec<Value> = (0..DOCUMENTS).filter_map(|n| round.done(n)).collect();
    if round.work == Work::CopyUnderNewIds {
        let mut sources: Vec<Value> = found.values().map(|found| found.source.clone()).collect();
        sources.sort_by_key(|source| source["n"].as_u64());
        expected.sort_by_key(|source| source["n"].as_u64());
        assert_eq!(sources, expected, "{context}");
        return;
    }
    assert_eq!(found.len(), expected.len(), "{context}");
    for n in 0..DOCUMENTS {
        let source = found.get(&n.to_string()).map(|found| found.source.clone());
        assert_eq!(source, round.done(n), "document {n}: {context}");
    }
}

/// Each document is as before, or as it should be afterwards.
fn half_done(round: &Round, found: &BTreeMap<String, Found>, context: &str) {
    if round.work == Work::CopyUnderNewIds {
        let mut numbers: Vec<_> = found
            .values()
            .map(|found| found.source["n"].as_u64())
            .collect();
        numbers.sort();
        let all = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), all, "a document is there twice: {context}");
        return;
    }
    for n in 0..DOCUMENTS {
        let before = (!round.copies()).then(|| original(n));
        let source = found.get(&n.to_string()).map(|found| found.source.clone());
        assert!(
            source == before || source == round.done(n),
            "document {n} is {source:?}: {context}"
        );
    }
}

/// How many writes came on top of the one that each document needed.
fn twice(round: &Round, found: &BTreeMap<String, Found>) -> u64 {
    let needed = |found: &Found| match round.work {
        Work::Update => 2,
        Work::UpdateDeleteAndLeave => 1 + u64::from(found.source["k"] != 0),
        _ => 1,
    };
    found
        .values()
        .map(|found| found.version - needed(found))
        .sum()
}

/// Nobody was told of a task and none is there: then nothing was done either.
fn untouched(node: &Node, round: &Round) {
    let source = node.documents(&round.source());
    assert_eq!(source.len() as u64, DOCUMENTS, "{round:?}");
    for (id, found) in &source {
        assert_eq!(found.source, original(id.parse().unwrap()), "{round:?}");
        assert_eq!(found.version, 1, "{round:?}");
    }
    if round.copies() {
        assert!(node.documents(&round.target()).is_empty(), "{round:?}");
    }
}
