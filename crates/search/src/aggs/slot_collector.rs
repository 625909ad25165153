//! Counting documents in buckets that are known beforehand.

use std::sync::Arc;

use glasswork_engine::Segment;
use tantivy::DocId;

use crate::interrupt::Halt;

use super::{
    collector::{Below, Scope},
    ledger::Reserved,
    partial::{Partial, malformed},
    slots::{Slots, Span},
    spelling::Spelling,
};

/// The buckets of an aggregation that has `width` of them for each owner.
pub(crate) struct SlotCollector<'s> {
    width: u32,
    counts: Vec<u64>,
    below: Below<'s>,
    reserved: Reserved,
    scope: Scope<'s>,
}

impl<'s> SlotCollector<'s> {
    /// Nothing counted.
    pub(crate) fn new(width: u32, below: Below<'s>, scope: Scope<'s>) -> Self {
        SlotCollector {
            width,
            counts: Vec::new(),
            below,
            reserved: Reserved::default(),
            scope,
        }
    }

    /// As [`super::collector::Collector::open`].
    pub(crate) fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.below.open(ordinal, segment)
    }

    /// Makes room for the owners of a block.
    pub(crate) fn room_for(&mut self, owners: &[u32]) -> Result<(), Halt> {
        let highest = owners.iter().max().map_or(0, |owner| *owner as usize + 1);
        let buckets = highest * self.width as usize;
        if buckets > self.counts.len() {
            if u32::try_from(buckets).is_err() {
                return Err(malformed("more buckets than can be numbered").into());
            }
            // Reserved before it is there: many owners times many slots may be more than the node has.
            let room = buckets.next_power_of_two();
            self.reserved.grow_to(room as u64 * 8, self.scope.ledger)?;
            self.counts.reserve_exact(room - self.counts.len());
            self.counts.resize(buckets, 0);
        }
        Ok(())
    }

    /// Counts a document in a bucket of an owner that has room.
    #[inline]
    pub(crate) fn count(&mut self, doc: DocId, owner: u32, slot: u32) -> Result<(), Halt> {
        let bucket = owner * self.width + slot;
        self.counts[bucket as usize] += 1;
        self.below.push(doc, bucket)
    }

    /// As [`super::collector::Collector::close`].
    pub(crate) fn close(&mut self) -> Result<(), Halt> {
        self.below.close()
    }

    /// As [`super::collector::Collector::finish`].
    pub(crate) fn finish(
        &mut self,
        owners: &[u32],
        spelling: Spelling,
        spans: Vec<Span>,
    ) -> Result<Partial, Halt> {
        let ledger = self.scope.ledger;
        ledger.charge(owners.len() as u64 * u64::from(self.width) * 12)?;
        let mut buckets = Vec::with_capacity(owners.len() * self.width as usize);
        for owner in owners {
            ledger.step(self.width as usize)?;
            buckets.extend((0..self.width).map(|slot| owner * self.width + slot));
        }
        let count = |bucket: &u32| self.counts.get(*bucket as usize).copied().unwrap_or(0);
        let counts = buckets.iter().map(count).collect();
        let children = self.below.finish(&buckets)?;
        Ok(Partial::Slots(Slots {
            width: self.width,
            counts,
            spelling,
            spans,
            children,
        }))
    }
}
