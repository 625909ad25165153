//! The small weights that compiled queries are built from: constant and scaled scores, sets of documents computed on
//! demand, and one that lends a finished weight to Tantivy's combinators.

use std::{fmt, sync::Arc};

use crate::interrupt::Interrupt;
use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError,
    query::{
        AllScorer, ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight,
    },
};

/// Scores are never explained through Tantivy.
fn no_explanation(doc: DocId) -> tantivy::Result<Explanation> {
    Err(TantivyError::InvalidArgument(format!(
        "document {doc} is not explained"
    )))
}

/// A query whose weight is made already.
#[derive(Clone)]
pub(crate) struct Prepared(pub(crate) Arc<dyn Weight>);

impl fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Prepared")
    }
}

impl Query for Prepared {
    fn weight(&self, _enable_scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(Shared(Arc::clone(&self.0))))
    }
}

/// A weight behind a shared pointer.
struct Shared(Arc<dyn Weight>);

impl Weight for Shared {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.0.scorer(reader, boost)
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        no_explanation(doc)
    }
}

/// Every document, with one score.
pub(crate) struct Everything(pub(crate) Score);

impl Weight for Everything {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(ConstScorer::new(
            AllScorer::new(reader.max_doc()),
            self.0 * boost,
        )))
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        no_explanation(doc)
    }
}

/// What `inner` matches, with one score. With score 0 and an inner that matches everything the combinators may drop it.
pub(crate) struct Fixed {
    pub(crate) inner: Arc<dyn Weight>,
    pub(crate) score: Score,
}

impl Weight for Fixed {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let scorer = self.inner.scorer(reader, 1.0)?;
        if scorer.is::<EmptyScorer>() || (self.score == 0.0 && scorer.is::<AllScorer>()) {
            return Ok(scorer);
        }
        Ok(Box::new(ConstScorer::new(scorer, self.score * boost)))
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        no_explanation(doc)
    }
}

/// What `inner` matches, with its score times a factor.
pub(crate) struct Scaled {
    pub(crate) inner: Arc<dyn Weight>,
    pub(crate) factor: Score,
}

impl Weight for Scaled {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        self.inner.scorer(reader, self.factor * boost)
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        no_explanation(doc)
    }

    /// The inner weight scores without the factor, so that thresholds are brought to its scale and scores back.
    fn for_each_pruning(
        &self,
        threshold: Score,
        reader: &SegmentReader,
        callback: &mut dyn FnMut(DocId, Score) -> Score,
    ) -> tantivy::Result<()> {
        let factor = self.factor;
        self.inner
            .for_each_pruning(threshold / factor, reader, &mut |doc, score| {
                callback(doc, score * factor) / factor
            })
    }
}

/// A set of documents made for each segment when it is searched, with one score.
pub(crate) struct Computed<F> {
    pub(crate) documents: F,
    pub(crate) score: Score,
}

impl<F, D> Weight for Computed<F>
where
    F: Fn(&SegmentReader) -> tantivy::Result<Option<D>> + Send + Sync + 'static,
    D: DocSet + 'static,
{
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match (self.documents)(reader)? {
            Some(documents) => Box::new(ConstScorer::new(documents, self.score * boost)),
            None => Box::new(EmptyScorer),
        })
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        no_explanation(doc)
    }
}

/// What `positive` matches; where `negative` matches too, its score is multiplied.
pub(crate) struct Demoted {
    pub(crate) positive: Arc<dyn Weight>,
    pub(crate) negative: Arc<dyn Weight>,
    pub(crate) factor: Score,
}

impl Weight for Demoted {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let positive = self.positive.scorer(reader, boost)?;
        let negative = self.negative.scorer(reader, 1.0)?;
        Ok(Box::new(DemotedScorer {
            positive,
            negative,
            factor: self.factor,
        }))
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        no_explanation(doc)
    }
}

struct DemotedScorer {
    positive: Box<dyn Scorer>,
    negative: Box<dyn Scorer>,
    factor: Score,
}

impl DocSet for DemotedScorer {
    fn advance(&mut self) -> DocId {
        self.positive.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.positive.seek(target)
    }

    fn doc(&self) -> DocId {
        self.positive.doc()
    }

    fn size_hint(&self) -> u32 {
        self.positive.size_hint()
    }
}

impl Scorer for DemotedScorer {
    fn score(&mut self) -> Score {
        let doc = self.positive.doc();
        if self.negative.doc() < doc {
            self.negative.seek(doc);
        }
        let factor = if self.negative.doc() == doc {
            self.factor
        } else {
            1.0
        };
        self.positive.score() * factor
    }
}

/// What at least `minimum` of several weights match, with the sum of their scores.
///
/// The sum is taken in double precision, as Lucene's: documents whose parts are equal then have equal scores, in
/// whatever order the parts are added.
pub(crate) struct AtLeast {
    pub(crate) parts: Vec<Arc<dyn Weight>>,
    pub(crate) minimum: usize,
    pub(crate) interrupt: Arc<Interrupt>,
}

impl Weight for AtLeast {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let parts = self
            .parts
            .iter()
            .map(|part| part.scorer(reader, boost))
            .collect::<tantivy::Result<Vec<_>>>()?;
        let interrupt = Arc::clone(&self.interrupt);
        let mut scorer = AtLeastScorer {
            parts,
            minimum: self.minimum,
            doc: 0,
            score: 0.0,
            interrupt,
            steps: 0,
        };
        scorer.find();
        Ok(Box::new(scorer))
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        no_explanation(doc)
    }
}

struct AtLeastScorer {
    parts: Vec<Box<dyn Scorer>>,
    minimum: usize,
    doc: DocId,
    score: Score,
    interrupt: Arc<Interrupt>,
    steps: usize,
}

impl AtLeastScorer {
    /// Goes to the first match where any part is. Parts that are at the end are let go.
    fn find(&mut self) -> DocId {
        loop {
            self.parts.retain(|part| part.doc() != TERMINATED);
            self.steps += self.parts.len();
            let stopped = self.steps >= 1_024 && !self.interrupt.go_on();
            if self.steps >= 1_024 {
                self.steps = 0;
            }
            if stopped || self.parts.len() < self.minimum {
                self.parts.clear();
                self.doc = TERMINATED;
                return TERMINATED;
            }
            let doc = self
                .parts
                .iter()
                .map(|part| part.doc())
                .min()
                .unwrap_or(TERMINATED);
            if self.parts.iter().filter(|part| part.doc() == doc).count() >= self.minimum {
                let here = self.parts.iter_mut().filter(|part| part.doc() == doc);
                self.score = here.map(|part| f64::from(part.score())).sum::<f64>() as Score;
                self.doc = doc;
                return doc;
            }
            self.leave(doc);
        }
    }

    fn leave(&mut self, doc: DocId) {
        for part in &mut self.parts {
            if part.doc() == doc {
                part.advance();
            }
        }
    }
}

impl DocSet for AtLeastScorer {
    fn advance(&mut self) -> DocId {
        self.leave(self.doc);
        self.find()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        for part in &mut self.parts {
            if part.doc() < target {
                part.seek(target);
            }
        }
        self.find()
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.parts
            .iter()
            .map(|part| part.size_hint())
            .max()
            .unwrap_or(0)
    }
}

impl Scorer for AtLeastScorer {
    fn score(&mut self) -> Score {
        self.score
    }
}
