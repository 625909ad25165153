//! Nodes with a place for shards, in one world in memory: they can crash and start again on what they left.

use super::cluster::start_on;
use crate::Node;
use glasswork_substrate::memory::World;
use std::sync::Arc;

/// Nodes `n1`, `n2`, … with a folder each.
pub(super) struct Homes {
    pub(super) world: World,
    pub(super) nodes: Vec<Arc<Node>>,
    folders: Vec<tempfile::TempDir>,
}

impl Homes {
    pub(super) async fn of(count: usize) -> Self {
        let world = World::new(5);
        let mut homes = Self {
            world,
            nodes: Vec::new(),
            folders: Vec::new(),
        };
        for number in 1..=count {
            let folder = tempfile::tempdir().unwrap();
            let id = format!("n{number}");
            let node = start_on(&homes.world, &id, folder.path().to_owned()).await;
            homes.nodes.push(node);
            homes.folders.push(folder);
        }
        homes
    }

    /// Kills node `at` without a word and starts it again.
    pub(super) async fn crash(&mut self, at: usize) {
        let id = self.nodes[at].id().to_string();
        self.world.crash(&id);
        self.nodes[at] = start_on(&self.world, &id, self.folders[at].path().to_owned()).await;
    }
}
