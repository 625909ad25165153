//! A list as `glasswork top` keeps it: of each task no more than what the table, the filter and the tree need, each text once. Ten
//! thousand tasks are a few megabytes.

mod brief;
mod gather;

pub(super) use brief::Brief;
pub(super) use gather::{Detailed, FEW, Lean, detail};

use glasswork_client::{NodeFailure, NodeSummary, Task};
use std::{collections::BTreeMap, time::Instant};

/// Rows that are kept; further ones are counted.
pub(super) const MOST: usize = 200_000;

/// What was listed at a time.
#[derive(Debug)]
pub(super) struct Listing {
    /// The tasks, without those that `top` itself runs.
    pub(super) tasks: Vec<Brief>,
    /// The same in detail, where details were asked for and they are few.
    pub(super) detailed: Vec<Task>,
    /// Tasks that `top` itself runs.
    pub(super) own: u64,
    /// Tasks beyond [`MOST`].
    pub(super) more: u64,
    pub(super) nodes: BTreeMap<String, NodeSummary>,
    pub(super) node_failures: Vec<NodeFailure>,
    /// When it was there.
    pub(super) at: Instant,
}

impl Default for Listing {
    fn default() -> Self {
        Self {
            tasks: Vec::new(),
            detailed: Vec::new(),
            own: 0,
            more: 0,
            nodes: BTreeMap::new(),
            node_failures: Vec::new(),
            at: Instant::now(),
        }
    }
}

impl Listing {
    /// The name of a node, where it is known.
    pub(super) fn node_name(&self, id: &str) -> Option<&str> {
        self.nodes.get(id)?.name.as_deref()
    }
}
