//! What a query matches, with scores that something else computes out of the query's: the heart of `script_score` and
//! `function_score`.

use std::sync::Arc;

use glasswork_content::Failure;
use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError,
    query::{EmptyScorer, Explanation, Scorer, Weight},
};

use crate::interrupt::Interrupt;

/// Computes scores in any segment.
pub(super) trait Rescore: Send + Sync + 'static {
    /// Opens it in one segment.
    ///
    /// # Errors
    /// When the segment cannot be read.
    fn open(&self, reader: &SegmentReader) -> Result<Box<dyn RescoreSegment>, Failure>;

    /// Factors on the score of the query and on the result, out of the boost from outside.
    fn boosts(&self, boost: Score) -> (Score, Score);
}

/// Computes scores in one segment.
pub(super) trait RescoreSegment: Send + 'static {
    /// The new score of a document; nothing when the search is ending.
    ///
    /// # Errors
    /// What ends the search, such as a score that is none.
    fn rescore(&mut self, doc: DocId, score: Score) -> Result<Option<Score>, Failure>;
}

/// What `inner` matches, scored anew.
pub(super) struct Rescored<R> {
    pub(super) inner: Arc<dyn Weight>,
    pub(super) rescore: R,
    /// Lower scores are no matches.
    pub(super) min_score: Option<Score>,
    pub(super) interrupt: Arc<Interrupt>,
}

impl<R: Rescore> Weight for Rescored<R> {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let (inside, outside) = self.rescore.boosts(boost);
        let inner = self.inner.scorer(reader, inside)?;
        let rescore = match self.rescore.open(reader) {
            Ok(rescore) => rescore,
            Err(failure) => {
                self.interrupt.fail(failure);
                return Ok(Box::new(EmptyScorer));
            }
        };
        let mut scorer = RescoredScorer {
            inner,
            rescore,
            min_score: self.min_score,
            factor: outside,
            known: None,
            ended: false,
            interrupt: Arc::clone(&self.interrupt),
        };
        scorer.pass_over();
        Ok(Box::new(scorer))
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(format!(
            "document {doc} is not explained"
        )))
    }
}

struct RescoredScorer {
    inner: Box<dyn Scorer>,
    rescore: Box<dyn RescoreSegment>,
    min_score: Option<Score>,
    factor: Score,
    /// The document that was scored last, and its score.
    known: Option<(DocId, Score)>,
    ended: bool,
    interrupt: Arc<Interrupt>,
}

impl RescoredScorer {
    /// The score of the document at hand; when it fails, the search ends.
    fn compute(&mut self) -> Score {
        let doc = self.inner.doc();
        if let Some((known, score)) = self.known
            && known == doc
        {
            return score;
        }
        let score = self.inner.score();
        let score = match self.rescore.rescore(doc, score) {
            Ok(Some(score)) => score,
            Ok(None) => {
                self.ended = true;
                0.0
            }
            Err(failure) => {
                self.interrupt.fail(failure);
                self.ended = true;
                0.0
            }
        };
        let score = score * self.factor;
        self.known = Some((doc, score));
        score
    }

    /// Goes on to the first document whose score is high enough.
    fn pass_over(&mut self) -> DocId {
        let Some(least) = self.min_score else {
            return self.doc();
        };
        let mut passed = 0_u32;
        while self.doc() != TERMINATED && self.compute() < least {
            passed += 1;
            if passed.is_multiple_of(1_024) && !self.interrupt.go_on() {
                self.ended = true;
            }
            if !self.ended {
                self.inner.advance();
            }
        }
        self.doc()
    }
}

impl DocSet for RescoredScorer {
    fn advance(&mut self) -> DocId {
        if self.ended {
            return TERMINATED;
        }
        self.inner.advance();
        self.pass_over()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.ended {
            return TERMINATED;
        }
        if self.inner.doc() < target {
            self.inner.seek(target);
        }
        self.pass_over()
    }

    fn doc(&self) -> DocId {
        if self.ended {
            TERMINATED
        } else {
            self.inner.doc()
        }
    }

    fn size_hint(&self) -> u32 {
        self.inner.size_hint()
    }

    fn cost(&self) -> u64 {
        self.inner.cost().saturating_mul(10)
    }
}

impl Scorer for RescoredScorer {
    fn score(&mut self) -> Score {
        if self.doc() == TERMINATED {
            return 0.0;
        }
        self.compute()
    }
}
