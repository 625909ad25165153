//! The log of a shard: the source of truth from which everything else is built again.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use crate::BoxFuture;

/// The most bytes that one record may have: 900 KB, below the 1 MiB message limit of the cluster's transport.
pub const MAX_RECORD_BYTES: usize = 900 * 1024;

/// The place of a record in its log. Dense: the first record ever is 1, the next 2, and so on through trims and restarts.
/// 0 stands for "no record yet".
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct RecordNumber(pub u64);

impl RecordNumber {
    /// The expectation of the first append to an empty log.
    pub const NONE: Self = Self(0);

    /// The number of the record after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for RecordNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The record lies in the log under this number (always the expected last + 1) and survives a crash.
    Done(RecordNumber),
    /// Nothing was written: the log ends elsewhere. The number is the true last one.
    Fenced(RecordNumber),
    /// The record may or may not have landed, now or in a moment. Resend the *same* record with the *same* expectation;
    /// when that answers `Fenced`, read what lies at expected + 1: it is the record, or another writer's.
    Unknown,
    /// Nothing was written and nothing will be: the log can't take records now. The text says why.
    Unavailable(String),
}

/// The records of one read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Consecutive records, beginning with the one asked for. Empty when the log ends before it.
    pub records: Vec<(RecordNumber, Bytes)>,
    /// The last record of the log at the time of the read (0: none ever).
    pub end: RecordNumber,
}

/// Which records can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The first record that is still there; `last + 1` when there is none.
    pub first: RecordNumber,
    /// The last record ever appended (0: none). Trimming does not change it.
    pub last: RecordNumber,
}

/// Why a log could not be opened, read or trimmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The read began before the trimmed end.
    #[error("the log was trimmed: record {asked} is gone, the first one left is {first}")]
    Gap {
        /// The record that was asked for.
        asked: RecordNumber,
        /// The first record that is still there.
        first: RecordNumber,
    },
    /// Bytes that had been acknowledged do not read back as written.
    #[error("the log [{log}] is damaged: {detail}")]
    Damaged {
        /// Name of the log.
        log: String,
        /// What was found, and where.
        detail: String,
    },
    /// The log was deleted while it was in use.
    #[error("the log [{0}] was deleted")]
    Deleted(String),
    /// The log can't be reached or its disk fails.
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
}

/// The name of a log: the uuid of an index and a shard number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName {
    index_uuid: Box<str>,
    shard: u32,
}

/// A uuid that can't name a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[{0}] can't name a log: 1 to 64 of A-Z, a-z, 0-9, '-', '_' are allowed")]
pub struct InvalidLogName(pub String);

impl LogName {
    /// Names the log of one shard.
    ///
    /// # Errors
    /// When the uuid is empty, longer than 64 bytes or holds anything but `A-Z a-z 0-9 - _` (it becomes a folder name).
    pub fn new(index_uuid: &str, shard: u32) -> Result<Self, InvalidLogName> {
        let fits = (1..=64).contains(&index_uuid.len())
            && index_uuid
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits {
            Ok(Self {
                index_uuid: index_uuid.into(),
                shard,
            })
        } else {
            Err(InvalidLogName(index_uuid.to_owned()))
        }
    }

    /// The uuid of the index.
    #[must_use]
    pub fn index_uuid(&self) -> &str {
        &self.index_uuid
    }

    /// The shard number in the index.
    #[must_use]
    pub fn shard(&self) -> u32 {
        self.shard
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index_uuid, self.shard)
    }
}

/// An append-only sequence of records, durable and fenced.
///
/// * **Durable**: a record is on stable storage before [`Appended::Done`] is answered. A crash loses none of them and never
///   shows a part of one.
/// * **Dense**: numbers grow by one and are never given twice, through trims, restarts and changes of the writer.
/// * **Fenced**: an append lands only when the log ends where its writer believes. Of two writers with the same expectation
///   at most one gets `Done`.
/// * **One append in flight**: a writer waits for the answer before it appends again (it puts everything that waits into one
///   record). Appends in flight side by side are not in order and may leave holes in the later writer's history.
///
/// Dropping the future of an append does not undo it: it then is as if `Unknown` had been answered.
pub trait Log: Send + Sync {
    /// Appends `record` (at most [`MAX_RECORD_BYTES`], at least one byte) after `expected_last` and answers when it is durable.
    fn append(&self, expected_last: RecordNumber, record: Bytes) -> BoxFuture<'_, Appended>;

    /// Reads consecutive records from `from` on: as many as fit `max_bytes` together, and at least one if there is one.
    ///
    /// # Errors
    /// [`LogError::Gap`] when `from` lies before the first record left.
    fn read(&self, from: RecordNumber, max_bytes: usize) -> BoxFuture<'_, Result<Batch, LogError>>;

    /// Answers which records can be read now. May be stale: decide by an append.
    ///
    /// # Errors
    /// When the log can't be reached.
    fn bounds(&self) -> BoxFuture<'_, Result<Bounds, LogError>>;

    /// Waits until the log ends after `last` and answers its end: how a follower tails it. It may also answer early
    /// (with the present end), so that a caller polls rather than hangs.
    ///
    /// # Errors
    /// When the log was deleted or can't be reached.
    fn grown_past(&self, last: RecordNumber) -> BoxFuture<'_, Result<RecordNumber, LogError>>;

    /// Allows the records up to and including `through` to be dropped (a part of them may stay). Numbers go on; trimming past
    /// the end trims up to the end.
    ///
    /// # Errors
    /// When the log can't be reached.
    fn trim(&self, through: RecordNumber) -> BoxFuture<'_, Result<(), LogError>>;
}

/// All logs that this node can reach.
pub trait Logs: Send + Sync {
    /// Opens the log, creating an empty one when there is none. Opening one twice gives handles of the same log.
    ///
    /// # Errors
    /// [`LogError::Damaged`] when acknowledged records can't be read back.
    fn open(&self, name: &LogName) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>>;

    /// Deletes the log with its records; absent is fine. Handles that are open answer [`LogError::Deleted`] and
    /// [`Appended::Unavailable`] from then on.
    ///
    /// # Errors
    /// When the log can't be reached.
    fn delete(&self, name: &LogName) -> BoxFuture<'_, Result<(), LogError>>;

    /// The names of all logs that exist, in order.
    ///
    /// # Errors
    /// When they can't be reached.
    fn list(&self) -> BoxFuture<'_, Result<Vec<LogName>, LogError>>;
}
