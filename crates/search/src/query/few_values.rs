//! A range that holds few distinct values of a segment, read from the postings of each: quicker than to look at every
//! document's value, above all where a range is rare or a column is slow to decode.

use std::ops::{Bound, Range};

use tantivy::{
    DocId, DocSet, InvertedIndexReader,
    postings::SegmentPostings,
    schema::{Field, IndexRecordOption},
};

/// More values than this are found by their column: each takes a look into its postings for every stretch of documents.
const MOST: usize = 64;

/// A part of a field's dictionary.
pub(crate) struct Terms {
    /// The field.
    pub(crate) field: Field,
    /// The lower bound as the dictionary has it.
    pub(crate) from: Bound<Vec<u8>>,
    /// The upper one.
    pub(crate) to: Bound<Vec<u8>>,
}

/// The postings of the values between two bounds.
pub(crate) struct FewValues {
    postings: Vec<SegmentPostings>,
    /// One bit a document of the stretch at work.
    stretch: Vec<u64>,
}

impl FewValues {
    /// Opens them; none when there are too many.
    ///
    /// # Errors
    /// When the segment cannot be read.
    pub(crate) fn open(
        index: &InvertedIndexReader,
        terms: &Terms,
    ) -> tantivy::Result<Option<Self>> {
        let mut range = index.terms().range();
        range = match &terms.from {
            Bound::Included(key) => range.ge(key),
            Bound::Excluded(key) => range.gt(key),
            Bound::Unbounded => range,
        };
        range = match &terms.to {
            Bound::Included(key) => range.le(key),
            Bound::Excluded(key) => range.lt(key),
            Bound::Unbounded => range,
        };
        let mut stream = range.into_stream()?;
        let mut found = Vec::new();
        while stream.advance() {
            if found.len() == MOST {
                return Ok(None);
            }
            found.push(stream.value().clone());
        }
        let mut postings = Vec::with_capacity(found.len());
        for info in &found {
            postings.push(index.read_postings_from_terminfo(info, IndexRecordOption::Basic)?);
        }
        Ok(Some(Self {
            postings,
            stretch: Vec::new(),
        }))
    }

    /// Adds the documents of a stretch that have any of the values, ascending. Stretches must ascend too.
    pub(crate) fn find(&mut self, docs: Range<DocId>, found: &mut Vec<DocId>) {
        if let [only] = self.postings.as_mut_slice() {
            let mut doc = at(only, docs.start);
            while doc < docs.end {
                found.push(doc);
                doc = only.advance();
            }
            return;
        }
        self.stretch.clear();
        self.stretch.resize(docs.len().div_ceil(64), 0);
        for postings in &mut self.postings {
            let mut doc = at(postings, docs.start);
            while doc < docs.end {
                let place = (doc - docs.start) as usize;
                self.stretch[place / 64] |= 1 << (place % 64);
                doc = postings.advance();
            }
        }
        for (first, word) in (docs.start..).step_by(64).zip(&self.stretch) {
            let mut word = *word;
            while word != 0 {
                found.push(first + word.trailing_zeros());
                word &= word - 1;
            }
        }
    }
}

/// The first document from `start` on.
fn at(postings: &mut SegmentPostings, start: DocId) -> DocId {
    match postings.doc() {
        doc if doc < start => postings.seek(start),
        doc => doc,
    }
}
