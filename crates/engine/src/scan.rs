//! Going through the documents of a view in the order of their `_seq_no`: what reindex and the by-query operations do,
//! who can go on after a restart from the last number they handled.

use std::{cmp::Reverse, collections::BinaryHeap, ops::RangeInclusive, sync::Arc, vec};

use glasswork_tasks::{Checkpoint, Stop};
use tantivy::DocId;

use crate::{
    EngineError,
    view::{Segment, View},
};

/// Documents that are looked at between two checkpoints.
const TURN: u32 = 1024;

/// The living documents of a view in the order of their `_seq_no`.
pub struct Scan {
    cursors: Vec<Cursor>,
    heads: BinaryHeap<Reverse<(u64, usize, DocId)>>,
    last: u64,
    checkpoint: Arc<dyn Checkpoint>,
    charged: u64,
}

/// A document of a [`Scan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanned {
    /// Ordinal of its segment in the view.
    pub segment: usize,
    /// Its number in the segment.
    pub doc: DocId,
    /// Its `_seq_no`.
    pub seq_no: u64,
}

struct Cursor {
    ordinal: usize,
    segment: Arc<Segment>,
    rest: Rest,
}

/// What is left of a segment.
enum Rest {
    /// The documents from this one on, which are in order.
    InOrder(DocId),
    /// These, sorted.
    Sorted(vec::IntoIter<(u64, DocId)>),
}

impl View {
    /// Begins to go through the living documents whose `_seq_no` is in the range, in order. Memory is only needed, and
    /// charged, for segments whose documents are not in order already, 16 bytes a document.
    ///
    /// # Errors
    /// [`EngineError::Stopped`] by the checkpoint.
    pub fn scan(
        &self,
        range: RangeInclusive<u64>,
        checkpoint: Arc<dyn Checkpoint>,
    ) -> Result<Scan, EngineError> {
        let mut scan = Scan {
            cursors: Vec::with_capacity(self.segments().len()),
            heads: BinaryHeap::with_capacity(self.segments().len()),
            last: *range.end(),
            checkpoint,
            charged: 0,
        };
        for (ordinal, segment) in self.segments().iter().enumerate() {
            let rest = if segment.core().in_order() {
                Rest::InOrder(first_from(segment, *range.start()))
            } else {
                Rest::Sorted(scan.sorted(segment, &range)?)
            };
            scan.cursors.push(Cursor {
                ordinal,
                segment: segment.clone(),
                rest,
            });
            scan.advance(ordinal)?;
        }
        Ok(scan)
    }
}

impl Scan {
    /// The next document, or `None` after the last. Asks the checkpoint at least every 1,024 documents.
    ///
    /// # Errors
    /// When the work has to stop.
    pub fn next_document(&mut self) -> Result<Option<Scanned>, Stop> {
        let Some(Reverse((seq_no, cursor, doc))) = self.heads.pop() else {
            return Ok(None);
        };
        if doc.is_multiple_of(TURN) {
            self.checkpoint.checkpoint()?;
        }
        self.advance(cursor)?;
        Ok(Some(Scanned {
            segment: self.cursors[cursor].ordinal,
            doc,
            seq_no,
        }))
    }

    fn advance(&mut self, cursor: usize) -> Result<(), Stop> {
        let Cursor { segment, rest, .. } = &mut self.cursors[cursor];
        let head = match rest {
            Rest::Sorted(documents) => documents.next(),
            Rest::InOrder(next) => loop {
                let doc = *next;
                if doc >= segment.reader.max_doc() {
                    break None;
                }
                *next += 1;
                if segment.is_alive(doc) {
                    break Some((segment.seq_no(doc), doc));
                }
                if doc.is_multiple_of(TURN) {
                    self.checkpoint.checkpoint()?;
                }
            },
        };
        if let Some((seq_no, doc)) = head
            && seq_no <= self.last
        {
            self.heads.push(Reverse((seq_no, cursor, doc)));
        }
        Ok(())
    }

    fn sorted(
        &mut self,
        segment: &Segment,
        range: &RangeInclusive<u64>,
    ) -> Result<vec::IntoIter<(u64, DocId)>, Stop> {
        let bytes = u64::from(segment.reader.num_docs()) * 16;
        self.checkpoint.charge(bytes)?;
        self.charged += bytes;
        let mut documents = Vec::new();
        for doc in 0..segment.reader.max_doc() {
            if doc.is_multiple_of(TURN) {
                self.checkpoint.checkpoint()?;
            }
            if segment.is_alive(doc) {
                let seq_no = segment.seq_no(doc);
                if range.contains(&seq_no) {
                    documents.push((seq_no, doc));
                }
            }
        }
        documents.sort_unstable();
        Ok(documents.into_iter())
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        self.checkpoint.release(self.charged);
    }
}

/// The first document with at least this `_seq_no`, in a segment whose documents are in order.
fn first_from(segment: &Segment, seq_no: u64) -> DocId {
    let (mut low, mut high) = (0, segment.reader.max_doc());
    while low < high {
        let middle = low + (high - low) / 2;
        if segment.seq_no(middle) < seq_no {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
