//! What the metrics over numbers share: reading the body, and collecting rows.

use std::sync::Arc;

use glasswork_content::{Failure, Node};
use glasswork_engine::Segment;

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    collector::{Block, Collector, Scope},
    definition::Show,
    fields::fields,
    ledger::Reserved,
    metrics::{Columns, Metrics, Row},
    numbers::Numbers,
    partial::Partial,
    source::{Source, Takes},
    spelling::Spelling,
};

/// Reads a body that holds nothing but a source.
///
/// # Errors
/// 400 in OpenSearch's words.
pub(crate) fn only_source(name: &'static str, body: &Node) -> Result<Source, Failure> {
    let mut source = Source::default();
    for field in fields(name, body)? {
        if !source.take(&field, Takes::Format)? {
            return Err(field.unknown(Takes::Format.keys()));
        }
    }
    source.require("field, script")?;
    Ok(source)
}

/// Collects the columns of a metric over numbers.
///
/// # Errors
/// 400 for a field that holds no numbers.
pub(crate) fn collector<'s>(
    name: &str,
    source: &Source,
    columns: Columns,
    scope: Scope<'s>,
) -> Result<Box<dyn Collector + 's>, Halt> {
    let values = source.resolve(scope.context, Kind::Double)?;
    values.refuse_unless(values.is_numeric(), source, name)?;
    Ok(Box::new(MetricCollector {
        rows: Metrics::new(values.spelling.clone()),
        numbers: Numbers::new(values),
        columns,
        reserved: Reserved::default(),
        scope,
    }))
}

struct MetricCollector<'s> {
    numbers: Numbers,
    columns: Columns,
    rows: Metrics,
    reserved: Reserved,
    scope: Scope<'s>,
}

impl Collector for MetricCollector<'_> {
    fn open(&mut self, _ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.numbers.open(segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        let (positions, values) = self.numbers.doubles(block.docs);
        self.scope.ledger.step(values.len())?;
        if let Some(highest) = block.buckets.iter().max() {
            self.rows.grow(*highest as usize + 1, self.columns);
        }
        for (position, value) in positions.iter().zip(values) {
            self.rows.add(block.buckets[*position as usize], *value);
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
        self.rows.grow(highest, self.columns);
        Partial::Metrics(std::mem::take(&mut self.rows)).select(owners, self.scope.ledger)
    }
}

/// The row of `owner`.
pub(crate) fn row(partial: &Partial, owner: usize) -> Row {
    match partial {
        Partial::Metrics(rows) => rows.row(owner),
        _ => Metrics::default().row(0),
    }
}

/// How the numbers of a metric are spelled.
pub(crate) fn spelling(partial: &Partial) -> &Spelling {
    match partial {
        Partial::Metrics(rows) => &rows.spelling,
        _ => &Spelling::Raw,
    }
}

/// Writes `"value": 1.0`, and `value_as_string` where the field's values are spelled; `null` when there is no value.
pub(crate) fn show_value(
    partial: &Partial,
    value: Option<f64>,
    show: &mut Show<'_>,
) -> Result<(), Halt> {
    show.step()?;
    match value {
        None => show.out.field_null("value"),
        Some(value) => {
            show.out.field_double("value", value);
            if let Some(text) = show.format(spelling(partial)).double_text(value) {
                show.out.field_str("value_as_string", &text);
            }
        }
    }
    Ok(())
}
