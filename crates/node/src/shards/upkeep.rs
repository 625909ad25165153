//! What shards need in the background: refreshes, segments, merges, flushes. Each run is an internal task.

use super::shard::{Job, LocalShard, Wanted};
use crate::{Node, Spec, shards::on_pool};
use futures_util::future::join_all;
use glasswork_content::Failure;
use glasswork_tasks::{Start, Task};
use hashbrown::HashMap;
use std::{
    fmt::Write,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// A shard that nobody wrote to for this long is flushed.
const REST: Duration = Duration::from_secs(5);

/// A shard that is written to all the time is flushed this often, so that little has to be replayed after a crash.
const UNFLUSHED: Duration = Duration::from_secs(30);

/// How long a node that stops takes for its last flush.
const LAST_FLUSH: Duration = Duration::from_secs(3);

/// Shards that may hold unrefreshed documents at a time; beyond it the one that holds some for longest is refreshed.
const OPEN_WRITERS: usize = 32;

const UNINTERRUPTED: &str = "the shard would have to be opened again";

const REFRESH: Spec = Spec::uncancellable("internal:index/refresh", 60_000, UNINTERRUPTED);
const SEGMENTS: Spec = Spec::uncancellable("internal:index/segments", 60_000, UNINTERRUPTED);
const FLUSH: Spec = Spec::uncancellable("internal:index/flush", 60_000, UNINTERRUPTED);
const MERGE: Spec = Spec::cancellable("internal:index/merge", 1_000);

/// The actions of internal tasks.
pub(crate) const INTERNAL: &[&Spec] = &[&REFRESH, &SEGMENTS, &FLUSH, &MERGE];

/// A job of a shard.
type Key = (Arc<str>, u32, Job);

/// What is planned.
#[derive(Default)]
struct Plan {
    /// When a job is due.
    due: HashMap<Key, (Instant, Arc<LocalShard>)>,
}

/// Does what is wanted when it is due, until the node is gone.
pub(crate) async fn run(node: Weak<Node>, mut wanted: mpsc::UnboundedReceiver<Wanted>) {
    let mut plan = Plan::default();
    loop {
        let next = plan.due.values().map(|(at, _)| *at).min();
        let arrived = match next {
            None => wanted.recv().await,
            Some(at) => match tokio::time::timeout_at(at.into(), wanted.recv()).await {
                Ok(None) => None,
                Ok(arrived) => arrived,
                Err(_) => {
                    let Some(node) = node.upgrade() else { return };
                    plan.start_due(&node);
                    continue;
                }
            },
        };
        let Some((shard, job)) = arrived else { return };
        plan.add(shard, job);
        if let Some(node) = node.upgrade() {
            plan.keep_writers_few(&node);
        }
    }
}

impl Plan {
    fn add(&mut self, shard: Arc<LocalShard>, job: Job) {
        let now = Instant::now();
        let at = match job {
            Job::Refresh => match shard.options().refresh_interval {
                Some(interval) => now + interval,
                // Never by itself: the next one who asks.
                None => {
                    shard.refresh_unplanned();
                    return;
                }
            },
            Job::FlushWhenIdle => now + REST,
            Job::Segments | Job::Merge | Job::Flush => now,
        };
        let key = (Arc::clone(shard.uuid()), shard.number(), job);
        self.due.entry(key).or_insert((at, shard));
    }

    fn start_due(&mut self, node: &Arc<Node>) {
        let now = Instant::now();
        let due: Vec<Key> = self
            .due
            .iter()
            .filter(|(_, (at, _))| *at <= now)
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            if let Some((_, shard)) = self.due.remove(&key) {
                self.start(node, shard, key.2);
            }
        }
    }

    fn start(&mut self, node: &Arc<Node>, shard: Arc<LocalShard>, job: Job) {
        match job {
            Job::Refresh => {
                // Before the refresh: what is written from now on plans the next one.
                shard.refresh_unplanned();
                if !shard.is_search_idle() {
                    begin(node, shard, &REFRESH, refresh);
                }
            }
            Job::Segments => begin(node, shard, &SEGMENTS, segments),
            // One at a time a shard: the one that runs looks again before it ends.
            Job::Merge if shard.merge_begins() => begin(node, shard, &MERGE, merge),
            Job::Merge => {}
            Job::Flush => begin(node, shard, &FLUSH, flush),
            Job::FlushWhenIdle if shard.resting() < REST && shard.unflushed() < UNFLUSHED => {
                let at = Instant::now() + (REST - shard.resting());
                let key = (Arc::clone(shard.uuid()), shard.number(), job);
                self.due.insert(key, (at, shard));
            }
            Job::FlushWhenIdle => {
                shard.flush_unplanned();
                begin(node, shard, &FLUSH, flush);
            }
        }
    }

    fn keep_writers_few(&mut self, node: &Arc<Node>) {
        let mut dirty: Vec<(Instant, Key)> = self
            .due
            .iter()
            .filter(|(key, _)| key.2 == Job::Refresh)
            .map(|(key, (at, _))| (*at, key.clone()))
            .collect();
        if dirty.len() <= OPEN_WRITERS {
            return;
        }
        dirty.sort_by_key(|(at, _)| *at);
        for (_, key) in dirty.drain(..dirty.len() - OPEN_WRITERS) {
            if let Some((_, shard)) = self.due.remove(&key) {
                shard.refresh_unplanned();
                begin(node, shard, &REFRESH, refresh);
            }
        }
    }
}

