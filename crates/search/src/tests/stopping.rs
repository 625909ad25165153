//! Searches stop where they are told: cancelled at any checkpoint, out of memory, out of time.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use glasswork_content::Kind;
use glasswork_tasks::{Checkpoint, NoCheckpoint, Stop};

use crate::{
    fixture::{Index, request},
    shard,
};

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let documents: Vec<String> = (0..6_000)
        .map(|n| {
            format!(
                r#"{{"n": {n}, "t": "w{} common word{n}", "k": "k{n}"}}"#,
                n % 7
            )
        })
        .collect();
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let mapping = r#"{"properties": {"n": {"type": "integer"}, "t": {"type": "text"}, "k": {"type": "keyword"}}}"#;
    Index::new(mapping, &documents, 3_000, &["17"])
});

const SEARCHES: &[&str] = &[
    r#"{"query": {"match_all": {}}, "sort": ["n"], "track_total_hits": true}"#,
    r#"{"query": {"match": {"t": "w1 w2 common"}}, "track_total_hits": true}"#,
    r#"{"query": {"match_phrase": {"t": {"query": "common w1", "slop": 3}}}, "track_total_hits": true}"#,
    r#"{"query": {"prefix": {"k": "k"}}, "track_total_hits": true}"#,
    r#"{"query": {"wildcard": {"t": "*9*"}}, "track_total_hits": true}"#,
    r#"{"query": {"range": {"n": {"gte": 10}}}, "sort": [{"k": "desc"}], "track_total_hits": true}"#,
    r#"{"query": {"script": {"script": "doc['n'].value % 2 == 0"}}, "track_total_hits": true}"#,
    r#"{"query": {"script_score": {"query": {"match_all": {}}, "script": {"source": "doc['n'].value"}, "min_score": 10}}, "track_total_hits": true}"#,
    r#"{"query": {"function_score": {"functions": [{"filter": {"match": {"t": "w1"}}, "weight": 2}, {"field_value_factor": {"field": "n"}}]}}, "track_total_hits": true}"#,
    r#"{"sort": {"_script": {"type": "number", "script": "-doc['n'].value"}}, "track_total_hits": true}"#,
    r#"{"sort": {"_script": {"type": "string", "script": "doc['k'].value.substring(1)"}}, "track_total_hits": true}"#,
    r#"{"query": {"exists": {"field": "t"}}, "aggs": {"k": {"terms": {"field": "k"}}}, "track_total_hits": true}"#,
];

/// Stops at the n-th question, counts them and what is charged.
struct After {
    questions: AtomicU64,
    limit: u64,
    charged: AtomicU64,
    memory: u64,
}

impl After {
    fn new(limit: u64, memory: u64) -> Arc<Self> {
        Arc::new(Self {
            questions: AtomicU64::new(0),
            limit,
            charged: AtomicU64::new(0),
            memory,
        })
    }
}

impl Checkpoint for After {
    fn checkpoint(&self) -> Result<(), Stop> {
        if self.questions.fetch_add(1, Ordering::Relaxed) >= self.limit {
            return Err(Stop::Cancelled("by user request".into()));
        }
        Ok(())
    }

    fn charge(&self, bytes: u64) -> Result<(), Stop> {
        if self.charged.fetch_add(bytes, Ordering::Relaxed) + bytes > self.memory {
            self.charged.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Stop::Memory {
                label: "request".into(),
                wanted: bytes,
                limit: self.memory,
            });
        }
        Ok(())
    }

    fn release(&self, bytes: u64) {
        self.charged.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[test]
fn a_cancelled_search_stops_at_any_checkpoint_and_gives_its_memory_back() {
    for body in SEARCHES {
        let request = request(body).unwrap();
        let whole = After::new(u64::MAX, u64::MAX);
        shard::query(&INDEX.context(whole.clone()), &request, None).unwrap();
        let questions = whole.questions.load(Ordering::Relaxed);
        assert!(questions >= 6, "{body} asks only {questions} times");
        for limit in 0..questions.min(40) {
            let checkpoint = After::new(limit, u64::MAX);
            let context = INDEX.context(checkpoint.clone());
            let failure = shard::query(&context, &request, None).expect_err(body);
            assert_eq!(failure.kind, Kind::TaskCancelled, "{body} {failure:?}");
            assert_eq!(
                failure.reason(),
                "cancelled task with reason: by user request"
            );
            assert!(
                checkpoint.questions.load(Ordering::Relaxed) <= limit + 3,
                "{body} went on after it was stopped"
            );
            drop(context);
            assert_eq!(checkpoint.charged.load(Ordering::Relaxed), 0, "{body}");
        }
    }
}

#[test]
fn memory_is_reserved_before_it_is_used() {
    let request = request(r#"{"query": {"prefix": {"k": "k"}}, "size": 5000}"#).unwrap();
    let failure =
        shard::query(&INDEX.context(After::new(u64::MAX, 1_000)), &request, None).unwrap_err();
    assert_eq!(failure.kind, Kind::CircuitBreaking, "{failure:?}");
}

#[test]
fn a_search_that_runs_out_of_time_answers_with_what_it_has() {
    let request = request(r#"{"timeout": "0ms", "query": {"match": {"t": "common w1"}}}"#).unwrap();
    let result = shard::query(&INDEX.context(Arc::new(NoCheckpoint)), &request, None).unwrap();
    assert!(result.timed_out);
}

/// Says no from an instant on.
struct Until(Instant);

impl Checkpoint for Until {
    fn checkpoint(&self) -> Result<(), Stop> {
        if Instant::now() < self.0 {
            return Ok(());
        }
        Err(Stop::Cancelled("by user request".into()))
    }

    fn charge(&self, _bytes: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn release(&self, _bytes: u64) {}
}

#[test]
fn a_script_that_loops_for_ever_is_stopped_wherever_a_search_runs_it() {
    const LOOP: &str = "int i = 0; while (i < 10) { i = i * 2 } return ";
    let bodies = [
        format!(r#"{{"query": {{"script": {{"script": "{LOOP} true"}}}}}}"#),
        format!(
            r#"{{"query": {{"script_score": {{"query": {{"match_all": {{}}}}, "script": {{"source": "{LOOP} 1"}}}}}}}}"#
        ),
        format!(
            r#"{{"query": {{"function_score": {{"script_score": {{"script": "{LOOP} 1"}}}}}}}}"#
        ),
        format!(r#"{{"sort": {{"_script": {{"type": "number", "script": "{LOOP} 1"}}}}}}"#),
        format!(r#"{{"sort": {{"_script": {{"type": "string", "script": "{LOOP} 'x'"}}}}}}"#),
        format!(
            r#"{{"script_fields": {{"x": {{"script": "{LOOP} 1", "ignore_failure": true}}}}}}"#
        ),
    ];
    LazyLock::force(&INDEX);
    for body in bodies {
        let request = request(&body).unwrap();
        let cancelled = Instant::now() + Duration::from_millis(30);
        let context = INDEX.context(Arc::new(Until(cancelled)));
        let failure = shard::execute(&context, &request).expect_err(&body);
        assert_eq!(failure.kind, Kind::TaskCancelled, "{body} {failure:?}");
        let late = Instant::now() - cancelled;
        assert!(
            late < Duration::from_millis(100),
            "{body} ended {late:?} late"
        );
    }
}
