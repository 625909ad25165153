//! All three traits in memory, for many nodes in one process, with seeded faults: what tests run on.

mod log;

use std::sync::Arc;

use crate::Logs;

/// The shared state of a cluster that exists in this process only. Clones are handles of the same world.
#[derive(Clone, Debug, Default)]
pub struct World {
    logs: Arc<log::Store>,
}

impl World {
    /// An empty world. Equal seeds give equal faults for equal sequences of calls.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let _ = seed; // faults follow
        Self::default()
    }

    /// The world as the node `id` reaches it.
    #[must_use]
    pub fn node(&self, id: &str) -> Node {
        let _ = id; // membership follows
        Node {
            logs: Arc::new(log::MemoryLogs::new(self.logs.clone())),
        }
    }
}

/// What one node holds of a [`World`].
#[derive(Clone)]
pub struct Node {
    /// The logs.
    pub logs: Arc<dyn Logs>,
}
