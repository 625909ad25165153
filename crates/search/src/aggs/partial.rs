//! What a shard found, and how two shards' findings become one.
//!
//! A partial result holds, for one aggregation, the rows or buckets of **all** its owning buckets, in columns: an owner
//! is a bucket of the aggregation above, or the one root. So a tree with a million buckets is a handful of vectors:
//! quick to merge, to send and to drop.

use glasswork_content::{Failure, Kind};
use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{
    distinct::Distinct, keyed::Keyed, ledger::Ledger, metrics::Metrics, slots::Slots,
    tdigest::TDigest,
};

/// No owner on this side.
pub(crate) const NONE: u32 = u32::MAX;

/// For each owner of the result, where it is found on the left and on the right, or [`NONE`].
pub(crate) type Plan = [(u32, u32)];

/// The findings of one aggregation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Partial {
    /// Numbers of a metric.
    Metrics(Metrics),
    /// Distinct values.
    Distinct(Distinct),
    /// Distributions.
    Digests(Digests),
    /// The same number of buckets for each owner.
    Slots(Slots),
    /// Buckets named by keys.
    Keyed(Keyed),
}

/// One distribution for each owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Digests {
    /// Of each owner.
    pub(crate) rows: Vec<TDigest>,
    /// Of a row that is missing.
    pub(crate) compression: f64,
    /// How results are spelled.
    pub(crate) spelling: super::spelling::Spelling,
}

impl Partial {
    /// Puts the owners of `left` and `right` together as `plan` says. Without `right` this picks owners of `left`;
    /// an owner on neither side becomes one that found nothing.
    ///
    /// # Errors
    /// The ledger's stop; 500 when the two are not of one kind.
    pub(crate) fn combine(
        left: &Partial,
        right: Option<&Partial>,
        plan: &Plan,
        ledger: &Ledger<'_>,
    ) -> Result<Partial, Halt> {
        ledger.charge(left.row_bytes() + right.map_or(0, Partial::row_bytes))?;
        match (left, right) {
            (Partial::Keyed(a), None) => Ok(Partial::Keyed(Keyed::combine(a, None, plan, ledger)?)),
            (Partial::Keyed(a), Some(Partial::Keyed(b))) => {
                Ok(Partial::Keyed(Keyed::combine(a, Some(b), plan, ledger)?))
            }
            (Partial::Slots(a), None) => Ok(Partial::Slots(Slots::combine(a, None, plan, ledger)?)),
            (Partial::Slots(a), Some(Partial::Slots(b))) => {
                Ok(Partial::Slots(Slots::combine(a, Some(b), plan, ledger)?))
            }
            (Partial::Metrics(a), None) => {
                Ok(Partial::Metrics(combine_metrics(a, None, plan, ledger)?))
            }
            (Partial::Metrics(a), Some(Partial::Metrics(b))) => {
                Ok(Partial::Metrics(combine_metrics(a, Some(b), plan, ledger)?))
            }
            (Partial::Distinct(a), None) => {
                Ok(Partial::Distinct(combine_distinct(a, None, plan, ledger)?))
            }
            (Partial::Distinct(a), Some(Partial::Distinct(b))) => Ok(Partial::Distinct(
                combine_distinct(a, Some(b), plan, ledger)?,
            )),
            (Partial::Digests(a), None) => {
                Ok(Partial::Digests(combine_digests(a, None, plan, ledger)?))
            }
            (Partial::Digests(a), Some(Partial::Digests(b))) => {
                Ok(Partial::Digests(combine_digests(a, Some(b), plan, ledger)?))
            }
            _ => Err(malformed("kinds differ").into()),
        }
    }

    /// Picks owners, in this order; [`NONE`] gives one that found nothing.
    ///
    /// # Errors
    /// The ledger's stop.
    pub(crate) fn select(&self, owners: &[u32], ledger: &Ledger<'_>) -> Result<Partial, Halt> {
        let plan: Vec<(u32, u32)> = owners.iter().map(|owner| (*owner, NONE)).collect();
        Partial::combine(self, None, &plan, ledger)
    }

    /// How many owners it has findings of.
    pub(crate) fn owners(&self) -> usize {
        match self {
            Partial::Metrics(rows) => rows.owners(),
            Partial::Distinct(rows) => rows.owners(),
            Partial::Digests(digests) => digests.rows.len(),
            Partial::Slots(slots) => slots.owners(),
            Partial::Keyed(keyed) => keyed.owners(),
        }
    }

    /// The findings of the aggregations below.
    pub(crate) fn children(&self) -> &[Partial] {
        match self {
            Partial::Slots(slots) => &slots.children,
            Partial::Keyed(keyed) => &keyed.children,
            Partial::Metrics(_) | Partial::Distinct(_) | Partial::Digests(_) => &[],
        }
    }

