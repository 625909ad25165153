//! Sorting and choosing that can be stopped in the middle.
//!
//! A million buckets sort in about 100 ms: too long to pass without a checkpoint.

use std::cmp::Ordering;

use glasswork_tasks::Stop;

use super::ledger::{Ledger, STRIDE};

/// Sorts `items` by `compare`, checking at least every stride. Stable.
///
/// # Errors
/// The ledger's reason to stop; `items` are then in no order.
pub(crate) fn sort<T: Copy>(
    items: &mut Vec<T>,
    ledger: &Ledger<'_>,
    compare: &mut dyn FnMut(&T, &T) -> Ordering,
) -> Result<(), Stop> {
    ledger.step(items.len().min(STRIDE))?;
    for run in items.chunks_mut(STRIDE) {
        run.sort_by(&mut *compare);
        if run.len() == STRIDE {
            ledger.step(STRIDE)?;
        }
    }
    let mut width = STRIDE;
    if items.len() <= width {
        return Ok(());
    }
    let mut merged = Vec::with_capacity(items.len());
    while width < items.len() {
        merged.clear();
        for pair in items.chunks(width * 2) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut merged, ledger, compare)?;
        }
        std::mem::swap(items, &mut merged);
        width *= 2;
    }
    Ok(())
}

fn merge<T: Copy>(
    left: &[T],
    right: &[T],
    out: &mut Vec<T>,
    ledger: &Ledger<'_>,
    compare: &mut dyn FnMut(&T, &T) -> Ordering,
) -> Result<(), Stop> {
    let (mut l, mut r) = (0, 0);
    while l < left.len() && r < right.len() {
        if compare(&right[r], &left[l]) == Ordering::Less {
            out.push(right[r]);
            r += 1;
        } else {
            out.push(left[l]);
            l += 1;
        }
        if (l + r) % STRIDE == 0 {
            ledger.step(STRIDE)?;
        }
    }
    out.extend_from_slice(&left[l..]);
    out.extend_from_slice(&right[r..]);
    Ok(())
}

/// The `count` smallest of `items` by `compare`, in order.
///
/// # Errors
/// The ledger's reason to stop.
pub(crate) fn smallest<T: Copy>(
    mut items: Vec<T>,
    count: usize,
    ledger: &Ledger<'_>,
    compare: &mut dyn FnMut(&T, &T) -> Ordering,
) -> Result<Vec<T>, Stop> {
    if items.len() <= count || count > STRIDE {
        sort(&mut items, ledger, compare)?;
        items.truncate(count);
        return Ok(items);
    }
    // Few of many: keep a sorted window of twice the size and cut it back each time it is full.
    let mut kept: Vec<T> = Vec::with_capacity(count * 2);
    for item in items {
        ledger.step(1)?;
        if kept.len() >= count && count > 0 {
            let worst = &kept[count - 1];
            if compare(&item, worst) != Ordering::Less {
                continue;
            }
        }
        kept.push(item);
        if kept.len() >= count * 2 || kept.len() == count {
            kept.sort_by(&mut *compare);
            kept.truncate(count);
        }
    }
    kept.sort_by(&mut *compare);
    kept.truncate(count);
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use glasswork_tasks::NoCheckpoint;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sorting_in_steps_gives_what_sorting_gives(mut items in prop::collection::vec(any::<u16>(), 0..6_000)) {
            let ledger = Ledger::new(&NoCheckpoint);
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items, &ledger, &mut |a, b| a.cmp(b)).unwrap();
            prop_assert_eq!(items, expected);
        }

        #[test]
        fn the_smallest_are_the_head_of_the_sorted(items in prop::collection::vec(any::<u16>(), 0..3_000), count in 0usize..50) {
            let ledger = Ledger::new(&NoCheckpoint);
            let mut expected = items.clone();
            expected.sort_unstable();
            expected.truncate(count);
            prop_assert_eq!(smallest(items, count, &ledger, &mut |a, b| a.cmp(b)).unwrap(), expected);
        }
    }
}
