//! A shard that is open on this node.

use crate::metadata::IndexOptions;
use arc_swap::ArcSwap;
use glasswork_content::{Failure, Kind};
use glasswork_engine::{EngineError, Shard, Upkeep, Work};
use glasswork_search::mapping::MappingVersions;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};

/// What is to be done for a shard in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Job {
    /// Show what was written.
    Refresh,
    /// Turn full buffers into segments.
    Segments,
    /// Merge what is worth merging.
    Merge,
    /// Make segments durable.
    Flush,
    /// Look whether nothing was written for a while, and flush then.
    FlushWhenIdle,
}

/// A job and the shard it is for.
pub(crate) type Wanted = (Arc<LocalShard>, Job);

/// A shard that is open here.
pub struct LocalShard {
    index: Arc<str>,
    uuid: Arc<str>,
    number: u32,
    engine: Shard,
    versions: Arc<MappingVersions>,
    options: ArcSwap<IndexOptions>,
    opened: Instant,
    /// Milliseconds after `opened` when it was searched last.
    searched: AtomicU64,
    /// Milliseconds after `opened` when it was written last.
    written: AtomicU64,
    refresh_planned: AtomicBool,
    flush_planned: AtomicBool,
    /// Milliseconds after `opened` when that flush was planned.
    flush_planned_at: AtomicU64,
    /// A merge runs or is about to.
    merging: AtomicBool,
    /// Merging was asked for since the last look.
    merge_wanted: AtomicBool,
    /// How many refreshes have begun, and how many of these are done.
    refreshes_begun: AtomicU64,
    refreshed: watch::Sender<u64>,
    jobs: mpsc::UnboundedSender<Wanted>,
}

impl std::fmt::Debug for LocalShard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}][{}]", self.index, self.number)
    }
}

/// What a shard is opened with, beside its engine.
pub(super) struct Frame {
    pub(super) index: Arc<str>,
    pub(super) uuid: Arc<str>,
    pub(super) number: u32,
    pub(super) versions: Arc<MappingVersions>,
    pub(super) options: Arc<IndexOptions>,
    pub(super) jobs: mpsc::UnboundedSender<Wanted>,
}

impl LocalShard {
    pub(super) fn new(frame: Frame, engine: Shard) -> Self {
        Self {
            index: frame.index,
            uuid: frame.uuid,
            number: frame.number,
            engine,
            versions: frame.versions,
            options: ArcSwap::new(frame.options),
            opened: Instant::now(),
            searched: AtomicU64::new(0),
            written: AtomicU64::new(0),
            refresh_planned: AtomicBool::new(false),
            flush_planned: AtomicBool::new(false),
            flush_planned_at: AtomicU64::new(0),
            merging: AtomicBool::new(false),
            merge_wanted: AtomicBool::new(false),
            refreshes_begun: AtomicU64::new(0),
            refreshed: watch::channel(0).0,
            jobs: frame.jobs,
        }
    }

    /// Name of its index.
    #[must_use]
    pub fn index(&self) -> &Arc<str> {
        &self.index
    }

    /// Uuid of its index.
    #[must_use]
    pub fn uuid(&self) -> &Arc<str> {
        &self.uuid
    }

