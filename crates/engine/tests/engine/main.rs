//! The engine by what its users see: writes and reads, refresh and flush, merges, crashes and a log that fails.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

mod documents;
mod durability;
mod harness;
mod merging;
mod model;
