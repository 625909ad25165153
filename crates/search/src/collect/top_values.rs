//! The first hits in the order of values that have no keys, such as texts that a script computes.
//!
//! A bounded heap of one segment, with the last on top. It is slower than keys and remembers whole values; their memory is
//! charged to the search.

use std::{cmp::Ordering, collections::BinaryHeap};

use glasswork_content::Failure;
use tantivy::DocId;

use super::{sort_keys::SegmentKeys, sort_value::compare};
use crate::{collect::SortValue, interrupt::Interrupt, request::SortKey};

/// The `k` first of one segment.
pub(crate) struct TopValues<'a> {
    order: &'a [SortKey],
    keys: &'a SegmentKeys,
    interrupt: &'a Interrupt,
    k: usize,
    heap: BinaryHeap<Kept<'a>>,
    /// Bytes of the texts that are kept, and the most that were charged for.
    held: u64,
    charged: u64,
}

/// A kept document with its values; greater comes later.
pub(crate) struct Kept<'a> {
    pub(crate) doc: DocId,
    pub(crate) score: f32,
    pub(crate) values: Vec<SortValue>,
    order: &'a [SortKey],
}

impl Ord for Kept<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.order, &self.values, &other.values).then(self.doc.cmp(&other.doc))
    }
}

impl PartialOrd for Kept<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Kept<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Kept<'_> {}

impl<'a> TopValues<'a> {
    /// Keeps `k` documents.
    pub(crate) fn new(
        order: &'a [SortKey],
        keys: &'a SegmentKeys,
        interrupt: &'a Interrupt,
        k: usize,
    ) -> Self {
        Self {
            order,
            keys,
            interrupt,
            k,
            heap: BinaryHeap::new(),
            held: 0,
            charged: 0,
        }
    }

    /// Offers a document. Documents come in their order, so that a later one never displaces an equal one.
    pub(crate) fn offer(&mut self, doc: DocId, score: f32) {
        if self.k == 0 || self.interrupt.is_halted() {
            return;
        }
        if let Err(failure) = self.try_offer(doc, score) {
            self.interrupt.fail(failure);
        }
    }

    fn try_offer(&mut self, doc: DocId, score: f32) -> Result<(), Failure> {
        let full = self.heap.len() >= self.k;
        let mut values = Vec::with_capacity(self.order.len());
        let mut undecided = full;
        for number in 0..self.order.len() {
            values.push(self.keys.value_of(number, doc, score)?);
            if let (true, Some(worst)) = (undecided, self.heap.peek()) {
                let so_far = &worst.values[..=number];
                match compare(&self.order[..=number], &values, so_far) {
                    Ordering::Greater => return Ok(()),
                    Ordering::Less => undecided = false,
                    Ordering::Equal => {}
                }
            }
        }
        let behind = match self.keys.after_values() {
            Some(after) => match compare(self.order, &values, after) {
                Ordering::Greater => true,
                Ordering::Equal => self.keys.is_behind_its_equal(doc),
                Ordering::Less => false,
            },
            None => true,
        };
        if undecided || !behind {
            return Ok(());
        }
        self.held += bytes(&values);
        let kept = Kept {
            doc,
            score,
            values,
            order: self.order,
        };
        if !full {
            self.heap.push(kept);
        } else if let Some(mut worst) = self.heap.peek_mut() {
            self.held -= bytes(&worst.values);
            *worst = kept;
        }
        if self.held > self.charged {
            // a refusal halts the search, which its loop sees
            self.interrupt.reserve(self.held - self.charged);
            self.charged = self.held;
        }
        Ok(())
    }

    /// What was kept, in order.
    pub(crate) fn into_sorted(self) -> Vec<Kept<'a>> {
        self.heap.into_sorted_vec()
    }
}

fn bytes(values: &[SortValue]) -> u64 {
    let text = |value: &SortValue| match value {
        SortValue::Text(text) => text.len() as u64,
        _ => 0,
    };
    values.iter().map(text).sum()
}
