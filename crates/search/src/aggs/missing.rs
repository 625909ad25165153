//! `missing`: one bucket of the documents that have no value in a field.

use std::sync::Arc;

use glasswork_content::{Failure, Node, Render};
use glasswork_engine::Segment;
use serde::{Deserialize, Serialize};
use tantivy::columnar::ColumnIndex;

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    Aggregation,
    collector::{Block, Collector, Scope},
    definition::{Definition, Parse, Show},
    fields::fields,
    opening,
    partial::Partial,
    reading,
    reduction::Reduction,
    slot_collector::SlotCollector,
    slots,
    source::{Source, Takes, Values},
    spelling::Spelling,
};

/// The documents without a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Missing {
    source: Source,
}

impl Parse for Missing {
    const NAME: &'static str = "missing";

    fn parse(body: &Node, _called: &str) -> Result<Self, Failure> {
        let mut source = Source::default();
        for field in fields(Self::NAME, body)? {
            if !source.take(&field, Takes::Nothing)? {
                return Err(field.unknown(Takes::Nothing.keys()));
            }
        }
        source.require("field")?;
        Ok(Missing { source })
    }
}

impl Definition for Missing {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        Ok(Box::new(MissingCollector {
            values: self.source.resolve(scope.context, Kind::Keyword)?,
            index: None,
            slots: SlotCollector::new(1, at.below().collectors(scope, scope.root)?, scope),
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

struct MissingCollector<'s> {
    values: Values,
    index: Option<ColumnIndex>,
    slots: SlotCollector<'s>,
}

impl Collector for MissingCollector<'_> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.index = None;
        if let Some((number, name)) = &self.values.column
            && segment.has_field(*number)
            && let Some(handle) = segment
                .reader
                .fast_fields()
                .dynamic_column_handles(name)
                .map_err(opening)?
                .first()
        {
            self.index = Some(handle.open().map_err(reading)?.into_column_index());
        }
        self.slots.open(ordinal, segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        self.slots.room_for(block.buckets)?;
        if self.values.missing.is_some() {
            return Ok(());
        }
        for (doc, owner) in block.docs.iter().zip(block.buckets) {
            if !self
                .index
                .as_ref()
                .is_some_and(|index| index.has_value(*doc))
            {
                self.slots.count(*doc, *owner, 0)?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Halt> {
        self.slots.close()
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        self.slots.finish(owners, Spelling::Raw, Vec::new())
    }
}
