//! The shard as its owner sees it.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use glasswork_tasks::Checkpoint;
use parking_lot::Mutex;
use tantivy::index::SegmentId;

use crate::{
    EngineError, ShardConfig, View, Work, Write, WriteFailure, Written,
    alive::Alive,
    directory::Folder,
    fields::Fields,
    manifest::Manifest,
    queue::{Queue, Tail},
    recovery::{Restored, restore},
    refresh::MAX_SEALED,
    segment::Opener,
    state::{Place, State},
};

/// Deletes that are remembered before a flush is wanted.
const MANY_TOMBSTONES: usize = 200_000;

/// A document found by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `_source`, byte for byte.
    pub source: Bytes,
    /// `_seq_no`.
    pub seq_no: u64,
    /// `_primary_term`.
    pub primary_term: u64,
    /// `_version`.
    pub version: u64,
    /// `_routing`, if it was given.
    pub routing: Option<Box<str>>,
}

/// Figures of a shard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShardStats {
    /// Living documents of the present view.
    pub docs: u64,
    /// Deleted documents of the present view that still take space.
    pub deleted: u64,
    /// Bytes of the segments' files.
    pub store_bytes: u64,
    /// Segments of the present view.
    pub segments: u64,
    /// Highest `_seq_no` applied.
    pub max_seq_no: Option<u64>,
    /// Highest `_seq_no` that the manifest has.
    pub flushed_seq_no: Option<u64>,
    /// Bytes of memory of documents that are not in a segment.
    pub buffer_bytes: u64,
    /// Bytes of segments that are in memory only.
    pub memory_segment_bytes: u64,
    /// Bytes of the log since the last flush.
    pub log_bytes: u64,
}

/// A shard. Clones are handles of the same one.
#[derive(Clone)]
pub struct Shard {
    shared: Arc<Shared>,
    queue: Arc<Queue>,
}

/// A segment, the living documents that were saved of it, and the number of their file.
pub(crate) type SavedAlive = (SegmentId, Alive, Option<u64>);

/// What only upkeep touches: whoever holds it is the only one to make, show, save or remove segments.
pub(crate) struct Gate {
    /// The manifest on disk.
    pub(crate) manifest: Manifest,
    pub(crate) saved: Vec<SavedAlive>,
    pub(crate) alive_files: u64,
    /// Segments that only the manifest still needs.
    pub(crate) retired: Vec<SegmentId>,
}

/// The parts of a shard. Locks are taken in this order: `merging`, `gate`, `state`.
pub(crate) struct Shared {
    pub(crate) config: ShardConfig,
    pub(crate) folder: Arc<Folder>,
    /// Tells this opening of the shard from any other that writes to the log.
    pub(crate) writer: u64,
    pub(crate) merging: Mutex<()>,
    pub(crate) gate: Mutex<Gate>,
    pub(crate) state: Mutex<State>,
    pub(crate) view: ArcSwap<View>,
    closed: AtomicBool,
    /// Whether merges have to stop: the shard is closed or has failed.
    pub(crate) halted: Arc<AtomicBool>,
    /// What segments were last opened with.
    opener: Mutex<Option<(Arc<Fields>, Arc<Opener>)>>,
    log_bytes: AtomicU64,
}

impl Shard {
    /// Opens the shard: reads its manifest, replays the log after it, and shows the result. An empty folder and an empty
    /// log make an empty shard, for which nothing is written.
    ///
    /// # Errors
    /// When the folder or the log can't be read, or an operation names a mapping version that never becomes known.
    pub async fn open(config: ShardConfig) -> Result<Self, EngineError> {
        let folder = Folder::new(config.dir.clone());
        let halted = Arc::default();
        let Restored { state, gate } = restore(&config, &folder, &halted)?;
        let mut tail = Tail {
            last: state.applied.record,
            counter: 0,
            barrier: false,
            uncertain: true,
        };
        let view = View::new(Vec::new(), state.fields.clone(), None);
        let shared = Shared {
            config,
            folder,
            writer: writer_id(),
            merging: Mutex::new(()),
            gate: Mutex::new(gate),
            state: Mutex::new(state),
            view: ArcSwap::from_pointee(view),
            closed: AtomicBool::new(false),
            halted,
            opener: Mutex::new(None),
            log_bytes: AtomicU64::new(0),
        };
        shared.catch_up(&mut tail).await?;
        shared.refresh()?;
        Ok(Self {
            shared: Arc::new(shared),
            queue: Queue::new(tail),
        })
    }

