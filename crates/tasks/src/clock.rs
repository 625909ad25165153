//! What the registry needs of the machine, as traits, so that a host decides and a test holds the hands of the clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::Stop;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Nanoseconds since some fixed moment, which should lie well before the process began: what is resumed began before
    /// it. Never goes back.
    fn nanos(&self) -> u64;
    /// Milliseconds since 1970 by the wall clock.
    fn wall_millis(&self) -> i64;
}

/// The clocks of the operating system.
#[derive(Debug)]
pub struct SystemClock {
    zero: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            zero: Instant::now(),
        }
    }
}

/// Ten years: how far before its making the clock's zero lies.
const BEFORE_NANOS: u64 = 10 * 365 * 86_400 * 1_000_000_000;

impl Clock for SystemClock {
    fn nanos(&self) -> u64 {
        let elapsed = u64::try_from(self.zero.elapsed().as_nanos()).unwrap_or(u64::MAX);
        elapsed.saturating_add(BEFORE_NANOS)
    }

    fn wall_millis(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that moves only when told to: for tests.
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    nanos: Arc<AtomicU64>,
}

impl ManualClock {
    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.nanos.fetch_add(
            u64::try_from(by.as_nanos()).unwrap_or(u64::MAX),
            Ordering::SeqCst,
        );
    }
}

impl Clock for ManualClock {
    fn nanos(&self) -> u64 {
        self.nanos.load(Ordering::SeqCst)
    }

    fn wall_millis(&self) -> i64 {
        i64::try_from(self.nanos() / 1_000_000).unwrap_or(i64::MAX)
    }
}

/// Measures what the calling thread used. Read at checkpoints and around executions only.
pub trait Meter: Send + Sync {
    /// CPU time of this thread in nanoseconds.
    fn cpu_nanos(&self) -> u64;
    /// Bytes that this thread has allocated so far (freed ones included).
    fn allocated_bytes(&self) -> u64;
}

/// Measures nothing: the account of every task stays at zero.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMeter;

impl Meter for NoMeter {
    fn cpu_nanos(&self) -> u64 {
        0
    }

    fn allocated_bytes(&self) -> u64 {
        0
    }
}

/// Grants memory to all tasks together.
pub trait Memory: Send + Sync {
    /// Reserves `bytes`.
    ///
    /// # Errors
    /// [`Stop::Memory`] when that would pass the limit; nothing is reserved then.
    fn reserve(&self, bytes: u64) -> Result<(), Stop>;
    /// Gives `bytes` back.
    fn give_back(&self, bytes: u64);
}

/// Memory without a limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlimited;

impl Memory for Unlimited {
    fn reserve(&self, _bytes: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn give_back(&self, _bytes: u64) {}
}
