//! One word of a phrase in one segment: where it is, in which documents.

use tantivy::{
    DocId, DocSet, TERMINATED,
    postings::{Postings, SegmentPostings},
};

/// A word: one term, or several that may stand in its place.
pub(super) struct Word {
    postings: Vec<SegmentPostings>,
    /// Place of the word in the phrase.
    pub(super) offset: u32,
    /// How far behind it the last word is: positions plus this are equal for all words of a match.
    behind: u32,
    /// The first word of the phrase that is the same term.
    pub(super) group: usize,
    positions: Vec<u32>,
    buffer: Vec<u32>,
}

impl Word {
    pub(super) fn new(
        postings: Vec<SegmentPostings>,
        offset: u32,
        behind: u32,
        group: usize,
    ) -> Self {
        Self {
            postings,
            offset,
            behind,
            group,
            positions: Vec::new(),
            buffer: Vec::new(),
        }
    }

    pub(super) fn doc(&self) -> DocId {
        self.postings
            .iter()
            .map(DocSet::doc)
            .min()
            .unwrap_or(TERMINATED)
    }

    pub(super) fn advance(&mut self) -> DocId {
        let doc = self.doc();
        for postings in &mut self.postings {
            if postings.doc() == doc {
                postings.advance();
            }
        }
        self.doc()
    }

    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        for postings in &mut self.postings {
            if postings.doc() < target {
                postings.seek(target);
            }
        }
        self.doc()
    }

    pub(super) fn size_hint(&self) -> u32 {
        self.postings
            .iter()
            .map(DocSet::size_hint)
            .fold(0, u32::saturating_add)
    }

    /// Reads the positions of the document at hand; gives their number.
    pub(super) fn load(&mut self) -> usize {
        let doc = self.doc();
        self.positions.clear();
        if let [only] = self.postings.as_mut_slice() {
            only.positions(&mut self.positions);
            return self.positions.len();
        }
        for postings in &mut self.postings {
            if postings.doc() == doc {
                postings.positions(&mut self.buffer);
                self.positions.extend_from_slice(&self.buffer);
            }
        }
        self.positions.sort_unstable();
        self.positions.dedup();
        self.positions.len()
    }

    /// Positions moved to where the last word of the phrase would be.
    pub(super) fn aligned(&self) -> impl Iterator<Item = u32> + '_ {
        self.positions.iter().map(|position| position + self.behind)
    }

    /// Positions in the document.
    pub(super) fn positions(&self) -> &[u32] {
        &self.positions
    }
}
