//! `filter`: one bucket of the documents that match a query.

use std::sync::Arc;

use glasswork_content::{Failure, Node, Render};
use glasswork_engine::Segment;
use serde::{Deserialize, Serialize};

use crate::{
    context::Context,
    interrupt::Halt,
    query::{self, Query},
};

use super::{
    Aggregation,
    collector::{Block, Collector, Scope},
    definition::{Definition, Parse, Show},
    matching::Matching,
    partial::Partial,
    reduction::Reduction,
    slot_collector::SlotCollector,
    slots,
    spelling::Spelling,
};

/// The documents that match a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Filter(Query);

impl Parse for Filter {
    const NAME: &'static str = "filter";

    fn parse(body: &Node, _called: &str) -> Result<Self, Failure> {
        Ok(Filter(query::parse(body)?))
    }
}

impl Definition for Filter {
    fn render(&self, _out: &mut Render) {}

    fn render_object(&self, out: &mut Render) {
        self.0.render(out);
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        Ok(Box::new(FilterCollector {
            matching: Matching::new(&self.0, scope.context)?,
            slots: SlotCollector::new(1, at.below().collectors(scope, scope.root)?, scope),
            context: scope.context,
        }))
    }

    fn finalize(
        &self,
        partial: Partial,
        at: &Aggregation,
        reduction: &Reduction<'_>,
    ) -> Result<Partial, Halt> {
        slots::finalize_single(partial, at, reduction)
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        slots::show_single(partial, owner, at, show)
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        slots::single_count(partial, owner, metric)
    }

    fn has_buckets(&self) -> bool {
        true
    }

    fn is_single_bucket(&self) -> bool {
        true
    }
}

struct FilterCollector<'s> {
    matching: Matching,
    slots: SlotCollector<'s>,
    context: &'s Context,
}

impl Collector for FilterCollector<'_> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.matching.open(segment)?;
        self.slots.open(ordinal, segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        self.slots.room_for(block.buckets)?;
        for (doc, owner) in block.docs.iter().zip(block.buckets) {
            if self.matching.matches(*doc) {
                self.slots.count(*doc, *owner, 0)?;
            }
        }
        self.context.interrupt.reason()
    }

    fn close(&mut self) -> Result<(), Halt> {
        self.slots.close()
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        self.slots.finish(owners, Spelling::Raw, Vec::new())
    }
}
