//! `global`: one bucket of all documents, whatever the query says.

use std::sync::Arc;

use glasswork_content::{Failure, Kind as FailureKind, Node, Render};
use glasswork_engine::Segment;
use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{
    Aggregation,
    collector::{Block, Collector, Scope},
    definition::{Definition, Parse, Show},
    fields::fields,
    partial::Partial,
    reduction::Reduction,
    slot_collector::SlotCollector,
    slots,
    spelling::Spelling,
};

/// All documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Global;

impl Parse for Global {
    const NAME: &'static str = "global";

    fn parse(body: &Node, _called: &str) -> Result<Self, Failure> {
        match fields(Self::NAME, body)?.next() {
            Some(field) => Err(field.unknown(&[])),
            None => Ok(Global),
        }
    }
}

impl Definition for Global {
    fn render(&self, _out: &mut Render) {}

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        if !scope.top {
            return Err(Failure::new(FailureKind::AggregationExecution, format!(
                "Aggregation [{0}] cannot be a sub-aggregation. Global aggregations can only be defined as top level \
                 aggregations",
                at.name()
            ))
            .into());
        }
        let below = at.below().collectors(scope, true)?;
        Ok(Box::new(GlobalCollector {
            slots: SlotCollector::new(1, below, scope),
            scope,
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

    fn has_buckets(&self) -> bool {
        true
    }

    fn is_single_bucket(&self) -> bool {
        true
    }
}

struct GlobalCollector<'s> {
    slots: SlotCollector<'s>,
    scope: Scope<'s>,
}

impl Collector for GlobalCollector<'_> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.slots.open(ordinal, segment)?;
        self.slots.room_for(&[0])?;
        for doc in 0..segment.reader.max_doc() {
            self.scope.ledger.step(1)?;
            if segment.is_alive(doc) {
                self.slots.count(doc, 0, 0)?;
            }
        }
        Ok(())
    }

    fn collect(&mut self, _block: Block<'_>) -> Result<(), Halt> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), Halt> {
        self.slots.close()
    }

    fn collect_all(&mut self, _segment: &Segment) -> Result<bool, Halt> {
        Ok(true)
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        self.slots.finish(owners, Spelling::Raw, Vec::new())
    }
}
