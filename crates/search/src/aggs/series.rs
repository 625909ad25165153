//! What histograms share at the end: filling gaps, ordering, and showing buckets with their keys.

use std::ops::Range;

use crate::{interrupt::Halt, mapping::ValueFormat};
use glasswork_content::number;

use super::{
    Aggregation,
    definition::Show,
    keyed::Keyed,
    keys::Keys,
    order::Orders,
    partial::{Partial, malformed},
    reduction::Reduction,
};

/// The key of a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Key {
    /// Of a number.
    Double(f64),
    /// Of an instant.
    Long(i64),
}

/// Puts the buckets of each owner into their order: gaps filled by `fill` when empty buckets are wanted, else those with
/// too few documents left out. `fill` gets the range of an owner's buckets, which lie by key, and pushes all buckets that
/// are to be shown, by key.
///
/// # Errors
/// The ledger's stop; too many buckets.
pub(crate) fn arrange(
    found: &Keyed,
    min_doc_count: u64,
    order: &Orders,
    at: &Aggregation,
    reduction: &Reduction<'_>,
    mut fill: impl FnMut(Range<usize>, &mut Vec<(u32, Key)>) -> Result<(), Halt>,
) -> Result<Keyed, Halt> {
    let ledger = reduction.ledger;
    let values = order.values(at.below(), found.counts.len(), ledger, &|child| {
        found.children.get(child)
    })?;
    let mut picks: Vec<(u32, Key)> = Vec::new();
    let mut ends = Vec::with_capacity(found.ends.len());
    let mut of_owner: Vec<(u32, Key)> = Vec::new();
    for owner in 0..found.ends.len() as u32 {
        let (begin, end) = found.range(owner);
        of_owner.clear();
        if min_doc_count == 0 {
            reduction.make((end - begin) as u64)?;
            fill(begin..end, &mut of_owner)?;
        } else {
            for bucket in begin..end {
                ledger.step(1)?;
                if found.counts[bucket] >= min_doc_count {
                    of_owner.push((bucket as u32, key(&found.keys, bucket)));
                }
            }
            reduction.make(of_owner.len() as u64)?;
        }
        if !order.is_by_key_ascending() {
            let counts = |place: u32| {
                found
                    .counts
                    .get(of_owner[place as usize].0 as usize)
                    .copied()
                    .unwrap_or(0)
            };
            // Metrics are known by bucket; empty buckets have none.
            let mut columns = Vec::with_capacity(values.len());
            for column in &values {
                let of =
                    |pick: &(u32, Key)| column.get(pick.0 as usize).copied().unwrap_or(f64::NAN);
                columns.push(of_owner.iter().map(of).collect::<Vec<f64>>());
            }
            let places = (0..of_owner.len() as u32).collect();
            let best = order.best(places, of_owner.len(), &counts, &columns, ledger)?;
            of_owner = best
                .into_iter()
                .map(|place| of_owner[place as usize])
                .collect();
        }
        picks.extend_from_slice(&of_owner);
        ends.push(picks.len() as u32);
    }
    let keys = match picks.first() {
        None => found.keys.empty_like(),
        Some((_, Key::Double(_))) => {
            Keys::Double(picks.iter().map(|(_, key)| key.double()).collect())
        }
        Some((_, Key::Long(_))) => Keys::Long(picks.iter().map(|(_, key)| key.long()).collect()),
    };
    let buckets: Vec<u32> = picks.iter().map(|(bucket, _)| *bucket).collect();
    reduction.arrange(found, &buckets, keys, ends, at)
}

/// Writes `"buckets"` of one owner.
///
/// # Errors
/// The ledger's stop.
pub(crate) fn show(
    partial: &Partial,
    owner: usize,
    keyed: bool,
    at: &Aggregation,
    show: &mut Show<'_>,
) -> Result<(), Halt> {
    let Partial::Keyed(found) = partial else {
        return Err(malformed("histogram").into());
    };
    let format = show.format(&found.spelling);
    show.step()?;
    show.out.key("buckets");
    if keyed {
        show.out.object()
    } else {
        show.out.array()
    }
    let (begin, end) = found.range(owner as u32);
    for bucket in begin..end {
        show.step()?;
        let key = key(&found.keys, bucket);
        let text = key.text(&format);
        if keyed {
            show.out.key(&text.clone().unwrap_or_else(|| key.plain()));
        }
        show.out.object();
        if let Some(text) = &text {
            show.out.field_str("key_as_string", text);
        }
        match key {
            Key::Double(number) => show.out.field_double("key", number),
            Key::Long(number) => show.out.field_long("key", number),
        }
        show.out.field_unsigned("doc_count", found.counts[bucket]);
        at.below().show(&found.children, bucket, show)?;
        show.out.end_object();
    }
    if keyed {
        show.out.end_object()
    } else {
        show.out.end_array()
    }
    Ok(())
}

impl Key {
    fn double(self) -> f64 {
        match self {
            Key::Double(number) => number,
            Key::Long(number) => number as f64,
        }
    }

    fn long(self) -> i64 {
        match self {
            Key::Double(number) => number as i64,
            Key::Long(number) => number,
        }
    }

    fn text(self, format: &ValueFormat) -> Option<String> {
        match self {
            Key::Double(number) => format.double_text(number),
            Key::Long(number) => format.long_text(number),
        }
    }

    fn plain(self) -> String {
        match self {
            Key::Double(number) => number::double_text(number),
            Key::Long(number) => number.to_string(),
        }
    }
}

fn key(keys: &Keys, bucket: usize) -> Key {
    match keys {
        Keys::Long(numbers) => Key::Long(numbers[bucket]),
        keys => Key::Double(keys.number(bucket).unwrap_or(f64::NAN)),
    }
}
