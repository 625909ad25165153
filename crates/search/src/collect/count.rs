//! Counting matches, up to where the request wants to know.

use serde::{Deserialize, Serialize};

/// How many documents match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalHits {
    /// So many were counted.
    pub value: u64,
    /// Whether there may be more.
    pub at_least: bool,
}

/// Counts until a limit is passed.
pub(crate) struct Counter {
    limit: Option<u64>,
    counted: u64,
    stopped: bool,
}

impl Counter {
    /// `limit`: up to how many to count; none counts nothing.
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self {
            limit,
            counted: 0,
            stopped: false,
        }
    }

    /// Adds matches.
    #[inline]
    pub(crate) fn add(&mut self, matches: u64) {
        self.counted += matches;
    }

    /// Whether more matches would change nothing in what is reported.
    #[inline]
    pub(crate) fn is_satisfied(&self) -> bool {
        self.limit.is_none_or(|limit| self.counted > limit)
    }

    /// Matches were left out on purpose.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
    }

    /// What to report.
    pub(crate) fn total(&self) -> Option<TotalHits> {
        let limit = self.limit?;
        Some(TotalHits {
            value: self.counted,
            at_least: self.stopped || self.counted > limit,
        })
    }
}
