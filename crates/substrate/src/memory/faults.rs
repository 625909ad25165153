//! What goes wrong in a [`World`](super::World), and the seeded dice that decide when.

use std::time::Duration;

/// How often calls go wrong: each a probability from 0 (never, the default) to 1 (always).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Each call of a store and each message takes up to this long.
    pub delay: Duration,
    /// A call of a store is refused: nothing happens.
    pub unavailable: f64,
    /// A change answers `Unknown`. A third of these have landed, a third will land in a moment, a third never do.
    pub unknown: f64,
    /// A read shows an earlier state.
    pub stale: f64,
    /// A request never reaches its node.
    pub request_lost: f64,
    /// A request runs and its reply is lost.
    pub reply_lost: f64,
}

/// What becomes of one change of a store, planned by a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It works.
    Lands,
    /// It lands, and the writer is told `Unknown`.
    UnknownLanded,
    /// The writer is told `Unknown`; it lands before the next call but one.
    UnknownLandsLate,
    /// The writer is told `Unknown`; it never lands.
    UnknownLost,
    /// It is refused.
    Unavailable,
}

/// A small generator (SplitMix64, Steele, Lea and Flood 2014): equal seeds give equal throws.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to below 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.unit() < probability
    }

    pub(super) fn up_to(&mut self, most: Duration) -> Duration {
        if most.is_zero() {
            most
        } else {
            most.mul_f64(self.unit())
        }
    }
}
