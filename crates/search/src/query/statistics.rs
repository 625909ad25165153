//! What BM25 needs to know of a field and its terms, over all segments of a view.
//!
//! OpenSearch counts the documents that have the field, not all of the shard, and leaves out the factor `k1 + 1` that
//! Tantivy includes (Lucene's `BM25Similarity` since 8.0).

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_engine::{FieldNumber, View};
use tantivy::{Term, query::Bm25StatisticsProvider, schema::Field};

/// Tantivy's BM25 contains this factor, OpenSearch's doesn't.
pub(crate) const K1_PLUS_ONE: f32 = 2.2;

/// Statistics of one field, and of the terms that one leaf of a query scores by.
pub(crate) struct FieldStatistics {
    view: Arc<View>,
    documents: u64,
    tokens: u64,
}

impl FieldStatistics {
    /// The statistics of `field` in `view`.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub(crate) fn of(view: &Arc<View>, field: FieldNumber) -> Result<Self, Failure> {
        let stats = view
            .field_stats(field)
            .map_err(|error| crate::broken(&error))?;
        Ok(Self {
            view: Arc::clone(view),
            documents: stats.doc_count,
            tokens: stats.total_tokens,
        })
    }

    /// How many documents of the view, deleted ones included, hold `term`.
    pub(crate) fn document_frequency(view: &View, term: &Term) -> tantivy::Result<u64> {
        let mut frequency = 0;
        for segment in view.segments() {
            frequency += u64::from(
                segment
                    .reader
                    .inverted_index(term.field())?
                    .doc_freq(term)?,
            );
        }
        Ok(frequency)
    }

    /// Number of documents that have the field, at least `frequency`.
    pub(crate) fn documents(&self, frequency: u64) -> u64 {
        self.documents.max(frequency)
    }

    /// Average number of tokens in a document that has the field.
    pub(crate) fn average_length(&self) -> f32 {
        (self.tokens.max(1) as f64 / self.documents.max(1) as f64) as f32
    }
}

/// The statistics with which Tantivy builds the weight of exactly one term.
pub(crate) struct TermStatistics {
    pub(crate) frequency: u64,
    pub(crate) documents: u64,
    pub(crate) tokens: u64,
}

impl TermStatistics {
    /// The statistics of `term` among those of its field.
    pub(crate) fn of(field: &FieldStatistics, term: &Term) -> tantivy::Result<Self> {
        let frequency = FieldStatistics::document_frequency(&field.view, term)?;
        Ok(Self {
            frequency,
            documents: field.documents(frequency).max(1),
            tokens: field.tokens.max(1),
        })
    }
}

impl Bm25StatisticsProvider for TermStatistics {
    fn total_num_tokens(&self, _field: Field) -> tantivy::Result<u64> {
        Ok(self.tokens)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.documents)
    }

    fn doc_freq(&self, _term: &Term) -> tantivy::Result<u64> {
        Ok(self.frequency)
    }
}
