//! Buckets that are made by the values that documents have: terms and histograms.

use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{
    keys::Keys,
    ledger::Ledger,
    partial::{NONE, Partial, Plan, combine_children},
    spelling::Spelling,
};
use glasswork_content::{Failure, Kind};

/// What a bucket whose error is not known has instead.
pub(crate) const UNKNOWN_ERROR: i64 = i64::MIN;

/// The buckets of all owners, one owner after the other; those of one owner in the order of their keys until the last
/// reduction puts them into the order asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Keyed {
    /// For each owner, where its buckets end.
    pub(crate) ends: Vec<u32>,
    /// Of each bucket.
    pub(crate) keys: Keys,
    /// Documents of each bucket.
    pub(crate) counts: Vec<u64>,
    /// For each owner, the documents of buckets that were left out.
    pub(crate) others: Vec<u64>,
    /// For each owner, by how much a count may be too low because shards left buckets out, or [`UNKNOWN_ERROR`].
    pub(crate) errors: Vec<i64>,
    /// For each bucket, the part of the owner's error that cannot concern it, as it was counted there.
    pub(crate) exempt: Vec<i64>,
    /// Shards that this came from.
    pub(crate) sources: u32,
    /// How keys are spelled.
    pub(crate) spelling: Spelling,
    /// The aggregations below; their owners are the buckets here.
    pub(crate) children: Vec<Partial>,
}

impl Keyed {
    /// As [`Partial::combine`].
    pub(crate) fn combine(
        left: &Keyed,
        right: Option<&Keyed>,
        plan: &Plan,
        ledger: &Ledger<'_>,
    ) -> Result<Keyed, Halt> {
        let Some(right) = right else {
            return left.pick(plan, ledger);
        };
        let unified;
        let (left_keys, right_keys) = if std::mem::discriminant(&left.keys)
            == std::mem::discriminant(&right.keys)
        {
            (&left.keys, &right.keys)
        } else {
            unified = Keys::unify(left.keys.clone(), right.keys.clone()).ok_or_else(two_types)?;
            (&unified.0, &unified.1)
        };
        let mut out = Keyed {
            keys: left_keys.empty_like(),
            sources: left.sources.saturating_add(right.sources),
            spelling: left.spelling.or(&right.spelling).clone(),
            ..Keyed::default()
        };
        let mut below: Vec<(u32, u32)> = Vec::new();
        for (from_left, from_right) in plan {
            let (mut l, left_end) = left.range(*from_left);
            let (mut r, right_end) = right.range(*from_right);
            while l < left_end || r < right_end {
                ledger.step(1)?;
                let order = match (l < left_end, r < right_end) {
                    (true, true) => left_keys.compare(l, right_keys, r),
                    (true, false) => std::cmp::Ordering::Less,
                    _ => std::cmp::Ordering::Greater,
                };
                let (take_left, take_right) = (order.is_le(), order.is_ge());
                let (mut count, mut exempt) = (0, 0);
                if take_left {
                    count += left.counts[l];
                    exempt = add_errors(exempt, left.exempt[l]);
                }
                if take_right {
                    count += right.counts[r];
                    exempt = add_errors(exempt, right.exempt[r]);
                }
                if take_left {
                    out.keys.push_from(left_keys, l);
                } else {
                    out.keys.push_from(right_keys, r);
                }
                out.counts.push(count);
                out.exempt.push(exempt);
                below.push((
                    if take_left { l as u32 } else { NONE },
                    if take_right { r as u32 } else { NONE },
                ));
                l += usize::from(take_left);
                r += usize::from(take_right);
            }
            out.ends.push(out.counts.len() as u32);
            out.others
                .push(left.other(*from_left) + right.other(*from_right));
            out.errors
                .push(add_errors(left.error(*from_left), right.error(*from_right)));
            ledger.step(1)?;
        }
        out.children = combine_children(&left.children, Some(&right.children), &below, ledger)?;
        Ok(out)
    }

    /// Picks owners with their buckets.
    fn pick(&self, plan: &Plan, ledger: &Ledger<'_>) -> Result<Keyed, Halt> {
        let mut out = Keyed {
            keys: self.keys.empty_like(),
            sources: self.sources,
            spelling: self.spelling.clone(),
            ..Keyed::default()
        };
        let mut below: Vec<(u32, u32)> = Vec::new();
        for (owner, _) in plan {
            let (begin, end) = self.range(*owner);
            for bucket in begin..end {
                ledger.step(1)?;
                out.keys.push_from(&self.keys, bucket);
                out.counts.push(self.counts[bucket]);
                out.exempt.push(self.exempt[bucket]);
                below.push((bucket as u32, NONE));
            }
            ledger.step(1)?;
            out.ends.push(out.counts.len() as u32);
            out.others.push(self.other(*owner));
            out.errors.push(self.error(*owner));
        }
        out.children = combine_children(&self.children, None, &below, ledger)?;
        Ok(out)
    }

    /// Where the buckets of `owner` begin and end; nothing for [`NONE`].
    pub(crate) fn range(&self, owner: u32) -> (usize, usize) {
        if owner == NONE {
            return (0, 0);
        }
        let owner = owner as usize;
        let begin = if owner == 0 {
            0
        } else {
            self.ends[owner - 1] as usize
        };
        (begin, self.ends[owner] as usize)
    }

    /// Owners.
    pub(crate) fn owners(&self) -> usize {
        self.ends.len()
    }

    /// Bytes it holds, without what is below.
    pub(crate) fn bytes(&self) -> u64 {
        let owners =
            self.ends.capacity() * 4 + (self.others.capacity() + self.errors.capacity()) * 8;
        let buckets = (self.counts.capacity() + self.exempt.capacity()) * 8;
        (owners + buckets) as u64 + self.keys.bytes()
    }

    /// As [`Partial::is_sound`].
    pub(crate) fn is_sound(&self) -> bool {
        let (owners, buckets) = (self.ends.len(), self.counts.len());
        self.ends.is_sorted()
            && self.ends.last().copied().unwrap_or(0) as usize == buckets
            && self.keys.len() == buckets
            && self.keys.is_sound()
            && self.exempt.len() == buckets
            && self.others.len() == owners
            && self.errors.len() == owners
            && self.children.iter().all(|child| child.is_sound(buckets))
    }

    fn other(&self, owner: u32) -> u64 {
        if owner == NONE {
            0
        } else {
            self.others[owner as usize]
        }
    }

    fn error(&self, owner: u32) -> i64 {
        if owner == NONE {
            0
        } else {
            self.errors[owner as usize]
        }
    }
}

/// Adds errors; one that is not known makes the sum unknown.
pub(crate) fn add_errors(a: i64, b: i64) -> i64 {
    if a == UNKNOWN_ERROR || b == UNKNOWN_ERROR {
        UNKNOWN_ERROR
    } else {
        a.saturating_add(b)
    }
}

fn two_types() -> Failure {
    Failure::new(
        Kind::AggregationExecution,
        "Merging/Reducing the aggregations failed because the field you gave in the aggregation query existed as two \
         different types in two different indices",
    )
}