    /// Writes a group: decides versions in order, appends to the log, applies, and answers when all of it is durable.
    /// The results are in the order of the writes. Groups of several callers go to the log together.
    ///
    /// CPU work is done inside the poll, for other callers too: poll it on a pool for writes.
    ///
    /// # Errors
    /// When nothing of the group could be written. After [`EngineError::Unknown`] it may yet show up.
    pub async fn write(
        &self,
        writes: Vec<Write>,
    ) -> Result<Vec<Result<Written, WriteFailure>>, EngineError> {
        self.shared.check_open()?;
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let shared = &self.shared;
        self.queue
            .write(writes, async |tail, writes| {
                shared.write_group(tail, writes).await
            })
            .await
    }

    /// Begins again from the manifest and the log if the shard has failed. Writes do the same by themselves.
    ///
    /// # Errors
    /// When the cause of the failure is still there.
    pub async fn recover(&self) -> Result<(), EngineError> {
        self.shared.check_open()?;
        let shared = &self.shared;
        // An empty group waits for its turn like any other.
        self.queue
            .write(Vec::new(), async |tail, writes| {
                shared.write_group(tail, writes).await
            })
            .await?;
        shared.state.lock().check()
    }

    /// The newest state of a document, refreshed or not.
    ///
    /// # Errors
    /// When a segment can't be read or the shard has failed.
    pub fn get(&self, id: &str) -> Result<Option<Found>, EngineError> {
        let (core, doc) = {
            let state = self.shared.state.lock();
            state.check()?;
            match state.find(id)? {
                None => return Ok(None),
                Some(Place::Unwritten(unwritten)) => {
                    return Ok(Some(Found {
                        source: unwritten.source.clone(),
                        seq_no: unwritten.seq_no,
                        primary_term: unwritten.primary_term,
                        version: unwritten.version,
                        routing: unwritten.routing.clone(),
                    }));
                }
                Some(Place::Segment(core, doc)) => (core.clone(), doc),
            }
        };
        core.found(doc).map(Some)
    }

    /// The state of a document in the present view.
    ///
    /// # Errors
    /// When a segment can't be read.
    pub fn get_from_view(&self, id: &str) -> Result<Option<Found>, EngineError> {
        let view = self.view();
        match view.find(id)? {
            Some((segment, doc)) => segment.core().found(doc).map(Some),
            None => Ok(None),
        }
    }

    /// Makes all applied operations visible to searches. Answers whether there was anything new. Nothing is fsynced.
    ///
    /// # Errors
    /// When a segment can't be written. The shard then has failed: the present view stays, everything else is refused until
    /// the next write, or [`Shard::recover`], has begun again from the manifest and the log, which has everything.
    pub fn refresh(&self) -> Result<bool, EngineError> {
        self.shared.check_open()?;
        self.shared.refresh()
    }

    /// Whether a refresh would show something new.
    #[must_use]
    pub fn needs_refresh(&self) -> bool {
        self.shared.state.lock().dirty
    }

    /// Does [`Work::Segments`]: full buffers become segments. Shows nothing.
    ///
    /// # Errors
    /// As [`Shard::refresh`].
    pub fn finish_segments(&self) -> Result<(), EngineError> {
        self.shared.check_open()?;
        self.shared.finish_segments()
    }

    /// Makes all applied operations durable in segments, writes the manifest and trims the log. Shows nothing.
    ///
    /// # Errors
    /// When a file can't be written: the manifest before stays and the log keeps what it needs.
    pub async fn flush(&self) -> Result<(), EngineError> {
        self.shared.check_open()?;
        self.shared.flush().await
    }

    /// Merges down to at most `max_segments` segments without deletes; a segment of more than two million documents is
    /// not made. Answers whether anything was merged. Stops at the checkpoint's word within milliseconds.
    ///
    /// # Errors
    /// [`EngineError::Stopped`], or when a segment can't be read or written; nothing has changed then.
    pub fn merge(
        &self,
        max_segments: usize,
        checkpoint: Arc<dyn Checkpoint>,
    ) -> Result<bool, EngineError> {
        self.shared.check_open()?;
        self.shared.merge_to(max_segments, &checkpoint)
    }

    /// Does [`Work::Merge`]: what is worth merging by its size and deletes. Answers whether anything was.
    ///
    /// # Errors
    /// As [`Shard::merge`].
    pub fn merge_by_policy(&self, checkpoint: Arc<dyn Checkpoint>) -> Result<bool, EngineError> {
        self.shared.check_open()?;
        self.shared.merge_by_policy(&checkpoint)
    }

