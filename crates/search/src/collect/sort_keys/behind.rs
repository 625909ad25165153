//! Beginning behind a document: where the next page of a sorted scroll starts.
//!
//! The keys are read from the document itself. Those of numbers mean the same in every segment; strings are looked up in
//! each segment's dictionary. Among documents with the same keys the later ones follow.

use std::cmp::Ordering;

use glasswork_content::Failure;
use glasswork_engine::Segment;
use tantivy::{DocId, f64_to_u64};

use super::{KeyReader, SortKeys, SortValue, Source, ord_of, score_key, word_bound};
use crate::{
    context::Context,
    shard::{DocAddress, ShardDoc},
};

/// A document behind which results begin.
pub(super) struct Behind {
    address: DocAddress,
    keys: Vec<Key>,
    values: Vec<SortValue>,
}

/// One of its keys.
enum Key {
    /// The same in all segments.
    Same(u64),
    /// What stands for a missing string.
    Missing,
    /// A string.
    Word(String),
}

impl SortKeys<'_> {
    /// Results begin behind `last`, a document of the same view.
    ///
    /// # Errors
    /// When a column cannot be read.
    pub(crate) fn begin_behind(
        &mut self,
        context: &Context,
        last: &ShardDoc,
    ) -> Result<(), Failure> {
        let address = last.address;
        let ordinal = address.segment as usize;
        let segments = context.view.segments();
        let segment = segments
            .get(ordinal)
            .ok_or_else(|| Failure::illegal_state("a hit lies outside of its view"))?;
        let base = segments[..ordinal]
            .iter()
            .map(|segment| u64::from(segment.reader.max_doc()))
            .sum();
        let opened = self.open(context, segment, base)?;
        let mut keys = Vec::with_capacity(opened.readers.len());
        for (number, reader) in opened.readers.iter().enumerate() {
            keys.push(match (&reader.source, last.sort.get(number)) {
                (Source::Score, Some(SortValue::Float(score))) => {
                    Key::Same(score_key(*score) ^ reader.flip)
                }
                // not run again: the score that it saw is not at hand
                (Source::Script(_), Some(SortValue::Double(number))) => {
                    Key::Same(f64_to_u64(*number) ^ reader.flip)
                }
                // texts are compared as values
                (Source::Script(_), _) => Key::Missing,
                _ => Key::of(reader, address.doc)?,
            });
        }
        self.behind = Some(Behind {
            address,
            keys,
            values: last.sort.clone(),
        });
        Ok(())
    }
}

impl Key {
    fn of(reader: &KeyReader, doc: DocId) -> Result<Self, Failure> {
        let key = reader.key(doc, 0.0);
        Ok(match &reader.source {
            _ if key == reader.missing => Self::Missing,
            Source::Words { words, .. } => {
                let mut text = String::new();
                words
                    .ord_to_str(ord_of(key ^ reader.flip), &mut text)
                    .map_err(|error| crate::broken(&error))?;
                Self::Word(text)
            }
            _ => Self::Same(key),
        })
    }
}

impl Behind {
    /// The values of the document.
    pub(super) fn values(&self) -> &[SortValue] {
        &self.values
    }

    /// The keys as `readers` of another segment have them.
    pub(super) fn keys(&self, readers: &[KeyReader]) -> Result<Vec<u64>, Failure> {
        let pairs = self.keys.iter().zip(readers);
        pairs
            .map(|(key, reader)| {
                Ok(match key {
                    Key::Same(key) => *key,
                    Key::Missing => reader.missing,
                    Key::Word(text) => word_bound(reader, reader.words(), text)? ^ reader.flip,
                })
            })
            .collect()
    }

    /// The first document of a segment that comes behind although its keys are the same.
    pub(super) fn equals_from(&self, context: &Context, segment: &Segment) -> DocId {
        let ordinal = context
            .view
            .segments()
            .iter()
            .position(|other| std::ptr::eq(&**other, segment))
            .unwrap_or(usize::MAX);
        match ordinal.cmp(&(self.address.segment as usize)) {
            Ordering::Less => DocId::MAX,
            Ordering::Equal => self.address.doc + 1,
            Ordering::Greater => 0,
        }
    }
}
