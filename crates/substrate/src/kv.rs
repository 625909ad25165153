//! Keys and values that all nodes share: metadata, leases, durable task state.

mod change;
mod watch;

use std::{fmt, time::Duration};

use bytes::Bytes;

pub(crate) use change::{Change, Expect, lease_time};
pub use watch::Watch;
pub(crate) use watch::Watchers;

use crate::BoxFuture;

/// The most bytes that a value may have: 900 KB.
pub const MAX_VALUE_BYTES: usize = 900 * 1024;

/// The most bytes that a key may have.
pub const MAX_KEY_BYTES: usize = 512;

/// The number of a change. Grows with every change of any key of the store, deletions and expiries included, and never
/// goes back: a key that is deleted and created again has a higher revision than before.
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
pub struct Revision(pub u64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value and the change that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bytes.
    pub value: Bytes,
    /// The change that wrote them.
    pub revision: Revision,
}

/// Why a change or a read failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// The key is not at the expected revision (or exists, for a create). Nothing was changed.
    #[error("the key [{key}] was changed by another writer")]
    Conflict {
        /// The key.
        key: String,
        /// Its revision now; absent when there is no such key.
        current: Option<Revision>,
    },
    /// The value is longer than [`MAX_VALUE_BYTES`].
    #[error("the value of key [{key}] has {bytes} bytes, at most {MAX_VALUE_BYTES} are allowed")]
    TooLarge {
        /// The key.
        key: String,
        /// Length of the value in bytes.
        bytes: usize,
    },
    /// The key is empty, too long or holds a character that is not allowed.
    #[error(
        "[{0}] is not a key: 1 to {MAX_KEY_BYTES} of A-Z, a-z, 0-9, '-', '_', '.', '/', '=' are allowed"
    )]
    InvalidKey(String),
    /// The change may or may not have happened. Read the key and decide.
    #[error("it is not known whether the change of key [{0}] happened")]
    Unknown(String),
    /// The store can't be reached or its disk fails. Nothing was changed.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// What a [`Watch`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvEvent {
    /// The key has this value: as it was when the watch began, or just written.
    Put {
        /// The key.
        key: String,
        /// Value and revision.
        entry: Entry,
    },
    /// The key was deleted, or its lease expired.
    Gone {
        /// The key.
        key: String,
        /// The change that removed it.
        revision: Revision,
        /// True when the time to live ran out.
        expired: bool,
    },
    /// Every key that existed when the watch began has been told; what follows are changes. Told exactly once a watch.
    Live,
}

/// Shared keys with revisions.
///
/// * A change is durable when it answers `Ok`.
/// * [`Kv::get`] and [`Kv::list`] may be **stale**, even after an own acknowledged change. Decide by compare-and-set, never
///   by what a read showed.
/// * A lease is a **hint**: it may end later than asked, and after a fault earlier than its holder could renew it.
///   A key that is gone is a question ("does its holder answer?"), not a proof.
/// * Keys are made of `A-Z a-z 0-9 - _ . / =`, at most [`MAX_KEY_BYTES`] long. Values have at most [`MAX_VALUE_BYTES`].
pub trait Kv: Send + Sync {
    /// The value of a key, if it exists.
    ///
    /// # Errors
    /// [`KvError::InvalidKey`], [`KvError::Unavailable`].
    fn get(&self, key: &str) -> BoxFuture<'_, Result<Option<Entry>, KvError>>;

    /// Writes the value whatever is there. It takes the lease off a leased key.
    ///
    /// # Errors
    /// [`KvError::TooLarge`], [`KvError::InvalidKey`], [`KvError::Unknown`], [`KvError::Unavailable`].
    fn put(&self, key: &str, value: Bytes) -> BoxFuture<'_, Result<Revision, KvError>>;

    /// Writes the value if the key does not exist (a deleted or expired key does not exist).
    ///
    /// # Errors
    /// [`KvError::Conflict`] when it exists; otherwise as [`Kv::put`].
    fn create(&self, key: &str, value: Bytes) -> BoxFuture<'_, Result<Revision, KvError>>;

    /// Writes the value if the key is at `expected`. Of several writers with the same expectation exactly one succeeds.
    ///
    /// # Errors
    /// [`KvError::Conflict`] when it is not; otherwise as [`Kv::put`].
    fn compare_and_set(
        &self,
        key: &str,
        expected: Revision,
        value: Bytes,
    ) -> BoxFuture<'_, Result<Revision, KvError>>;

    /// Deletes the key, whatever is there; absent is fine.
    ///
    /// # Errors
    /// [`KvError::InvalidKey`], [`KvError::Unknown`], [`KvError::Unavailable`].
    fn delete(&self, key: &str) -> BoxFuture<'_, Result<(), KvError>>;

    /// Deletes the key if it is at `expected`.
    ///
    /// # Errors
    /// [`KvError::Conflict`] when it is not; otherwise as [`Kv::delete`].
    fn compare_and_delete(
        &self,
        key: &str,
        expected: Revision,
    ) -> BoxFuture<'_, Result<(), KvError>>;

    /// All keys that begin with `prefix` (may be empty), in byte order.
    ///
    /// # Errors
    /// [`KvError::Unavailable`].
    fn list(&self, prefix: &str) -> BoxFuture<'_, Result<Vec<(String, Entry)>, KvError>>;

    /// Watches the keys that begin with `prefix`.
    ///
    /// # Errors
    /// [`KvError::Unavailable`].
    fn watch(&self, prefix: &str) -> BoxFuture<'_, Result<Watch, KvError>>;

    /// Takes (`held` absent: as [`Kv::create`]) or renews (`held` = the last revision: as [`Kv::compare_and_set`]) a key
    /// that removes itself when it is not renewed within `ttl` (whole seconds, at least one; parts are rounded up).
    ///
    /// # Errors
    /// [`KvError::Conflict`] when another holds it or it was lost; otherwise as [`Kv::put`].
    fn lease(
        &self,
        key: &str,
        value: Bytes,
        ttl: Duration,
        held: Option<Revision>,
    ) -> BoxFuture<'_, Result<Revision, KvError>>;
}

/// Refuses what is not a key.
pub(crate) fn check_key(key: &str) -> Result<(), KvError> {
    if (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(allowed) {
        Ok(())
    } else {
        Err(KvError::InvalidKey(key.chars().take(100).collect()))
    }
}

/// Refuses a value that is too long.
pub(crate) fn check_value(key: &str, value: &[u8]) -> Result<(), KvError> {
    if value.len() <= MAX_VALUE_BYTES {
        Ok(())
    } else {
        Err(KvError::TooLarge {
            key: key.to_owned(),
            bytes: value.len(),
        })
    }
}

fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b'=')
}
