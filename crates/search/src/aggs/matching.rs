//! Whether documents of a block match a query.

use std::sync::Arc;

use glasswork_engine::Segment;
use tantivy::{
    DocId, DocSet, TERMINATED,
    query::{Scorer, Weight},
};

use crate::{
    context::Context,
    interrupt::Halt,
    query::{Compiled, Query},
};

use super::opening;

/// A query that is asked about documents in ascending order, segment by segment.
pub(crate) struct Matching {
    weight: Arc<dyn Weight>,
    matches: Option<Box<dyn Scorer>>,
}

impl Matching {
    /// Compiles the query.
    ///
    /// # Errors
    /// What is wrong with it for this index.
    pub(crate) fn new(query: &Query, context: &Context) -> Result<Self, Halt> {
        let compiled = Compiled::new(context, Some(query), false)?;
        Ok(Matching {
            weight: compiled.plan.weight(),
            matches: None,
        })
    }

    /// Turns to a segment.
    pub(crate) fn open(&mut self, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.matches = Some(self.weight.scorer(&segment.reader, 1.0).map_err(opening)?);
        Ok(())
    }

    /// Whether `doc` matches. Documents come in ascending order; the same may come again.
    #[inline]
    pub(crate) fn matches(&mut self, doc: DocId) -> bool {
        let Some(matches) = &mut self.matches else {
            return false;
        };
        let mut at = matches.doc();
        if at < doc {
            at = matches.seek(doc);
        }
        at == doc && at != TERMINATED
    }
}
