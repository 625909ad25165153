//! What goes wrong in a [`World`](super::World).

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
