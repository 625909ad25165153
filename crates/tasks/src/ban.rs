//! Bans from other nodes: their tasks were cancelled, children of them must not begin here.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use crate::{TaskId, id::NodeId};

/// The banned parents and why they were cancelled.
#[derive(Default)]
pub(crate) struct Bans(Mutex<HashMap<TaskId, Arc<str>>>);

impl Bans {
    /// The first reason stays.
    pub(crate) fn set(&self, parent: TaskId, reason: Arc<str>) {
        self.0.lock().entry(parent).or_insert(reason);
    }

    pub(crate) fn remove(&self, parent: &TaskId) -> bool {
        self.0.lock().remove(parent).is_some()
    }

    pub(crate) fn reason(&self, parent: &TaskId) -> Option<Arc<str>> {
        self.0.lock().get(parent).cloned()
    }

    pub(crate) fn remove_node(&self, node: &NodeId) {
        self.0.lock().retain(|parent, _| parent.node != *node);
    }

    pub(crate) fn all(&self) -> Vec<(TaskId, Arc<str>)> {
        self.0
            .lock()
            .iter()
            .map(|(parent, reason)| (parent.clone(), Arc::clone(reason)))
            .collect()
    }
}
