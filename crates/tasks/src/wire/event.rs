//! Something that happened to a task, as it travels from node to node, and which filters it fits.

use serde::{Deserialize, Serialize};

use crate::{Event, Filter, News, Snapshot, TaskId};

/// Something that happened to a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskEvent {
    /// What happened.
    pub news: News,
    /// The task at that moment, with what is known beyond the plain fields.
    pub task: Snapshot,
    /// The task at the top of its tree.
    pub root: TaskId,
    /// Whether it is background work.
    pub internal: bool,
}

impl TaskEvent {
    /// What is told of an event of a registry.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            news: event.news,
            task: event.snapshot.clone(),
            root: event.task.root(),
            internal: event.task.is_internal(),
        }
    }

    /// Whether the task fits `filter` (order and paging aside) as it was at that moment. Below a task is what has it as its
    /// parent or at the top.
    #[must_use]
    pub fn fits(&self, filter: &Filter) -> bool {
        let task = &self.task;
        let extended = task.extended.as_deref();
        let user = extended.and_then(|extended| extended.user.as_ref());
        let overdue = extended.is_some_and(|extended| extended.overdue);
        let is_below = |root: &TaskId| {
            task.id == *root || self.root == *root || task.parent.as_ref() == Some(root)
        };
        (filter.internal || !self.internal)
            && (filter.actions.is_empty()
                || filter
                    .actions
                    .iter()
                    .any(|pattern| pattern.matches(&task.action)))
            && filter
                .parent
                .as_ref()
                .is_none_or(|parent| task.parent.as_ref() == Some(parent))
            && filter.root.as_ref().is_none_or(is_below)
            && filter.opaque_id.as_ref().is_none_or(|pattern| {
                task.headers
                    .opaque_id()
                    .is_some_and(|id| pattern.matches(id))
            })
            && filter
                .user
                .as_ref()
                .is_none_or(|wanted| user == Some(wanted))
            && filter
                .cancelled
                .is_none_or(|wanted| wanted == task.cancelled())
            && filter
                .cancellable
                .is_none_or(|wanted| wanted == task.cancellable)
            && filter.overdue.is_none_or(|wanted| wanted == overdue)
            && filter
                .min_running
                .is_none_or(|least| u128::from(task.running_nanos) >= least.as_nanos())
    }
}
