//! The safe point inside a loop.
//!
//! Code that may run for long (a scan over a segment, a merge, a script) takes a `&impl Checkpoint` and calls
//! [`Checkpoint::checkpoint`] at least every 1,024 units of its work. Under a task the call asks whether the task was
//! cancelled or is over one of its limits; under [`NoCheckpoint`] it does nothing, which is how the cost of being a
//! task is measured.

use std::sync::Arc;

/// Asked by loops: may I go on?
pub trait Checkpoint: Send + Sync {
    /// Returns at once when the work may go on.
    ///
    /// # Errors
    /// The reason to stop. The caller unwinds and gives nothing but this reason back.
    fn checkpoint(&self) -> Result<(), Stop>;

    /// Reserves `bytes` of memory before they are used.
    ///
    /// # Errors
    /// [`Stop::Memory`] when the reservation would pass a limit; nothing is reserved then.
    fn charge(&self, bytes: u64) -> Result<(), Stop>;

    /// Gives back `bytes` that [`Checkpoint::charge`] reserved.
    fn release(&self, bytes: u64);
}

/// Why a loop has to stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The task was cancelled, with the reason its canceller gave.
    #[error("cancelled task with reason: {0}")]
    Cancelled(Arc<str>),
    /// The time the work was given is over.
    #[error("time is over")]
    TimedOut,
    /// A reservation would have passed a limit on memory.
    #[error(
        "[{label}] Data too large, data for [{label}] would be [{wanted}b], which is larger than the limit of [{limit}b]"
    )]
    Memory {
        /// What the memory was wanted for.
        label: Arc<str>,
        /// Bytes in use had the reservation been granted.
        wanted: u64,
        /// Bytes that may be in use.
        limit: u64,
    },
}

/// A checkpoint that never stops anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCheckpoint;

impl Checkpoint for NoCheckpoint {
    fn checkpoint(&self) -> Result<(), Stop> {
        Ok(())
    }

    fn charge(&self, _bytes: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn release(&self, _bytes: u64) {}
}
