//! How far a task is. Done never goes back, the shown percentage neither, even when the total grows.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// Counters that workers move and lists read.
#[derive(Default)]
pub(crate) struct Counters {
    done: AtomicU64,
    /// 0 = unknown.
    total: AtomicU64,
    /// Highest share shown so far, in thousandths.
    shown: AtomicU32,
    /// When the first unit was asked for, by the registry's clock.
    began: AtomicU64,
    /// When watchers heard of it last.
    told: AtomicU64,
}

impl Counters {
    pub(crate) fn begin(&self, now: u64) {
        // Losing the race means that it began a moment earlier.
        let _ = self
            .began
            .compare_exchange(0, now.max(1), Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
        self.remember();
    }

    pub(crate) fn reach(&self, done: u64) {
        self.done.fetch_max(done, Ordering::Relaxed);
        self.remember();
    }

    pub(crate) fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.remember();
    }

    fn remember(&self) {
        if let Some(share) = self.share() {
            self.shown.fetch_max(share, Ordering::Relaxed);
        }
    }

    fn share(&self) -> Option<u32> {
        let (done, total) = (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        );
        let share = u128::from(done.min(total)) * 1000
            / u128::from(std::num::NonZeroU64::new(total)?.get());
        u32::try_from(share).ok()
    }

    /// Whether watchers should hear of it now: once a second at most.
    pub(crate) fn worth_telling(&self, now: u64) -> bool {
        let told = self.told.load(Ordering::Relaxed);
        (told == 0 || now.saturating_sub(told) >= 1_000_000_000)
            && self
                .told
                .compare_exchange(told, now.max(1), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    pub(crate) fn read(&self, unit: &'static str, now: u64) -> Progress {
        let (done, total) = (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        );
        let total = (total > 0).then(|| total.max(done));
        let permille = total.map(|_| self.shown.load(Ordering::Relaxed));
        let age = now.saturating_sub(self.began.load(Ordering::Relaxed)) / 1_000_000;
        let eta_millis = total.filter(|_| done > 0).map(|total| {
            // The pace so far, give or take a quarter: enough to tell seconds from hours.
            let rest = u128::from(total - done) * u128::from(age) / u128::from(done);
            let rest = u64::try_from(rest).unwrap_or(u64::MAX / 2);
            (rest - rest / 4, rest.saturating_add(rest / 4))
        });
        Progress {
            done,
            total,
            unit: unit.to_owned(),
            permille,
            eta_millis,
        }
    }
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all, once that is known.
    pub total: Option<u64>,
    /// What is counted, e.g. `docs`.
    pub unit: String,
    /// Share done in thousandths; never falls.
    pub permille: Option<u32>,
    /// Milliseconds left at the pace so far: from, to.
    pub eta_millis: Option<(u64, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentage_never_falls() {
        let counters = Counters::default();
        counters.begin(1);
        counters.add(5);
        assert_eq!(counters.read("docs", 1).permille, None);
        counters.expect(10);
        assert_eq!(counters.read("docs", 1).permille, Some(500));
        counters.expect(100);
        counters.reach(3);
        let read = counters.read("docs", 1);
        assert_eq!(
            (read.done, read.total, read.permille),
            (5, Some(100), Some(500))
        );
    }

    #[test]
    fn the_rest_is_told_at_the_pace_so_far() {
        let counters = Counters::default();
        counters.begin(1);
        counters.expect(40);
        counters.add(10);
        assert_eq!(
            counters.read("docs", 10_000_000_001).eta_millis,
            Some((22_500, 37_500))
        );
    }
}
