//! The engine by what its users see: writes and reads, refresh and flush, merges, crashes and a log that fails.

mod documents;
mod durability;
mod harness;
mod merging;
mod model;
