//! The collection of all aggregations of a request on one shard.

use std::sync::Arc;

use glasswork_engine::Segment;
use tantivy::DocId;

use crate::{context::Context, interrupt::Halt};

use super::{
    Aggregations, PartialAggregations,
    collector::{Block, Collector, Scope},
    ledger::{Ledger, STRIDE},
};

static ROOT: [u32; STRIDE] = [0; STRIDE];

/// Collects the aggregations of a request from the segments of a view, one after the other.
///
/// ```text
/// let ledger = …; let mut collector = ShardCollector::new(&aggregations, &context, &account)?;
/// for each segment { collector.open(ordinal, segment)?; collector.collect(docs)?…; collector.close()?; }
/// let findings = collector.finish()?;
/// ```
pub struct ShardCollector<'s> {
    collectors: Vec<Box<dyn Collector + 's>>,
    ledger: &'s Ledger<'s>,
    open: bool,
}

/// What a [`ShardCollector`] reserves its memory with; dropped after it.
pub struct Account<'c>(Ledger<'c>);

impl<'c> Account<'c> {
    /// An account on the stop sign of the search.
    pub fn new(context: &'c Context) -> Self {
        Account(Ledger::new(context.interrupt.as_ref()))
    }
}

impl<'s> ShardCollector<'s> {
    /// Makes the collectors.
    ///
    /// # Errors
    /// 400 when fields of this shard do not suit an aggregation.
    pub fn new(
        aggregations: &'s Aggregations,
        context: &'s Context,
        account: &'s Account<'s>,
    ) -> Result<Self, Halt> {
        let ledger = &account.0;
        let scope = Scope {
            context,
            ledger,
            root: true,
            top: true,
        };
        Ok(ShardCollector {
            collectors: aggregations.boxed(scope)?,
            ledger,
            open: false,
        })
    }

    /// Turns to the segment at `ordinal` of the view.
    ///
    /// # Errors
    /// The reason to stop; 500 when it cannot be read.
    pub fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.open = true;
        self.collectors
            .iter_mut()
            .try_for_each(|collector| collector.open(ordinal, segment))
    }

    /// Takes documents of the open segment that match the query, living ones only, in ascending order.
    ///
    /// # Errors
    /// The reason to stop.
    pub fn collect(&mut self, docs: &[DocId]) -> Result<(), Halt> {
        for docs in docs.chunks(STRIDE) {
            self.ledger.step(docs.len())?;
            let block = Block {
                docs,
                buckets: &ROOT[..docs.len()],
            };
            for collector in &mut self.collectors {
                collector.collect(block)?;
            }
        }
        Ok(())
    }

    /// Takes all living documents of the open segment: what a query that matches everything would give, in less time.
    ///
    /// # Errors
    /// The reason to stop.
    pub fn collect_all(&mut self, segment: &Segment) -> Result<(), Halt> {
        let mut wanting = Vec::new();
        for (place, collector) in self.collectors.iter_mut().enumerate() {
            if !collector.collect_all(segment)? {
                wanting.push(place);
            }
        }
        if wanting.is_empty() {
            return Ok(());
        }
        let mut docs = Vec::with_capacity(STRIDE);
        let mut next = 0;
        while next < segment.reader.max_doc() {
            docs.clear();
            while docs.len() < STRIDE && next < segment.reader.max_doc() {
                if segment.is_alive(next) {
                    docs.push(next);
                }
                next += 1;
            }
            self.ledger.step(STRIDE)?;
            let block = Block {
                docs: &docs,
                buckets: &ROOT[..docs.len()],
            };
            for place in &wanting {
                self.collectors[*place].collect(block)?;
            }
        }
        Ok(())
    }

    /// Ends the open segment.
    ///
    /// # Errors
    /// The reason to stop.
    pub fn close(&mut self) -> Result<(), Halt> {
        self.open = false;
        self.collectors
            .iter_mut()
            .try_for_each(|collector| collector.close())
    }

    /// What was found. A segment that was left open, because time was over in its middle, is closed before.
    ///
    /// # Errors
    /// The reason to stop.
    pub fn finish(mut self) -> Result<PartialAggregations, Halt> {
        self.ledger.wind_up();
        if self.open {
            self.close()?;
        }
        let findings = self
            .collectors
            .iter_mut()
            .map(|collector| collector.finish(&[0]))
            .collect::<Result<_, _>>()?;
        Ok(PartialAggregations { findings })
    }
}
