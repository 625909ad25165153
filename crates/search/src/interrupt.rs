//! How a search stops early: one place that every loop asks and that remembers the first reason.
//!
//! Scorers cannot return an error from the middle of an iteration. They ask [`Interrupt::go_on`]; once it says no they
//! report the end of their documents, and the loop that drives them finds the reason with [`Interrupt::reason`].

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use glasswork_content::Failure;
use glasswork_tasks::{Checkpoint, Stop};

use crate::failure;

/// Why a search on a shard stopped before its end.
#[derive(Debug, Clone)]
pub enum Halt {
    /// It failed, was cancelled or passed a limit: the shard has no result.
    Failed(Failure),
    /// The request's `timeout` is over: what was found so far is the result.
    TimedOut,
}

/// The stop sign of one search on one shard.
pub struct Interrupt {
    checkpoint: Arc<dyn Checkpoint>,
    deadline: OnceLock<Instant>,
    halt: OnceLock<Halt>,
    charged: AtomicU64,
}

impl Interrupt {
    /// A stop sign that asks `checkpoint`.
    pub fn new(checkpoint: Arc<dyn Checkpoint>) -> Arc<Self> {
        Arc::new(Self {
            checkpoint,
            deadline: OnceLock::new(),
            halt: OnceLock::new(),
            charged: AtomicU64::new(0),
        })
    }

    /// From `deadline` on the search ends with [`Halt::TimedOut`]. Only the first deadline counts.
    pub fn set_deadline(&self, deadline: Instant) {
        self.deadline.get_or_init(|| deadline);
    }

    /// Whether to go on. To be asked at least every 1,024 units of work.
    pub fn go_on(&self) -> bool {
        if self.halt.get().is_some() {
            return false;
        }
        if let Err(stop) = self.checkpoint.checkpoint() {
            self.halt.get_or_init(|| halt(stop));
            return false;
        }
        if let Some(deadline) = self.deadline.get()
            && Instant::now() >= *deadline
        {
            self.halt.get_or_init(|| Halt::TimedOut);
            return false;
        }
        true
    }

    /// Ends the search with `failure`, unless it is ending already.
    pub fn fail(&self, failure: Failure) {
        self.halt.get_or_init(|| Halt::Failed(failure));
    }

    /// Whether the search is ending, without asking the checkpoint.
    pub fn is_halted(&self) -> bool {
        self.halt.get().is_some()
    }

    /// Asks and says why not.
    ///
    /// # Errors
    /// The first reason to stop.
    pub fn check(&self) -> Result<(), Halt> {
        self.go_on();
        self.reason()
    }

    /// The first reason to stop, without asking again.
    ///
    /// # Errors
    /// That reason.
    pub fn reason(&self) -> Result<(), Halt> {
        self.halt.get().map_or(Ok(()), |halt| Err(halt.clone()))
    }

    /// Reserves memory for as long as this search runs; false (and halted) when a limit forbids it.
    pub fn reserve(&self, bytes: u64) -> bool {
        match self.checkpoint.charge(bytes) {
            Ok(()) => {
                self.charged.fetch_add(bytes, Ordering::Relaxed);
                true
            }
            Err(stop) => {
                self.halt.get_or_init(|| halt(stop));
                false
            }
        }
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.checkpoint.release(*self.charged.get_mut());
    }
}

/// Lets code that knows only checkpoints (aggregations, scripts) run under this search.
impl Checkpoint for Interrupt {
    fn checkpoint(&self) -> Result<(), Stop> {
        self.checkpoint.checkpoint()?;
        match self.deadline.get() {
            Some(deadline) if Instant::now() >= *deadline => Err(Stop::TimedOut),
            _ => Ok(()),
        }
    }

    fn charge(&self, bytes: u64) -> Result<(), Stop> {
        self.checkpoint.charge(bytes)
    }

    fn release(&self, bytes: u64) {
        self.checkpoint.release(bytes);
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        halt(stop)
    }
}

fn halt(stop: Stop) -> Halt {
    match stop {
        Stop::TimedOut => Halt::TimedOut,
        other => Halt::Failed(failure(other)),
    }
}
