//! Collecting distributions, for `percentiles` and `percentile_ranks`.

use std::sync::Arc;

use glasswork_content::{Failure, Render};
use glasswork_engine::Segment;

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    collector::{Block, Collector, Scope},
    fields::Field,
    ledger::Reserved,
    numbers::Numbers,
    partial::{Digests, Partial},
    source::Source,
    tdigest::TDigest,
};

/// Reads `"tdigest": {"compression": 100}`.
///
/// # Errors
/// 400 in OpenSearch's words.
pub(crate) fn compression(field: &Field<'_>, called: &str) -> Result<f64, Failure> {
    let mut compression = 100.0;
    for (key, node) in field.object()?.iter() {
        if key != "compression" {
            let reason = format!("[tdigest] unknown field [{key}]");
            return Err(field.failed(Failure::content_parse(reason, node.at)));
        }
        compression = node.to_f64().map_err(|cause| field.failed(cause))?;
        if compression < 0.0 {
            let reason = format!(
                "[compression] must be greater than or equal to 0. Found [{}] in [{called}]",
                glasswork_content::number::double_text(compression)
            );
            return Err(field.failed(Failure::illegal_argument(reason)));
        }
    }
    Ok(compression)
}

/// Reads an array of numbers.
///
/// # Errors
/// 400 in OpenSearch's words.
pub(crate) fn doubles(field: &Field<'_>) -> Result<Vec<f64>, Failure> {
    field
        .array()?
        .iter()
        .map(|node| node.to_f64().map_err(|cause| field.failed(cause)))
        .collect()
}

/// Writes an array of numbers and the method, as OpenSearch prints a parsed request.
pub(crate) fn render(key: &str, numbers: &[f64], keyed: bool, compression: f64, out: &mut Render) {
    out.field_array(key);
    for number in numbers {
        out.double(*number);
    }
    out.end_array();
    out.field_bool("keyed", keyed);
    out.field_object("tdigest");
    out.field_double("compression", compression);
    out.end_object();
}

/// Collects the distribution of numbers.
///
/// # Errors
/// 400 for a field that holds no numbers.
pub(crate) fn collector<'s>(
    name: &str,
    source: &Source,
    compression: f64,
    scope: Scope<'s>,
) -> Result<Box<dyn Collector + 's>, Halt> {
    let values = source.resolve(scope.context, Kind::Double)?;
    values.refuse_unless(values.is_numeric(), source, name)?;
    let numbers = Numbers::new(values);
    Ok(Box::new(DigestCollector {
        numbers,
        compression,
        rows: Vec::new(),
        reserved: Reserved::default(),
        scope,
    }))
}

/// The distribution of an owner.
pub(crate) fn row(partial: &Partial, owner: usize) -> Option<&TDigest> {
    match partial {
        Partial::Digests(digests) => digests.rows.get(owner).filter(|row| !row.is_empty()),
        _ => None,
    }
}

struct DigestCollector<'s> {
    numbers: Numbers,
    compression: f64,
    rows: Vec<TDigest>,
    reserved: Reserved,
    scope: Scope<'s>,
}

impl Collector for DigestCollector<'_> {
    fn open(&mut self, _ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.numbers.open(segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        let highest = block
            .buckets
            .iter()
            .max()
            .map_or(0, |owner| *owner as usize + 1);
        if highest > self.rows.len() {
            self.rows
                .resize_with(highest, || TDigest::new(self.compression));
        }
        let (positions, values) = self.numbers.doubles(block.docs);
        self.scope.ledger.step(values.len())?;
        for (position, value) in positions.iter().zip(values) {
            self.rows[block.buckets[*position as usize] as usize].add(*value);
        }
        // A digest holds at most about as many numbers as its compression times seven.
        let held = self.rows.len() as u64 * 128
            + (values.len() as u64 * 8).min(self.compression as u64 * 56);
        Ok(self.reserved.grow_to(held, self.scope.ledger)?)
    }

    fn close(&mut self) -> Result<(), Halt> {
        Ok(())
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        let highest = owners.iter().max().map_or(0, |owner| *owner as usize + 1);
        if highest > self.rows.len() {
            self.rows
                .resize_with(highest, || TDigest::new(self.compression));
        }
        let rows = std::mem::take(&mut self.rows);
        let spelling = self.numbers.values().spelling.clone();
        let digests = Digests {
            rows,
            compression: self.compression,
            spelling,
        };
        Partial::Digests(digests).select(owners, self.scope.ledger)
    }
}
