//! The first hits in the order of sort keys: a bounded heap of one segment, with the last on top.

use std::cmp::Ordering;

use tantivy::DocId;

use super::sort_keys::SegmentKeys;

/// The `k` first of one segment.
pub(crate) struct TopSorted<'a> {
    keys: &'a SegmentKeys,
    width: usize,
    k: usize,
    /// `width` keys a slot.
    slots: Vec<u64>,
    docs: Vec<(DocId, f32)>,
    /// Slot numbers, a heap whose root is the last in order.
    heap: Vec<u32>,
    candidate: Vec<u64>,
    bound: Option<u64>,
}

/// A kept document with its keys.
pub(crate) struct Sorted {
    pub(crate) doc: DocId,
    pub(crate) score: f32,
    pub(crate) keys: Vec<u64>,
}

impl<'a> TopSorted<'a> {
    /// Keeps `k` documents; those whose first key is above `bound` are not wanted.
    pub(crate) fn new(keys: &'a SegmentKeys, width: usize, k: usize, bound: Option<u64>) -> Self {
        Self {
            keys,
            width,
            k,
            slots: Vec::new(),
            docs: Vec::new(),
            heap: Vec::new(),
            candidate: vec![0; width],
            bound,
        }
    }

    /// The greatest first key that can still get in.
    #[inline]
    pub(crate) fn limit(&self) -> u64 {
        let worst = if self.heap.len() >= self.k {
            self.slots[self.heap[0] as usize * self.width]
        } else {
            u64::MAX
        };
        self.bound.map_or(worst, |bound| bound.min(worst))
    }

    /// Offers a document. Documents come in their order, so that a later one never displaces an equal one.
    #[inline]
    pub(crate) fn offer(&mut self, doc: DocId, score: f32) {
        let first = self.keys.first(doc, score);
        if first <= self.limit() {
            self.consider(doc, score, first);
        }
    }

    /// Offers a document whose first key is known.
    pub(crate) fn consider(&mut self, doc: DocId, score: f32, first: u64) {
        if self.k == 0 {
            return;
        }
        self.candidate[0] = first;
        for number in 1..self.width {
            self.candidate[number] = self.keys.key(number, doc, score);
        }
        if let Some(after) = self.keys.after() {
            match self.candidate.as_slice().cmp(after) {
                Ordering::Less => return,
                Ordering::Equal if !self.keys.is_behind_its_equal(doc) => return,
                _ => {}
            }
        }
        if self.heap.len() < self.k {
            let slot = self.heap.len() as u32;
            self.slots.extend_from_slice(&self.candidate);
            self.docs.push((doc, score));
            self.heap.push(slot);
            self.rise(self.heap.len() - 1);
            return;
        }
        let worst = self.heap[0] as usize;
        if self.candidate.as_slice() < self.keys_of(worst) {
            self.slots[worst * self.width..][..self.width].copy_from_slice(&self.candidate);
            self.docs[worst] = (doc, score);
            self.sink(0);
        }
    }

    fn keys_of(&self, slot: usize) -> &[u64] {
        &self.slots[slot * self.width..][..self.width]
    }

    fn later(&self, left: u32, right: u32) -> bool {
        let (left, right) = (left as usize, right as usize);
        match self.keys_of(left).cmp(self.keys_of(right)) {
            Ordering::Equal => self.docs[left].0 > self.docs[right].0,
            ordering => ordering == Ordering::Greater,
        }
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if !self.later(self.heap[place], self.heap[parent]) {
                return;
            }
            self.heap.swap(place, parent);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let mut last = place;
            for child in [2 * place + 1, 2 * place + 2] {
                if child < self.heap.len() && self.later(self.heap[child], self.heap[last]) {
                    last = child;
                }
            }
            if last == place {
                return;
            }
            self.heap.swap(place, last);
            place = last;
        }
    }

    /// What was kept, in order.
    pub(crate) fn into_sorted(mut self) -> Vec<Sorted> {
        let mut order = std::mem::take(&mut self.heap);
        order.sort_unstable_by(|left, right| {
            self.keys_of(*left as usize)
                .cmp(self.keys_of(*right as usize))
                .then_with(|| {
                    self.docs[*left as usize]
                        .0
                        .cmp(&self.docs[*right as usize].0)
                })
        });
        order
            .into_iter()
            .map(|slot| {
                let (doc, score) = self.docs[slot as usize];
                Sorted {
                    doc,
                    score,
                    keys: self.keys_of(slot as usize).to_vec(),
                }
            })
            .collect()
    }
}