    /// Its number in the index.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Shard {
        &self.engine
    }

    /// The mapping of its index as it changes.
    #[must_use]
    pub fn versions(&self) -> &Arc<MappingVersions> {
        &self.versions
    }

    pub(crate) fn options(&self) -> Arc<IndexOptions> {
        self.options.load_full()
    }

    pub(super) fn set_options(&self, options: Arc<IndexOptions>) {
        self.options.store(options);
    }

    /// Must be called before a search takes its view: a shard that was not searched for a while, and was therefore not
    /// refreshed, is refreshed now. Blocks while it does: call it on the search pool.
    ///
    /// # Errors
    /// When the refresh fails.
    pub fn searched(&self) -> Result<(), Failure> {
        let was_idle = self.is_search_idle();
        self.searched.store(self.millis(), Ordering::Relaxed);
        if was_idle && self.engine.needs_refresh() {
            self.refresh()?;
        }
        Ok(())
    }

    /// Whether periodic refreshes rest because nobody searches.
    pub(crate) fn is_search_idle(&self) -> bool {
        let options = self.options();
        if options.refresh_interval_is_set {
            return false;
        }
        let since = self
            .millis()
            .saturating_sub(self.searched.load(Ordering::Relaxed));
        u128::from(since) > options.search_idle_after.as_millis()
    }

    /// Shows what was written until now. Blocks: call it on a pool.
    ///
    /// # Errors
    /// When a segment can't be written.
    pub fn refresh(&self) -> Result<(), Failure> {
        let number = self.refreshes_begun.fetch_add(1, Ordering::SeqCst) + 1;
        self.engine
            .refresh()
            .map_err(|error| self.failure(&error))?;
        self.refreshed.send_modify(|done| *done = number.max(*done));
        Ok(())
    }

    /// Waits until searches see what was written before this call.
    pub(crate) async fn next_refresh(&self) {
        let begun = self.refreshes_begun.load(Ordering::SeqCst);
        // Someone waits for it: that counts as a search.
        self.searched.store(self.millis(), Ordering::Relaxed);
        let mut refreshed = self.refreshed.subscribe();
        // One that had begun may have come too early; whether it did is known when it is done.
        let seen = |done: &u64| *done > begun || (*done == begun && !self.engine.needs_refresh());
        // The sender lives as long as the shard.
        let _ = refreshed.wait_for(seen).await;
    }

    /// Plans what follows a write: a refresh, and a flush when it rests.
    pub(crate) fn wrote(self: &Arc<Self>) {
        self.written.store(self.millis(), Ordering::Relaxed);
        if !self.refresh_planned.swap(true, Ordering::SeqCst) {
            self.want(Job::Refresh);
        }
        if !self.flush_planned.swap(true, Ordering::SeqCst) {
            self.flush_planned_at
                .store(self.millis(), Ordering::Relaxed);
            self.want(Job::FlushWhenIdle);
        }
    }

    /// The planned refresh is done or given up.
    pub(super) fn refresh_unplanned(&self) {
        self.refresh_planned.store(false, Ordering::SeqCst);
    }

    /// The planned flush is done.
    pub(super) fn flush_unplanned(&self) {
        self.flush_planned.store(false, Ordering::SeqCst);
    }

    /// Asks for a merge; true when the caller is to run it.
    pub(super) fn merge_begins(&self) -> bool {
        self.merge_wanted.store(true, Ordering::SeqCst);
        !self.merging.swap(true, Ordering::SeqCst)
    }

    /// Whether merging was asked for since the last call.
    pub(super) fn merge_wanted(&self) -> bool {
        self.merge_wanted.swap(false, Ordering::SeqCst)
    }

    /// The merge is over; one that was asked for at the last moment begins.
    pub(super) fn merge_ends(self: &Arc<Self>) {
        self.merging.store(false, Ordering::SeqCst);
        if self.merge_wanted.swap(false, Ordering::SeqCst) {
            self.want(Job::Merge);
        }
    }

    /// A merge could not begin: the next one who asks may try.
    pub(super) fn merge_gives_up(&self) {
        self.merge_wanted.store(false, Ordering::SeqCst);
        self.merging.store(false, Ordering::SeqCst);
    }

    /// For how long nothing was written.
    pub(super) fn resting(&self) -> Duration {
        Duration::from_millis(
            self.millis()
                .saturating_sub(self.written.load(Ordering::Relaxed)),
        )
    }

    /// For how long a flush has been put off.
    pub(super) fn unflushed(&self) -> Duration {
        let planned = self.flush_planned_at.load(Ordering::Relaxed);
        Duration::from_millis(self.millis().saturating_sub(planned))
    }

    fn want(self: &Arc<Self>, job: Job) {
        // Nobody listens when the node stops; what is in the log needs no upkeep then.
        let _ = self.jobs.send((Arc::clone(self), job));
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// What a failure of the engine is for whoever asked.
    #[must_use]
    pub fn failure(&self, error: &EngineError) -> Failure {
        of_engine(error, &self.index, &self.uuid, self.number)
    }
}

/// What a failure of an engine is for whoever asked.
pub(super) fn of_engine(error: &EngineError, index: &str, uuid: &str, shard: u32) -> Failure {
    let failure = match error {
        EngineError::Stopped(stop) => return crate::of_stop(stop),
        EngineError::Closed => Failure::new(Kind::IndexClosed, "closed"),
        EngineError::Unavailable(_)
        | EngineError::Unknown
        | EngineError::Fenced { .. }
        | EngineError::Log(_) => Failure::new(
            Kind::UnavailableShards,
            format!("[{index}][{shard}] {error}"),
        ),
        EngineError::Interpreter(cause) => {
            Failure::illegal_state(format!("[{index}][{shard}] {error}"))
                .caused_by((**cause).clone())
        }
        _ => Failure::illegal_state(format!("[{index}][{shard}] {error}")),
    };
    failure
        .with_text("index", index)
        .with_text("shard", shard.to_string())
        .with_text("index_uuid", uuid)
}

/// Takes what the engine of a shard wants to the node's upkeep.
pub(super) struct EngineUpkeep {
    pub(super) shard: std::sync::OnceLock<std::sync::Weak<LocalShard>>,
}

impl Upkeep for EngineUpkeep {
    fn wanted(&self, work: Work) {
        let job = match work {
            Work::Segments => Job::Segments,
            Work::Merge => Job::Merge,
            Work::Flush => Job::Flush,
        };
        // Before the shard is open (it replays its log) nothing needs to be done soon.
        if let Some(shard) = self.shard.get().and_then(std::sync::Weak::upgrade) {
            shard.want(job);
        }
    }
}
