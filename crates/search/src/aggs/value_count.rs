//! `value_count`: how many values there are.

use std::sync::Arc;

use glasswork_content::{Failure, Node, Render};
use glasswork_engine::Segment;
use serde::{Deserialize, Serialize};
use tantivy::columnar::ColumnIndex;

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    Aggregation,
    collector::{Block, Collector, Scope},
    columns::Gathered,
    definition::{Definition, Parse, Show},
    ledger::Reserved,
    metric,
    metrics::{Columns, Metrics},
    opening,
    partial::Partial,
    source::{Source, Values},
};

const COLUMNS: Columns = Columns {
    count: true,
    min: false,
    max: false,
    sum: false,
    squares: false,
};

/// How many values there are; a string twice in one document counts once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ValueCount {
    source: Source,
}

impl Parse for ValueCount {
    const NAME: &'static str = "value_count";

    fn parse(body: &Node, _called: &str) -> Result<Self, Failure> {
        Ok(ValueCount {
            source: metric::only_source(Self::NAME, body)?,
        })
    }
}

impl Definition for ValueCount {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        _at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        let values = self.source.resolve(scope.context, Kind::Keyword)?;
        Ok(Box::new(CountCollector {
            values,
            index: None,
            strings: None,
            gathered: Gathered::default(),
            rows: Metrics::default(),
            reserved: Reserved::default(),
            scope,
        }))
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        _at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        show.step()?;
        show.out
            .field_unsigned("value", metric::row(partial, owner).count);
        Ok(())
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        let count = metric::row(partial, owner).count as f64;
        matches!(metric, None | Some("value")).then_some(count)
    }
}

struct CountCollector<'s> {
    values: Values,
    /// Of a column of numbers or addresses: how many values each document has is all that is read.
    index: Option<ColumnIndex>,
    strings: Option<tantivy::columnar::Column<u64>>,
    gathered: Gathered<u64>,
    rows: Metrics,
    reserved: Reserved,
    scope: Scope<'s>,
}

impl Collector for CountCollector<'_> {
    fn open(&mut self, _ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        (self.index, self.strings) = (None, None);
        let Some((number, name)) = &self.values.column else {
            return Ok(());
        };
        if !segment.has_field(*number) {
            return Ok(());
        }
        let columns = segment.reader.fast_fields();
        if self.values.kind == Kind::Keyword {
            self.strings = columns
                .str(name)
                .map_err(opening)?
                .map(|column| column.ords().clone());
        } else if let Some(handle) = columns
            .dynamic_column_handles(name)
            .map_err(opening)?
            .first()
        {
            self.index = Some(handle.open().map_err(super::reading)?.into_column_index());
        }
        Ok(())
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        self.scope.ledger.step(block.docs.len())?;
        if let Some(highest) = block.buckets.iter().max() {
            self.rows.grow(*highest as usize + 1, COLUMNS);
        }
        let missing = u64::from(self.values.missing.is_some());
        if let Some(strings) = &self.strings {
            self.gathered.read(
                Some(strings),
                block.docs,
                self.values.missing.as_ref().map(|_| u64::MAX),
            );
            self.gathered.dedup();
            for position in &self.gathered.positions {
                self.rows.add_count(block.buckets[*position as usize], 1);
            }
        } else {
            for (doc, bucket) in block.docs.iter().zip(block.buckets) {
                let values = self
                    .index
                    .as_ref()
                    .map_or(0, |index| index.value_row_ids(*doc).len() as u64);
                self.rows
                    .add_count(*bucket, if values == 0 { missing } else { values });
            }
        }
        Ok(self
            .reserved
            .grow_to(self.rows.bytes(), self.scope.ledger)?)
    }

    fn close(&mut self) -> Result<(), Halt> {
        Ok(())
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        let highest = owners.iter().max().map_or(0, |owner| *owner as usize + 1);
        self.rows.grow(highest, COLUMNS);
        Partial::Metrics(std::mem::take(&mut self.rows)).select(owners, self.scope.ledger)
    }
}
