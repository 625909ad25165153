//! Where state lasts and messages travel: [`Log`], [`Kv`] and [`Bus`].
//!
//! The three traits promise what a replicated cluster can keep, not what one disk could keep in addition: an append may
//! answer [`Appended::Unknown`], a read of a key may be stale, a lease may end late or early, a request may get lost.
//! Whoever builds on them therefore behaves the same on one node and on many.
//!
//! * [`files`] keeps the promises on one machine: a folder of log segments for each shard and one key-value file.
//! * [`memory`] keeps them for many nodes in one process and injects seeded faults.
//! * [`contract`] is the suite of checks that every implementation passes.

pub mod bus;
pub mod contract;
mod dice;
pub mod files;
pub mod kv;
pub mod log;
pub mod memory;
pub mod uuid;

use std::{future::Future, pin::Pin};

pub use bus::{Bus, BusError, Handler, Member, Members};
pub use kv::{Entry, Kv, KvError, KvEvent, Revision, Watch};
pub use log::{Appended, Batch, Bounds, Log, LogError, LogName, Logs, RecordNumber};

/// A future that owns its allocation, so that the traits can be used as `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