    /// Bytes it holds, with everything below.
    pub(crate) fn bytes(&self) -> u64 {
        self.row_bytes() + self.children().iter().map(Partial::bytes).sum::<u64>()
    }

    /// Whether its columns fit together for `owners` owners, down to the leaves: true for everything built here, to be
    /// asked of everything that came from another node.
    pub(crate) fn is_sound(&self, owners: usize) -> bool {
        self.owners() == owners
            && match self {
                Partial::Metrics(rows) => rows.is_sound(),
                Partial::Distinct(rows) => rows.is_sound(),
                Partial::Digests(digests) => {
                    digests.compression.is_finite() && digests.rows.iter().all(TDigest::is_sound)
                }
                Partial::Slots(slots) => slots.is_sound(),
                Partial::Keyed(keyed) => keyed.is_sound(),
            }
    }

    fn row_bytes(&self) -> u64 {
        match self {
            Partial::Metrics(rows) => rows.bytes(),
            Partial::Distinct(rows) => rows.bytes(),
            Partial::Digests(digests) => digests.rows.iter().map(TDigest::bytes).sum(),
            Partial::Slots(slots) => slots.bytes(),
            Partial::Keyed(keyed) => keyed.bytes(),
        }
    }
}

/// The failure of a partial result that does not fit the request or itself.
pub(crate) fn malformed(what: &str) -> Failure {
    Failure::new(
        Kind::IllegalState,
        format!("malformed partial aggregation: {what}"),
    )
}

/// The children of two sides put together, one by one.
///
/// # Errors
/// As [`Partial::combine`].
pub(crate) fn combine_children(
    left: &[Partial],
    right: Option<&[Partial]>,
    plan: &Plan,
    ledger: &Ledger<'_>,
) -> Result<Vec<Partial>, Halt> {
    if right.is_some_and(|right| right.len() != left.len()) {
        return Err(malformed("numbers of children differ").into());
    }
    left.iter()
        .enumerate()
        .map(|(child, left)| Partial::combine(left, right.map(|right| &right[child]), plan, ledger))
        .collect()
}

fn combine_metrics(
    left: &Metrics,
    right: Option<&Metrics>,
    plan: &Plan,
    ledger: &Ledger<'_>,
) -> Result<Metrics, Halt> {
    let columns = if left.owners() > 0 {
        left.columns()
    } else {
        right.unwrap_or(left).columns()
    };
    let spelling = right.map_or(&left.spelling, |right| left.spelling.or(&right.spelling));
    let mut rows = Metrics::new(spelling.clone());
    rows.grow(plan.len(), columns);
    for (owner, (from_left, from_right)) in plan.iter().enumerate() {
        ledger.step(1)?;
        if *from_left != NONE {
            rows.absorb(owner, left, *from_left as usize);
        }
        if let (Some(right), true) = (right, *from_right != NONE) {
            rows.absorb(owner, right, *from_right as usize);
        }
    }
    Ok(rows)
}

fn combine_distinct(
    left: &Distinct,
    right: Option<&Distinct>,
    plan: &Plan,
    ledger: &Ledger<'_>,
) -> Result<Distinct, Halt> {
    if right.is_some_and(|right| right.precision() != left.precision()) {
        return Err(malformed("precisions differ").into());
    }
    let mut rows = Distinct::new(left.precision());
    for (from_left, from_right) in plan {
        let left = (*from_left != NONE).then_some((left, *from_left as usize));
        let right = right
            .filter(|_| *from_right != NONE)
            .map(|right| (right, *from_right as usize));
        let weight = [left, right]
            .into_iter()
            .flatten()
            .map(|(rows, owner)| rows.weight(owner))
            .sum::<usize>();
        ledger.step(weight + 1)?;
        rows.push_union([left, right]);
    }
    Ok(rows)
}

fn combine_digests(
    left: &Digests,
    right: Option<&Digests>,
    plan: &Plan,
    ledger: &Ledger<'_>,
) -> Result<Digests, Halt> {
    let mut rows = Vec::with_capacity(plan.len());
    for (from_left, from_right) in plan {
        ledger.step(64)?;
        let mut row = if *from_left == NONE {
            TDigest::new(left.compression)
        } else {
            left.rows[*from_left as usize].clone()
        };
        if let (Some(right), true) = (right, *from_right != NONE) {
            row.merge(&right.rows[*from_right as usize]);
        }
        row.compress();
        rows.push(row);
    }
    let spelling = right.map_or(&left.spelling, |right| left.spelling.or(&right.spelling));
    Ok(Digests {
        rows,
        compression: left.compression,
        spelling: spelling.clone(),
    })
}
