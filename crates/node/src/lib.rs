//! A node: who does it.
//!
//! Everything that runs goes through the **door** ([`Node::run`] for a request from outside, [`Node::child`] and
//! [`Node::call`] for what an action starts itself): it registers the task, runs the [`Action`], has the answer made
//! inside the task and ends the task. The actions are listed in [`actions::table`], a folder a family.

// An operation is a chain of nested actions, each a future within the one above.
#![recursion_limit = "256"]

mod action;
pub mod actions;
mod authority;
mod background;
mod bans;
mod breaker;
mod caller;
mod config;
mod connections;
mod disk;
mod door;
mod durable;
mod host;
mod identity;
mod late;
pub mod members;
pub mod metadata;
mod meter;
mod node;
mod numbers;
mod pools;
mod process;
pub mod shards;
mod transport;
pub mod watching;

#[cfg(test)]
mod tests;

pub use action::{Action, Cancels, ClientGone, Description, Nothing, Spec, StoredAction, Unsent};
pub use authority::{Authority, Everything};
pub use breaker::{BreakerStats, HeldMemory};
pub use caller::{Caller, X_TASK_DEADLINE};
pub use config::{Config, Substrate};
pub use connections::{Connections, OpenConnection};
pub use disk::Disk;
pub use door::{CancelTimer, Rest};
pub use durable::DurableRun;
pub use glasswork_tasks::wire::PREVIEW_LASTS;
pub use glasswork_tasks::wire::{of_start, of_stop};
pub use host::Host;
pub use identity::random_id;
pub use late::{Late, LateSearches};
pub use members::NodeInfo;
pub use meter::CpuMeter;
pub use node::{Node, StartError};
pub use pools::{Pool, PoolConfig, PoolStats, Pools};
pub use process::Process;