/// Makes everything durable in segments, so that the next start has nothing to replay; gives up after a while.
pub(crate) async fn flush_all(node: &Node) {
    let flushing = node
        .shards()
        .all()
        .into_iter()
        .filter(|shard| shard.engine().stats().log_bytes > 0)
        .map(|shard| async move {
            let start = Start::new(node.internal_action(&FLUSH)).internal();
            let Ok(guard) = node.registry().start(start) else {
                return;
            };
            if let Err(failure) = flush_on(node, guard.task(), Arc::clone(&shard)).await {
                tracing::warn!(%failure, shard = ?shard, "a shard can't be flushed at the end");
            }
        });
    // What is not flushed lies in the logs.
    let _ = tokio::time::timeout(LAST_FLUSH, join_all(flushing)).await;
}

/// Starts an internal task that does `work`.
fn begin<F>(
    node: &Arc<Node>,
    shard: Arc<LocalShard>,
    spec: &'static Spec,
    work: fn(Arc<Node>, Task, Arc<LocalShard>) -> F,
) where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let described = Arc::clone(&shard);
    let start = Start::new(node.internal_action(spec))
        .internal()
        .description(move |out: &mut dyn Write| write!(out, "{described:?}"));
    let guard = match node.registry().start(start) {
        Ok(guard) => guard,
        Err(error) => {
            tracing::warn!(%error, shard = ?shard, "upkeep of a shard can't begin");
            shard.merge_gives_up();
            return;
        }
    };
    let node = Arc::clone(node);
    tokio::spawn(async move {
        let worked = work(node, guard.task().clone(), Arc::clone(&shard)).await;
        match worked {
            Ok(()) => guard.succeed(),
            Err(failure) => {
                tracing::debug!(%failure, shard = ?shard, "upkeep of a shard failed");
                guard.fail(failure.kind.name(), failure.reason());
            }
        }
    });
}

async fn refresh(node: Arc<Node>, task: Task, shard: Arc<LocalShard>) -> Result<(), Failure> {
    let management = &node.pools().management;
    let refreshed = Arc::clone(&shard);
    let done = management.run(&task, move |_| refreshed.refresh()).await;
    if done.is_ok() {
        return done;
    }
    // The shard may have failed, with its log intact: it begins again from there, and shows what it has.
    let recovered = Arc::clone(&shard);
    let recovering = async move { recovered.engine().recover().await };
    on_pool(management, &task, recovering)
        .await?
        .map_err(|error| shard.failure(&error))?;
    management.run(&task, move |_| shard.refresh()).await
}

async fn segments(node: Arc<Node>, task: Task, shard: Arc<LocalShard>) -> Result<(), Failure> {
    let work = move |_: &Task| {
        shard
            .engine()
            .finish_segments()
            .map_err(|error| shard.failure(&error))
    };
    node.pools().management.run(&task, work).await
}

async fn merge(node: Arc<Node>, task: Task, shard: Arc<LocalShard>) -> Result<(), Failure> {
    let ends = MergeEnds(Arc::clone(&shard));
    let work = move |task: &Task| {
        while shard.merge_wanted() {
            let checkpoint = Arc::new(task.clone());
            let merged = shard.engine().merge_by_policy(checkpoint);
            merged.map_err(|error| shard.failure(&error))?;
        }
        Ok(())
    };
    let done = node.pools().force_merge.run(&task, work).await;
    drop(ends);
    done
}

/// Lets the next merge of the shard begin, however this one ends.
struct MergeEnds(Arc<LocalShard>);

impl Drop for MergeEnds {
    fn drop(&mut self) {
        self.0.merge_ends();
    }
}

async fn flush(node: Arc<Node>, task: Task, shard: Arc<LocalShard>) -> Result<(), Failure> {
    flush_on(&node, &task, shard).await
}

async fn flush_on(node: &Node, task: &Task, shard: Arc<LocalShard>) -> Result<(), Failure> {
    let flushed = Arc::clone(&shard);
    let flushing = async move { flushed.engine().flush().await };
    on_pool(&node.pools().management, task, flushing)
        .await?
        .map_err(|error| shard.failure(&error))
}
