//! What is known of ids beside the segments: documents that are not in a segment yet, and deletes that are remembered.
//!
//! An id is in at most one place: among the tombstones, among the unwritten documents of one buffer, or as the one
//! living document of that id in the segments.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hashbrown::HashMap;
use tantivy::DocId;

use crate::write::Present;

/// A document that is applied but in no segment that could be searched for it.
#[derive(Debug)]
pub(crate) struct Unwritten {
    pub(crate) doc: DocId,
    pub(crate) seq_no: u64,
    pub(crate) version: u64,
    pub(crate) primary_term: u64,
    pub(crate) routing: Option<Box<str>>,
    pub(crate) source: Bytes,
}

impl Unwritten {
    pub(crate) fn present(&self) -> Present {
        Present {
            seq_no: self.seq_no,
            primary_term: self.primary_term,
            version: self.version,
            deleted: false,
        }
    }
}

/// The documents of one buffer by id.
pub(crate) type UnwrittenDocuments = HashMap<Box<str>, Unwritten>;

/// Deletes that are remembered, so that a version goes on and an older external version does not bring a document back.
#[derive(Debug, Default)]
pub(crate) struct Tombstones {
    deletes: HashMap<Box<str>, Tombstone>,
}

#[derive(Debug)]
struct Tombstone {
    seq_no: u64,
    version: u64,
    primary_term: u64,
    at: Instant,
}

impl Tombstones {
    pub(crate) fn insert(&mut self, id: Box<str>, seq_no: u64, version: u64, primary_term: u64) {
        let tombstone = Tombstone {
            seq_no,
            version,
            primary_term,
            at: Instant::now(),
        };
        self.deletes.insert(id, tombstone);
    }

    pub(crate) fn remove(&mut self, id: &str) {
        if !self.deletes.is_empty() {
            self.deletes.remove(id);
        }
    }

    /// The delete of this id, if it is not older than `keep`.
    pub(crate) fn present(&self, id: &str, keep: Duration) -> Option<Present> {
        if self.deletes.is_empty() {
            return None;
        }
        let tombstone = self.deletes.get(id)?;
        (tombstone.at.elapsed() <= keep).then_some(Present {
            seq_no: tombstone.seq_no,
            primary_term: tombstone.primary_term,
            version: tombstone.version,
            deleted: true,
        })
    }

    /// Forgets deletes that are older than `keep` and durable, which are those up to `flushed`.
    pub(crate) fn prune(&mut self, keep: Duration, flushed: Option<u64>) {
        self.deletes.retain(|_, tombstone| {
            tombstone.at.elapsed() <= keep || flushed.is_none_or(|seq_no| tombstone.seq_no > seq_no)
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.deletes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delete_is_forgotten_when_it_is_old_and_durable() {
        let mut tombstones = Tombstones::default();
        tombstones.insert("a".into(), 5, 2, 1);
        let long = Duration::from_secs(60);
        assert_eq!(tombstones.present("a", long).unwrap().version, 2);
        assert!(tombstones.present("b", long).is_none());
        std::thread::yield_now();
        assert!(tombstones.present("a", Duration::ZERO).is_none());
        tombstones.prune(Duration::ZERO, Some(4));
        assert_eq!(tombstones.len(), 1);
        tombstones.prune(long, Some(5));
        assert_eq!(tombstones.len(), 1);
        tombstones.prune(Duration::ZERO, Some(5));
        assert_eq!(tombstones.len(), 0);
    }
}
