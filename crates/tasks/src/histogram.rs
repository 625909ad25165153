//! How long tasks of an action went on after they were cancelled, counted in buckets.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper ends of the buckets in milliseconds; one more bucket holds what is longer.
pub const LATENCY_BUCKETS_MILLIS: [u64; 14] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000,
];

/// Counts by bucket.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    counts: [AtomicU64; LATENCY_BUCKETS_MILLIS.len() + 1],
    sum_nanos: AtomicU64,
    overdue: AtomicU64,
}

impl Histogram {
    pub(crate) fn record(&self, latency_nanos: u64, bound: Duration) {
        let bucket = LATENCY_BUCKETS_MILLIS.partition_point(|&end| latency_nanos > end * 1_000_000);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum_nanos.fetch_add(latency_nanos, Ordering::Relaxed);
        if u128::from(latency_nanos) > bound.as_nanos() {
            self.overdue.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> CancelLatency {
        CancelLatency {
            counts: std::array::from_fn(|bucket| self.counts[bucket].load(Ordering::Relaxed)),
            sum: Duration::from_nanos(self.sum_nanos.load(Ordering::Relaxed)),
            overdue: self.overdue.load(Ordering::Relaxed),
        }
    }
}

/// Times from cancel to end of the tasks of one action that have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelLatency {
    /// How many took at most [`LATENCY_BUCKETS_MILLIS`]`[i]` (and longer than the one before); the last holds the rest.
    pub counts: [u64; LATENCY_BUCKETS_MILLIS.len() + 1],
    /// All times together.
    pub sum: Duration,
    /// How many took longer than the action's bound.
    pub overdue: u64,
}

impl CancelLatency {
    /// How many cancelled tasks have ended.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_counted_in_the_bucket_that_ends_at_or_above_it() {
        let histogram = Histogram::default();
        histogram.record(1_000_000, Duration::from_millis(100));
        histogram.record(1_000_001, Duration::from_millis(100));
        histogram.record(60_000_000_000, Duration::from_millis(100));
        let read = histogram.read();
        assert_eq!((read.counts[0], read.counts[1], read.counts[14]), (1, 1, 1));
        assert_eq!((read.count(), read.overdue), (3, 1));
    }
}