    /// Rewrites the segments that have deletes (`only_expunge_deletes`). Answers whether there were any.
    ///
    /// # Errors
    /// As [`Shard::merge`].
    pub fn expunge_deletes(&self, checkpoint: Arc<dyn Checkpoint>) -> Result<bool, EngineError> {
        self.shared.check_open()?;
        self.shared.expunge_deletes(&checkpoint)
    }

    /// The present view.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.shared.view.load_full()
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> ShardStats {
        let view = self.view();
        let (store_bytes, max_seq_no, flushed_seq_no, buffer_bytes) = {
            let state = self.shared.state.lock();
            (
                state.live.iter().map(|live| live.size).sum(),
                state.applied.seq_no,
                state.flushed,
                state.memory() as u64,
            )
        };
        ShardStats {
            docs: view.doc_count(),
            deleted: view.deleted_count(),
            store_bytes,
            segments: view.segments().len() as u64,
            max_seq_no,
            flushed_seq_no,
            buffer_bytes,
            memory_segment_bytes: self.shared.folder.memory(),
            log_bytes: self.shared.unflushed(),
        }
    }

    /// Refuses everything from now on and gives the memory back; views that are held stay readable. What was answered is
    /// in the log.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        self.shared.state.lock().clear();
        let fields = self.view().fields().clone();
        let empty = View::new(Vec::new(), fields, None);
        self.shared.view.store(Arc::new(empty));
    }

    /// Closes the shard and removes its folder. The log is the owner's to delete.
    ///
    /// # Errors
    /// When the folder can't be removed.
    pub fn delete(&self) -> Result<(), EngineError> {
        self.close();
        // Whoever is at work in the folder ends first, a merge at its next write.
        let _merging = self.shared.merging.lock();
        let _gate = self.shared.gate.lock();
        let dir = self.shared.folder.path();
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(EngineError::io(
                format!("removing [{}]", dir.display()),
            )(error)),
            _ => Ok(()),
        }
    }
}

impl Shared {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(crate) fn check_open(&self) -> Result<(), EngineError> {
        if self.is_closed() {
            return Err(EngineError::Closed);
        }
        Ok(())
    }

    /// Whoever opens segments with these fields.
    pub(crate) fn opener(&self, fields: &Arc<Fields>) -> Result<Arc<Opener>, EngineError> {
        let mut last = self.opener.lock();
        if let Some((same, opener)) = &*last
            && Arc::ptr_eq(same, fields)
        {
            return Ok(opener.clone());
        }
        let opener = Arc::new(Opener::new(&self.folder, fields)?);
        *last = Some((fields.clone(), opener.clone()));
        Ok(opener)
    }

    /// Remembers a panic in the middle of a change, after which the state can't be trusted.
    pub(crate) fn fail_on_panic(&self) -> FailOnPanic<'_> {
        FailOnPanic(self)
    }

    /// Ends the buffer when it is full, and turns waiting ones into segments when too many wait.
    pub(crate) fn seal_when_full(&self) -> Result<(), EngineError> {
        let waiting = {
            let mut state = self.state.lock();
            if state.buffer_memory() > self.config.buffer_bytes {
                state.seal();
            }
            state.sealed.len()
        };
        if waiting > 0 {
            if self.config.upkeep.is_none() || waiting > MAX_SEALED {
                return self.finish_segments();
            }
            self.want(Work::Segments);
        }
        Ok(())
    }

    /// Tells the owner, if there is one.
    pub(crate) fn want(&self, work: Work) {
        if let Some(upkeep) = &self.config.upkeep {
            upkeep.wanted(work);
        }
    }

    pub(crate) fn count_appended(&self, bytes: usize) {
        let before = self.log_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let large = before + bytes as u64 > self.config.flush_bytes;
        if large || self.state.lock().tombstones.len() > MANY_TOMBSTONES {
            self.want(Work::Flush);
        }
    }

    /// Bytes of the log that no manifest covers, about.
    pub(crate) fn unflushed(&self) -> u64 {
        self.log_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn count_flushed(&self, bytes: u64) {
        self.log_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// See [`Shared::fail_on_panic`]. Must be made before a lock of the state is taken.
pub(crate) struct FailOnPanic<'a>(&'a Shared);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let error = EngineError::Segment("panic in the middle of a change".into());
            self.0.state.lock().fail(&error);
        }
    }
}

/// A number that no other opening of a shard has, as good as certainly.
fn writer_id() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
