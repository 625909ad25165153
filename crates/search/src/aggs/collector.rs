//! What every aggregation does with documents: take blocks of them, one segment after the other, and tell what it found.

use std::sync::Arc;

use glasswork_engine::Segment;
use tantivy::DocId;

use crate::{context::Context, interrupt::Halt};

use super::{
    ledger::{Ledger, STRIDE},
    partial::Partial,
};

/// Documents with the bucket each of them is to be counted in. Documents of one segment come in ascending order; one
/// that lies in several buckets comes several times.
#[derive(Clone, Copy)]
pub(crate) struct Block<'b> {
    /// At most a stride of them.
    pub(crate) docs: &'b [DocId],
    /// Of the same length.
    pub(crate) buckets: &'b [u32],
}

/// What collectors are made with.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    /// The shard.
    pub(crate) context: &'s Context,
    /// The account of the collection.
    pub(crate) ledger: &'s Ledger<'s>,
    /// Whether there is only one owner.
    pub(crate) root: bool,
    /// Whether there is no aggregation above.
    pub(crate) top: bool,
}

/// One aggregation at work on one shard. Owners are numbered by the aggregation above from 0 without gaps.
pub(crate) trait Collector {
    /// Turns to a segment.
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt>;

    /// Takes a block of the open segment.
    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt>;

    /// Ends the open segment: passes on what is still held back.
    fn close(&mut self) -> Result<(), Halt>;

    /// Counts all living documents of the open segment for owner 0 without being given them, when there is a shorter
    /// way; false when there is none.
    fn collect_all(&mut self, _segment: &Segment) -> Result<bool, Halt> {
        Ok(false)
    }

    /// The findings of these owners, in this order. Called once, at the end.
    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt>;
}

/// The aggregations below a bucket aggregation, fed in full blocks.
pub(crate) struct Below<'s> {
    collectors: Vec<Box<dyn Collector + 's>>,
    docs: Vec<DocId>,
    buckets: Vec<u32>,
    ledger: &'s Ledger<'s>,
}

impl<'s> Below<'s> {
    /// Nothing held back.
    pub(crate) fn new(collectors: Vec<Box<dyn Collector + 's>>, ledger: &'s Ledger<'s>) -> Self {
        Below {
            collectors,
            docs: Vec::new(),
            buckets: Vec::new(),
            ledger,
        }
    }

    /// Whether there is no aggregation below.
    pub(crate) fn is_empty(&self) -> bool {
        self.collectors.is_empty()
    }

    /// Says that `doc` lies in `bucket`.
    #[inline]
    pub(crate) fn push(&mut self, doc: DocId, bucket: u32) -> Result<(), Halt> {
        if self.collectors.is_empty() {
            return Ok(());
        }
        self.docs.push(doc);
        self.buckets.push(bucket);
        if self.docs.len() >= STRIDE {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// As [`Collector::open`], for each.
    pub(crate) fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.collectors
            .iter_mut()
            .try_for_each(|collector| collector.open(ordinal, segment))
    }

    /// As [`Collector::close`], for each.
    pub(crate) fn close(&mut self) -> Result<(), Halt> {
        self.flush()?;
        self.collectors
            .iter_mut()
            .try_for_each(|collector| collector.close())
    }

    /// As [`Collector::finish`], for each.
    pub(crate) fn finish(&mut self, owners: &[u32]) -> Result<Vec<Partial>, Halt> {
        self.collectors
            .iter_mut()
            .map(|collector| collector.finish(owners))
            .collect()
    }

    /// As [`Collector::finish`], for one of them.
    pub(crate) fn finish_one(&mut self, child: usize, owners: &[u32]) -> Result<Partial, Halt> {
        self.collectors[child].finish(owners)
    }

    fn flush(&mut self) -> Result<(), Halt> {
        if self.docs.is_empty() {
            return Ok(());
        }
        self.ledger.step(self.docs.len())?;
        let block = Block {
            docs: &self.docs,
            buckets: &self.buckets,
        };
        for collector in &mut self.collectors {
            collector.collect(block)?;
        }
        self.docs.clear();
        self.buckets.clear();
        Ok(())
    }
}
