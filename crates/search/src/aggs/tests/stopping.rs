//! Too much and too long: bucket limits, memory, and a cancel at any moment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use glasswork_content::{Kind, Render};
use glasswork_tasks::{Checkpoint, NoCheckpoint, Stop};

use crate::interrupt::Halt;

use super::{
    super::Aggregations,
    fixture::{Fixture, answer, json},
};

const DEEP: &str = r#"{"a": {"terms": {"field": "a", "size": 500000000}, "aggs": {
    "b": {"terms": {"field": "b", "size": 500000000}, "aggs": {"c": {"terms": {"field": "c", "size": 500000000}}}}}}}"#;

/// Every document with `values` values in each of three fields, out of as many as there are documents.
fn deep(documents: usize, values: usize) -> Fixture {
    let value = |field: usize, n: usize, document: usize| {
        format!(
            "\"{field}-{}\"",
            (document.wrapping_mul(2_654_435_761) >> (field + 1))
                .wrapping_add(n * 7_919 * (field + 1))
                % documents
        )
    };
    let list = |field: usize, document: usize| {
        (0..values)
            .map(|n| value(field, n, document))
            .collect::<Vec<_>>()
            .join(",")
    };
    let source = |document: usize| {
        format!(
            r#"{{"a": [{}], "b": [{}], "c": [{}]}}"#,
            list(0, document),
            list(1, document),
            list(2, document)
        )
    };
    let mapping = r#"{"properties": {"a": {"type": "keyword"}, "b": {"type": "keyword"}, "c": {"type": "keyword"}}}"#;
    Fixture::new(mapping, &[(0..documents).map(source).collect()])
}

/// What this thread has worked, however busy the machine is; from the kernel's account where there is one.
fn worked() -> Duration {
    let account = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    match account
        .split(' ')
        .next()
        .and_then(|nanos| nanos.parse().ok())
    {
        Some(nanos) => Duration::from_nanos(nanos),
        None => EPOCH.elapsed(),
    }
}

static EPOCH: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);

/// Cancels after a number of checkpoints, and remembers the longest work between two.
struct Fuse {
    left: AtomicI64,
    last: parking_lot::Mutex<Duration>,
    longest: AtomicU64,
    charged: AtomicI64,
    limit: i64,
}

impl Fuse {
    fn new(left: i64, limit: i64) -> Arc<Self> {
        Arc::new(Fuse {
            left: AtomicI64::new(left),
            last: parking_lot::Mutex::new(worked()),
            longest: AtomicU64::new(0),
            charged: AtomicI64::new(0),
            limit,
        })
    }
}

impl Checkpoint for Fuse {
    fn checkpoint(&self) -> Result<(), Stop> {
        let mut last = self.last.lock();
        let now = worked();
        let stretch = now.saturating_sub(*last).as_micros() as u64;
        self.longest.fetch_max(stretch, Ordering::Relaxed);
        *last = now;
        if self.left.fetch_sub(1, Ordering::Relaxed) <= 0 {
            return Err(Stop::Cancelled("enough".into()));
        }
        Ok(())
    }

    fn charge(&self, bytes: u64) -> Result<(), Stop> {
        let bytes = bytes as i64;
        if self.charged.fetch_add(bytes, Ordering::Relaxed) + bytes > self.limit {
            self.charged.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Stop::Memory {
                label: "aggregations".into(),
                wanted: bytes as u64,
                limit: self.limit as u64,
            });
        }
        Ok(())
    }

    fn release(&self, bytes: u64) {
        self.charged.fetch_sub(bytes as i64, Ordering::Relaxed);
    }
}

/// Collects, reduces and renders under `fuse`.
fn run(fixture: &Fixture, aggregations: &Aggregations, fuse: &Arc<Fuse>) -> Result<usize, Halt> {
    let found = fixture.find(None, aggregations, Arc::clone(fuse) as Arc<dyn Checkpoint>)?;
    let reduced = aggregations.reduce(vec![found], u64::MAX, fuse.as_ref())?;
    let mut out = Render::compact();
    out.object();
    aggregations.render_answers(&reduced, false, &mut out, fuse.as_ref())?;
    out.end_object();
    Ok(out.finish().len())
}

#[test]
fn deep_terms_can_be_cancelled_at_any_moment_and_give_their_memory_back() {
    let fixture = deep(300, 5);
    let aggregations = Aggregations::parse(&json(DEEP)).unwrap();
    let whole = Fuse::new(i64::MAX, i64::MAX);
    assert!(run(&fixture, &aggregations, &whole).unwrap() > 100_000);
    let checkpoints = i64::MAX - whole.left.load(Ordering::Relaxed);
    assert!(checkpoints > 100, "only {checkpoints} checkpoints");
    assert_eq!(whole.charged.load(Ordering::Relaxed), 0);

    for step in 0..40 {
        let fuse = Fuse::new(checkpoints * step / 40, i64::MAX);
        let begun = run(&fixture, &aggregations, &fuse);
        assert!(
            matches!(&begun, Err(Halt::Failed(failure)) if failure.kind == Kind::TaskCancelled),
            "{step}: {begun:?}"
        );
        assert_eq!(fuse.charged.load(Ordering::Relaxed), 0, "{step}");
    }
}

#[test]
fn no_stretch_of_deep_terms_is_long_without_a_checkpoint() {
    let fixture = deep(1_000, 5);
    let aggregations = Aggregations::parse(&json(DEEP)).unwrap();
    let fuse = Fuse::new(i64::MAX, i64::MAX);
    let begun = Instant::now();
    run(&fixture, &aggregations, &fuse).unwrap();
    let (took, longest) = (
        begun.elapsed(),
        Duration::from_micros(fuse.longest.load(Ordering::Relaxed)),
    );
    println!("{took:?} in all, {longest:?} the longest stretch");
    assert!(
        longest < Duration::from_millis(100),
        "{longest:?} without a checkpoint"
    );
}

#[test]
fn a_limit_on_memory_stops_deep_terms() {
    let fixture = deep(300, 5);
    let aggregations = Aggregations::parse(&json(DEEP)).unwrap();
    let fuse = Fuse::new(i64::MAX, 200_000);
    let ended = run(&fixture, &aggregations, &fuse);
    assert!(
        matches!(&ended, Err(Halt::Failed(failure)) if failure.kind == Kind::CircuitBreaking),
        "{ended:?}"
    );
    assert_eq!(fuse.charged.load(Ordering::Relaxed), 0);
}

#[test]
fn too_many_buckets_are_refused_as_recorded() {
    let fixture = Fixture::new(
        r#"{"properties": {"n": {"type": "long"}}}"#,
        &[(0..8).map(|n| format!(r#"{{"n": {n}}}"#)).collect()],
    );
    let aggregations = Aggregations::parse(&json(
        r#"{"h": {"histogram": {"field": "n", "interval": 0.1}}}"#,
    ))
    .unwrap();
    let found = fixture
        .find(None, &aggregations, Arc::new(NoCheckpoint))
        .unwrap();
    let refused = answer(&aggregations, vec![found], 20).unwrap_err();
    assert_eq!(
        (refused.kind, refused.status()),
        (Kind::TooManyBuckets, 503)
    );
    assert!(refused.reason().starts_with(
        "Trying to create too many buckets. Must be less than or equal to: [20] but was ["
    ));
    assert!(refused.reason().ends_with(
        "]. This limit can be set by changing the [search.max_buckets] cluster level setting."
    ));
}
