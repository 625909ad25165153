//! The memory of an answer while it is written: reserved as it grows, and never moved.

use glasswork_content::Render;
use glasswork_tasks::{Checkpoint, Stop};

/// Bytes that a body may grow before they are reserved.
const UNRESERVED: u64 = 64 << 10;

/// The reservation for what is added to a body. Dropping it gives every byte back.
pub(crate) struct GrowingBody<'c> {
    checkpoint: &'c dyn Checkpoint,
    /// Bytes that were there before.
    begin: u64,
    reserved: u64,
}

impl<'c> GrowingBody<'c> {
    /// For what is added to `out` from now on.
    pub(crate) fn new(out: &Render, checkpoint: &'c dyn Checkpoint) -> Self {
        Self {
            checkpoint,
            begin: out.len() as u64,
            reserved: 0,
        }
    }

    /// To be asked at least every 1,024 values or hits.
    ///
    /// # Errors
    /// The checkpoint's reason to stop; [`Stop::Memory`] when the body has grown too large.
    pub(crate) fn check(&mut self, out: &mut Render) -> Result<(), Stop> {
        self.checkpoint.checkpoint()?;
        out.put_aside();
        let grown = (out.len() as u64).saturating_sub(self.begin);
        if grown >= self.reserved + UNRESERVED {
            self.checkpoint.charge(grown - self.reserved)?;
            self.reserved = grown;
        }
        Ok(())
    }
}

impl Drop for GrowingBody<'_> {
    fn drop(&mut self) {
        if self.reserved > 0 {
            self.checkpoint.release(self.reserved);
        }
    }
}
