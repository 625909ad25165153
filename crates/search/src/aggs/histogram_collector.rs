//! Collecting numbers or instants into intervals.

use std::sync::Arc;

use glasswork_engine::Segment;

use crate::interrupt::Halt;

use super::{
    buckets::Buckets,
    collector::{Below, Block, Collector, Scope},
    keyed::Keyed,
    keys::Keys,
    numbers::Numbers,
    partial::Partial,
    rounding::Rounding,
    source::raw_to_double,
};

/// How a value finds its interval.
pub(crate) enum Intervals {
    /// Numbers: the interval's number.
    Numbers {
        /// Length.
        interval: f64,
        /// Where number 0 begins.
        offset: f64,
    },
    /// Instants: the beginning, in milliseconds.
    Instants(Rounding),
}

/// Ends beyond which values have no bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HardBounds {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// Collects the buckets of a histogram.
pub(crate) struct HistogramCollector<'s> {
    numbers: Numbers,
    intervals: Intervals,
    bounds: Option<HardBounds>,
    below: Below<'s>,
    buckets: Buckets<i64>,
    scope: Scope<'s>,
}

impl<'s> HistogramCollector<'s> {
    /// Nothing collected.
    pub(crate) fn new(
        numbers: Numbers,
        intervals: Intervals,
        bounds: Option<HardBounds>,
        below: Below<'s>,
        scope: Scope<'s>,
    ) -> Self {
        HistogramCollector {
            numbers,
            intervals,
            bounds,
            below,
            buckets: Buckets::default(),
            scope,
        }
    }
}

impl Collector for HistogramCollector<'_> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.numbers.open(segment)?;
        self.below.open(ordinal, segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        let kind = self.numbers.kind();
        let (positions, raws) = self.numbers.distinct(block.docs);
        self.scope.ledger.step(raws.len())?;
        let mut before = None;
        for (position, raw) in positions.iter().zip(raws) {
            let position = *position as usize;
            let interval = match &mut self.intervals {
                Intervals::Numbers { interval, offset } => {
                    let number = ((raw_to_double(kind, *raw) - *offset) / *interval).floor();
                    if self.bounds.is_some_and(|bounds| {
                        number * *interval > bounds.max || number * *interval < bounds.min
                    }) {
                        continue;
                    }
                    number as i64
                }
                Intervals::Instants(rounding) => {
                    let begin = rounding.round(raw_to_double(kind, *raw) as i64);
                    if self.bounds.is_some_and(|bounds| {
                        begin as f64 >= bounds.max || (begin as f64) < bounds.min
                    }) {
                        continue;
                    }
                    begin
                }
            };
            // Values of one document ascend: those of one interval follow each other.
            if before == Some((position, interval)) {
                continue;
            }
            before = Some((position, interval));
            let bucket = self.buckets.count(block.buckets[position], interval);
            self.below.push(block.docs[position], bucket)?;
        }
        Ok(self.buckets.charge(self.scope.ledger)?)
    }

    fn close(&mut self) -> Result<(), Halt> {
        self.below.close()
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        let ledger = self.scope.ledger;
        let (grouped, ends) = self.buckets.grouped(owners, ledger)?;
        let counts = self.buckets.counts();
        let keys = match &self.intervals {
            Intervals::Numbers { interval, offset } => Keys::Double(
                grouped
                    .iter()
                    .map(|bucket| number_key(bucket.key, *interval, *offset))
                    .collect(),
            ),
            Intervals::Instants(_) => Keys::Long(grouped.iter().map(|bucket| bucket.key).collect()),
        };
        let chosen: Vec<u32> = grouped.iter().map(|bucket| bucket.bucket).collect();
        let found = Keyed {
            keys,
            counts: chosen
                .iter()
                .map(|bucket| counts[*bucket as usize])
                .collect(),
            others: vec![0; owners.len()],
            errors: vec![0; owners.len()],
            exempt: vec![0; chosen.len()],
            ends,
            sources: 1,
            spelling: self.numbers.values().spelling.clone(),
            children: self.below.finish(&chosen)?,
        };
        ledger.charge(found.bytes())?;
        Ok(Partial::Keyed(found))
    }
}

/// The key of interval `number`.
pub(crate) fn number_key(number: i64, interval: f64, offset: f64) -> f64 {
    number as f64 * interval + offset
}
