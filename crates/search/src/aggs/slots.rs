//! Buckets that are known before a document is seen: ranges, filters, the one bucket of `missing` or `global`.

use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{
    Aggregation,
    definition::Show,
    ledger::Ledger,
    partial::{NONE, Partial, Plan, combine_children, malformed},
    reduction::Reduction,
    spelling::Spelling,
};

/// `width` buckets for each owner, one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Slots {
    /// Buckets of an owner, at least one.
    pub(crate) width: u32,
    /// Documents in each bucket: owner × width + slot.
    pub(crate) counts: Vec<u64>,
    /// How bounds are spelled.
    pub(crate) spelling: Spelling,
    /// What each bucket spans, for ranges; empty for other buckets.
    pub(crate) spans: Vec<Span>,
    /// The aggregations below; their owners are the buckets here.
    pub(crate) children: Vec<Partial>,
}

/// What a range bucket spans, dates in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Span {
    /// The name the request gives it.
    pub(crate) key: Option<String>,
    /// First value inside; −∞ when open.
    pub(crate) from: f64,
    /// First value behind; +∞ when open.
    pub(crate) to: f64,
}

impl Slots {
    /// As [`Partial::combine`].
    pub(crate) fn combine(
        left: &Slots,
        right: Option<&Slots>,
        plan: &Plan,
        ledger: &Ledger<'_>,
    ) -> Result<Slots, Halt> {
        if right.is_some_and(|right| right.width != left.width) {
            return Err(malformed("numbers of buckets differ").into());
        }
        let width = left.width;
        let mut counts = Vec::with_capacity(plan.len() * width as usize);
        let mut below = Vec::with_capacity(if left.children.is_empty() {
            0
        } else {
            counts.capacity()
        });
        for (from_left, from_right) in plan {
            ledger.step(width as usize)?;
            for slot in 0..width {
                let place = |owner: u32| {
                    if owner == NONE {
                        NONE
                    } else {
                        owner * width + slot
                    }
                };
                let (from_left, from_right) = (place(*from_left), place(*from_right));
                let count = |side: &Slots, bucket: u32| {
                    if bucket == NONE {
                        0
                    } else {
                        side.counts[bucket as usize]
                    }
                };
                counts.push(
                    count(left, from_left) + right.map_or(0, |right| count(right, from_right)),
                );
                if !left.children.is_empty() {
                    below.push((from_left, from_right));
                }
            }
        }
        let children = combine_children(
            &left.children,
            right.map(|right| &right.children[..]),
            &below,
            ledger,
        )?;
        let spelling = right
            .map_or(&left.spelling, |right| left.spelling.or(&right.spelling))
            .clone();
        let spans = match right {
            Some(right) if left.spelling == Spelling::Raw => right.spans.clone(),
            _ => left.spans.clone(),
        };
        Ok(Slots {
            width,
            counts,
            spelling,
            spans,
            children,
        })
    }

    /// Owners.
    pub(crate) fn owners(&self) -> usize {
        self.counts.len() / self.width.max(1) as usize
    }

    /// Bytes it holds, without what is below.
    pub(crate) fn bytes(&self) -> u64 {
        (self.counts.capacity() * 8) as u64
    }

    /// As [`Partial::is_sound`].
    pub(crate) fn is_sound(&self) -> bool {
        self.width > 0
            && self.counts.len().is_multiple_of(self.width as usize)
            && (self.spans.is_empty() || self.spans.len() == self.width as usize)
            && self
                .children
                .iter()
                .all(|child| child.is_sound(self.counts.len()))
    }
}

/// The last reduction of buckets that stay as they are.
///
/// # Errors
/// The ledger's stop; too many buckets.
pub(crate) fn finalize(
    partial: Partial,
    at: &Aggregation,
    reduction: &Reduction<'_>,
) -> Result<Partial, Halt> {
    let Partial::Slots(mut slots) = partial else {
        return Err(malformed("buckets").into());
    };
    reduction.make(slots.counts.len() as u64)?;
    slots.children = reduction.children(slots.children, at.below())?;
    Ok(Partial::Slots(slots))
}

/// As [`finalize`], for the one bucket of `filter`, `missing` and `global`, which does not count as one that is made.
///
/// # Errors
/// The ledger's stop; too many buckets.
pub(crate) fn finalize_single(
    partial: Partial,
    at: &Aggregation,
    reduction: &Reduction<'_>,
) -> Result<Partial, Halt> {
    let Partial::Slots(mut slots) = partial else {
        return Err(malformed("bucket").into());
    };
    slots.children = reduction.children(slots.children, at.below())?;
    Ok(Partial::Slots(slots))
}

/// Writes the one bucket of an owner.
///
/// # Errors
/// The ledger's stop.
pub(crate) fn show_single(
    partial: &Partial,
    owner: usize,
    at: &Aggregation,
    show: &mut Show<'_>,
) -> Result<(), Halt> {
    let Partial::Slots(slots) = partial else {
        return Err(malformed("bucket").into());
    };
    show.step()?;
    show.out
        .field_unsigned("doc_count", slots.counts.get(owner).copied().unwrap_or(0));
    at.below().show(&slots.children, owner, show)
}

/// Documents of the one bucket of an owner, for orders that ask for it.
pub(crate) fn single_count(partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
    let Partial::Slots(slots) = partial else {
        return None;
    };
    matches!(metric, None | Some("_count" | "doc_count"))
        .then(|| slots.counts.get(owner).copied().unwrap_or(0) as f64)
}
