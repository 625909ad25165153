//! The shard as its owner sees it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use bytes::Bytes;
use glasswork_substrate::Log;
use glasswork_tasks::Checkpoint;

use crate::{EngineError, Interpreter, View, Write, WriteFailure, Written};

/// What a shard needs to open.
#[derive(Clone)]
pub struct ShardConfig {
    /// The shard's own folder; created when missing.
    pub dir: PathBuf,
    /// The shard's log.
    pub log: Arc<dyn Log>,
    /// Whoever knows the mapping.
    pub interpreter: Arc<dyn Interpreter>,
    /// The term in which this node is the shard's primary; at least 1, higher for each new primary.
    pub primary_term: u64,
    /// How long a delete is remembered (`index.gc_deletes`, 60 s).
    pub gc_deletes: Duration,
    /// Bytes of memory after which documents become a segment without a refresh (32 MB).
    pub buffer_bytes: usize,
}

impl ShardConfig {
    /// A configuration with the defaults.
    pub fn new(
        dir: impl Into<PathBuf>,
        log: Arc<dyn Log>,
        interpreter: Arc<dyn Interpreter>,
    ) -> Self {
        Self {
            dir: dir.into(),
            log,
            interpreter,
            primary_term: 1,
            gc_deletes: Duration::from_secs(60),
            buffer_bytes: 32 << 20,
        }
    }
}

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
    /// Bytes of memory held by documents that are not in a segment on disk.
    pub memory_bytes: u64,
}

/// A shard. Clones are handles of the same one.
#[derive(Clone)]
pub struct Shard {
    view: Arc<ArcSwap<View>>,
}

impl Shard {
    /// Opens the shard: reads its manifest and replays the log after it.
    pub async fn open(config: ShardConfig) -> Result<Self, EngineError> {
        let _ = config;
        todo!()
    }

    /// Writes a group: decides versions in order, appends to the log, applies, and answers when all of it is durable.
    /// The results are in the order of the writes. CPU work is done inside the poll: poll it on a pool for writes.
    pub async fn write(
        &self,
        writes: Vec<Write>,
    ) -> Result<Vec<Result<Written, WriteFailure>>, EngineError> {
        let _ = writes;
        todo!()
    }

    /// The newest state of a document, refreshed or not.
    pub fn get(&self, id: &str) -> Result<Option<Found>, EngineError> {
        let _ = id;
        todo!()
    }

    /// The state of a document in the present view.
    pub fn get_from_view(&self, id: &str) -> Result<Option<Found>, EngineError> {
        let _ = id;
        todo!()
    }

    /// Makes applied operations visible to searches. Answers whether there was anything new.
    pub fn refresh(&self) -> Result<bool, EngineError> {
        todo!()
    }

    /// Makes segments durable, writes the manifest and trims the log.
    pub async fn flush(&self) -> Result<(), EngineError> {
        todo!()
    }

    /// Merges down to at most `max_segments`.
    pub fn merge(
        &self,
        max_segments: usize,
        checkpoint: Arc<dyn Checkpoint>,
    ) -> Result<(), EngineError> {
        let _ = (max_segments, checkpoint);
        todo!()
    }

    /// The present view.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> ShardStats {
        todo!()
    }

    /// Refuses everything from now on.
    pub fn close(&self) {
        todo!()
    }
}
