//! The last reduction: from all that the shards found to what the answer shows.

use glasswork_content::{Failure, Kind, Meta};
use std::cell::Cell;

use crate::interrupt::Halt;

use super::{
    Aggregation, Aggregations,
    keyed::Keyed,
    keys::Keys,
    ledger::Ledger,
    partial::{Partial, malformed},
};

/// The account of a last reduction.
pub(crate) struct Reduction<'c> {
    /// Work and memory.
    pub(crate) ledger: &'c Ledger<'c>,
    limit: u64,
    made: Cell<u64>,
}

impl<'c> Reduction<'c> {
    /// One that may make `limit` buckets (`search.max_buckets`).
    pub(crate) fn new(ledger: &'c Ledger<'c>, limit: u64) -> Self {
        Reduction {
            ledger,
            limit,
            made: Cell::new(0),
        }
    }

    /// Counts buckets of the answer.
    ///
    /// # Errors
    /// 503 `too_many_buckets_exception`.
    pub(crate) fn make(&self, buckets: u64) -> Result<(), Failure> {
        let made = self.made.get().saturating_add(buckets);
        self.made.set(made);
        if made <= self.limit {
            return Ok(());
        }
        let limit = self.limit;
        Err(Failure::new(Kind::TooManyBuckets, format!(
            "Trying to create too many buckets. Must be less than or equal to: [{limit}] but was [{made}]. This limit can be \
             set by changing the [search.max_buckets] cluster level setting."
        ))
        .with("max_buckets", Meta::Long(i64::try_from(limit).unwrap_or(i64::MAX))))
    }

    /// Finalizes the findings of siblings.
    ///
    /// # Errors
    /// The ledger's stop; too many buckets; 500 when findings do not fit the request.
    pub(crate) fn children(
        &self,
        findings: Vec<Partial>,
        below: &Aggregations,
    ) -> Result<Vec<Partial>, Halt> {
        if findings.len() != below.len() {
            return Err(malformed("number of aggregations").into());
        }
        findings
            .into_iter()
            .zip(below.iter())
            .map(|(partial, aggregation)| aggregation.finalize(partial, self))
            .collect()
    }

    /// Buckets picked from `from`, in this order, [`super::partial::NONE`] for an empty one, named by `keys`; each
    /// owner's end is in `ends`.
    ///
    /// # Errors
    /// As [`Reduction::children`].
    pub(crate) fn arrange(
        &self,
        from: &Keyed,
        picks: &[u32],
        keys: Keys,
        ends: Vec<u32>,
        at: &Aggregation,
    ) -> Result<Keyed, Halt> {
        self.ledger.charge(picks.len() as u64 * 16 + keys.bytes())?;
        let mut counts = Vec::with_capacity(picks.len());
        let mut exempt = Vec::with_capacity(picks.len());
        for pick in picks {
            self.ledger.step(1)?;
            counts.push(from.counts.get(*pick as usize).copied().unwrap_or(0));
            exempt.push(from.exempt.get(*pick as usize).copied().unwrap_or(0));
        }
        let mut children = Vec::with_capacity(from.children.len());
        for child in &from.children {
            children.push(child.select(picks, self.ledger)?);
        }
        Ok(Keyed {
            ends,
            keys,
            counts,
            others: from.others.clone(),
            errors: from.errors.clone(),
            exempt,
            sources: from.sources,
            spelling: from.spelling.clone(),
            children: self.children(children, at.below())?,
        })
    }
}
