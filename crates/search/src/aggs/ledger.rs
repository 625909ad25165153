//! Counts the units of work and the bytes of one aggregation, and asks the checkpoint in time.
//!
//! Everything in the tree steps through one ledger, so that the distance between two checkpoints is bounded however
//! the work is spread over nested aggregations.

use std::cell::Cell;

use glasswork_tasks::{Checkpoint, Stop};

/// Units of work between two checkpoints.
pub(crate) const STRIDE: usize = 1_024;

/// The account of one phase. Dropping it gives every byte back.
pub(crate) struct Ledger<'c> {
    checkpoint: &'c dyn Checkpoint,
    units: Cell<usize>,
    charged: Cell<u64>,
    winding_up: Cell<bool>,
}

impl<'c> Ledger<'c> {
    /// An empty account on `checkpoint`.
    pub(crate) fn new(checkpoint: &'c dyn Checkpoint) -> Self {
        Ledger {
            checkpoint,
            units: Cell::new(0),
            charged: Cell::new(0),
            winding_up: Cell::new(false),
        }
    }

    /// From now on only what is there is brought in: the end of the time for the search no longer stops the work.
    pub(crate) fn wind_up(&self) {
        self.winding_up.set(true);
    }

    /// Says that `units` were worked, and checks once a stride is full.
    ///
    /// # Errors
    /// The checkpoint's reason to stop.
    #[inline]
    pub(crate) fn step(&self, units: usize) -> Result<(), Stop> {
        let worked = self.units.get() + units;
        if worked < STRIDE {
            self.units.set(worked);
            return Ok(());
        }
        self.units.set(0);
        match self.checkpoint.checkpoint() {
            Err(Stop::TimedOut) if self.winding_up.get() => Ok(()),
            other => other,
        }
    }

    /// Reserves `bytes` until this ledger is dropped.
    ///
    /// # Errors
    /// [`Stop::Memory`] when they are more than the task may have.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), Stop> {
        if bytes > 0 {
            self.checkpoint.charge(bytes)?;
            self.charged.set(self.charged.get() + bytes);
        }
        Ok(())
    }
}

impl Drop for Ledger<'_> {
    fn drop(&mut self) {
        let charged = self.charged.get();
        if charged > 0 {
            self.checkpoint.release(charged);
        }
    }
}

/// The bytes one structure has reserved so far: it grows only.
#[derive(Debug, Default)]
pub(crate) struct Reserved(u64);

impl Reserved {
    /// Makes the reservation `bytes` large.
    ///
    /// # Errors
    /// [`Stop::Memory`] when the growth is more than the task may have.
    pub(crate) fn grow_to(&mut self, bytes: u64, ledger: &Ledger<'_>) -> Result<(), Stop> {
        if bytes > self.0 {
            ledger.charge(bytes - self.0)?;
            self.0 = bytes;
        }
        Ok(())
    }
}
