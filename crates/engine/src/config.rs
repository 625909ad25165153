//! What a shard needs to open, and its limits.

use std::{path::PathBuf, sync::Arc, time::Duration};

use glasswork_substrate::Log;

use crate::{Interpreter, Upkeep};

/// What a shard needs to open.
#[derive(Clone)]
pub struct ShardConfig {
    /// The shard's own folder; created when missing.
    pub dir: PathBuf,
    /// The shard's log.
    pub log: Arc<dyn Log>,
    /// Whoever knows the mapping.
    pub interpreter: Arc<dyn Interpreter>,
    /// Who is told of work for the background; without anyone writers make segments and nobody merges or flushes.
    pub upkeep: Option<Arc<dyn Upkeep>>,
    /// The term in which this node is the shard's primary; at least 1, higher for each new primary.
    pub primary_term: u64,
    /// How long a delete is remembered (`index.gc_deletes`, 60 s).
    pub gc_deletes: Duration,
    /// Bytes of memory after which documents become a segment without a refresh (32 MB).
    pub buffer_bytes: usize,
    /// Bytes of the log after which a flush is wanted (`index.translog.flush_threshold_size`, 512 MB).
    pub flush_bytes: u64,
    /// The most bytes a second that merges write; `None` for no limit.
    pub merge_bytes_per_second: Option<u64>,
}

impl ShardConfig {
    /// A configuration with the defaults, in term 1.
    pub fn new(
        dir: impl Into<PathBuf>,
        log: Arc<dyn Log>,
        interpreter: Arc<dyn Interpreter>,
    ) -> Self {
        Self {
            dir: dir.into(),
            log,
            interpreter,
            upkeep: None,
            primary_term: 1,
            gc_deletes: Duration::from_secs(60),
            buffer_bytes: 32 << 20,
            flush_bytes: 512 << 20,
            merge_bytes_per_second: None,
        }
    }
}
