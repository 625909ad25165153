//! The best hits by score: a bounded heap with the worst on top.

use std::{cmp::Ordering, collections::BinaryHeap};

use tantivy::DocId;

use crate::shard::DocAddress;

/// A document and its score.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scored {
    pub(crate) score: f32,
    pub(crate) segment: u32,
    pub(crate) doc: DocId,
}

/// Greater is worse: a lower score, or among equals a later document.
impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then(self.segment.cmp(&other.segment))
            .then(self.doc.cmp(&other.doc))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scored {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scored {}

/// Where results begin: below a score, or behind a document with that score.
#[derive(Debug, Clone, Copy)]
pub(crate) struct After {
    pub(crate) score: f32,
    /// Of equal scores, those of later documents are wanted too.
    pub(crate) address: Option<DocAddress>,
}

impl After {
    fn passes(&self, segment: u32, doc: DocId, score: f32) -> bool {
        let later = |address| DocAddress { segment, doc } > address;
        score < self.score || (score == self.score && self.address.is_some_and(later))
    }
}

/// The `k` best so far.
pub(crate) struct TopScores {
    k: usize,
    heap: BinaryHeap<Scored>,
    after: Option<After>,
    threshold: f32,
}

impl TopScores {
    /// Keeps `k`, of those that come behind `after`.
    pub(crate) fn new(k: usize, after: Option<After>) -> Self {
        Self {
            k,
            heap: BinaryHeap::with_capacity(k.min(1_024)),
            after,
            threshold: f32::NEG_INFINITY,
        }
    }

    /// Whether `k` are kept: only a higher score than [`TopScores::threshold`] changes anything.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.heap.len() >= self.k
    }

    /// The worst score that is kept, once `k` are.
    #[inline]
    pub(crate) fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Offers a document. Documents come in their order, so that a later one never displaces an equal one.
    #[inline]
    pub(crate) fn offer(&mut self, segment: u32, doc: DocId, score: f32) {
        if score <= self.threshold && self.is_full() {
            return;
        }
        let before = self
            .after
            .is_some_and(|after| !after.passes(segment, doc, score));
        if before || self.k == 0 {
            return;
        }
        let hit = Scored {
            score,
            segment,
            doc,
        };
        if self.heap.len() < self.k {
            self.heap.push(hit);
        } else if let Some(mut worst) = self.heap.peek_mut() {
            *worst = hit;
        }
        if self.is_full()
            && let Some(worst) = self.heap.peek()
        {
            self.threshold = worst.score;
        }
    }

    /// The best first.
    pub(crate) fn into_sorted(self) -> Vec<Scored> {
        self.heap.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::{After, TopScores};
    use crate::shard::DocAddress;

    #[test]
    fn the_best_are_kept_and_ties_stay_in_order() {
        let mut top = TopScores::new(3, None);
        for (doc, score) in [(0, 1.0), (1, 3.0), (2, 1.0), (3, 2.0), (4, 2.0), (5, 3.0)] {
            top.offer(0, doc, score);
        }
        let docs: Vec<_> = top.into_sorted().iter().map(|hit| hit.doc).collect();
        assert_eq!(docs, [1, 5, 3]);
    }

    #[test]
    fn behind_a_document_come_lower_scores_and_later_documents_with_its_own() {
        let after = After {
            score: 2.0,
            address: Some(DocAddress { segment: 0, doc: 3 }),
        };
        let mut top = TopScores::new(9, Some(after));
        for (doc, score) in [(0, 1.0), (1, 3.0), (2, 2.0), (3, 2.0), (4, 2.0)] {
            top.offer(0, doc, score);
        }
        top.offer(1, 0, 2.0);
        let kept: Vec<_> = top
            .into_sorted()
            .iter()
            .map(|hit| (hit.segment, hit.doc))
            .collect();
        assert_eq!(kept, [(0, 4), (1, 0), (0, 0)]);
    }
}
