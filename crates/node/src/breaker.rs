//! The memory that all tasks together may reserve: a share of the node's, as OpenSearch's request breaker.

use glasswork_content::text::parse_size;
use glasswork_tasks::{Memory, Stop};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The setting with the limit: a percentage of the node's memory, or a size.
pub(crate) const LIMIT: &str = "indices.breaker.request.limit";

/// Counts what tasks reserved against a limit that may change.
#[derive(Debug)]
pub(crate) struct Breaker {
    memory: u64,
    limit: AtomicU64,
    used: AtomicU64,
    tripped: AtomicU64,
}

/// What a breaker counts, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerStats {
    /// What may be reserved.
    pub limit: u64,
    /// What is.
    pub used: u64,
    /// How often it was too much.
    pub tripped: u64,
}

impl Breaker {
    /// A breaker of a node that may use `memory` bytes; 60 % of it until [`Breaker::set_limit`].
    pub(crate) fn new(memory: u64) -> Self {
        Self {
            memory,
            limit: AtomicU64::new(memory / 10 * 6),
            used: AtomicU64::new(0),
            tripped: AtomicU64::new(0),
        }
    }

    /// Bytes that are reserved.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes `60%` or `512mb`; a text that is neither changes nothing.
    pub(crate) fn set_limit(&self, text: &str) {
        if let Some(limit) = self.bytes(text) {
            self.limit.store(limit, Ordering::Relaxed);
        }
    }

    pub(crate) fn stats(&self) -> BreakerStats {
        BreakerStats {
            limit: self.limit.load(Ordering::Relaxed),
            used: self.used.load(Ordering::Relaxed),
            tripped: self.tripped.load(Ordering::Relaxed),
        }
    }

    fn bytes(&self, text: &str) -> Option<u64> {
        match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent
                    .parse()
                    .ok()
                    .filter(|percent| (0.0..=100.0).contains(percent))?;
                Some((self.memory as f64 * percent / 100.0) as u64)
            }
            None => parse_size(text, LIMIT)
                .ok()
                .and_then(|bytes| u64::try_from(bytes).ok()),
        }
    }
}

/// Memory reserved until this is dropped.
#[derive(Debug)]
pub struct HeldMemory {
    breaker: Arc<Breaker>,
    bytes: u64,
}

impl HeldMemory {
    /// Reserves `bytes`.
    ///
    /// # Errors
    /// When they would pass the limit.
    pub(crate) fn new(breaker: &Arc<Breaker>, bytes: u64) -> Result<Self, Stop> {
        breaker.reserve(bytes)?;
        Ok(Self {
            breaker: Arc::clone(breaker),
            bytes,
        })
    }
}

impl Drop for HeldMemory {
    fn drop(&mut self) {
        self.breaker.give_back(self.bytes);
    }
}

impl Memory for Breaker {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        let limit = self.limit.load(Ordering::Relaxed);
        let grown = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|wanted| *wanted <= limit)
            });
        grown.map(drop).map_err(|used| {
            self.tripped.fetch_add(1, Ordering::Relaxed);
            Stop::Memory {
                label: "request".into(),
                wanted: used.saturating_add(bytes),
                limit,
            }
        })
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_pass_the_limit_is_not_reserved_and_what_is_given_back_can_be() {
        let breaker = Breaker::new(1000);
        assert!(breaker.reserve(600).is_ok());
        let stopped = breaker.reserve(1).unwrap_err();
        assert_eq!(
            stopped,
            Stop::Memory {
                label: "request".into(),
                wanted: 601,
                limit: 600
            }
        );
        breaker.give_back(100);
        assert!(breaker.reserve(100).is_ok());
        assert!(breaker.reserve(u64::MAX).is_err());
        let counted = breaker.stats();
        assert_eq!(
            (counted.limit, counted.used, counted.tripped),
            (600, 600, 2)
        );
    }

    #[test]
    fn the_limit_is_a_share_or_a_size() {
        let breaker = Breaker::new(1000);
        for (text, limit) in [
            ("50%", 500),
            ("1kb", 1024),
            ("nonsense", 1024),
            ("120%", 1024),
        ] {
            breaker.set_limit(text);
            assert_eq!(breaker.limit.load(Ordering::Relaxed), limit, "{text}");
        }
    }
}
