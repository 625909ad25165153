//! Cancelling: marks a task and everything cancellable below it, here; tells which other nodes have to do the same.

use std::{collections::HashSet, sync::Arc};

use crate::{Task, TaskId, body::Body, id::NodeId, shared::Shared};

/// Why, and at whose request, a task is cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What the cancelled operation reports, e.g. `by user request`.
    pub text: Arc<str>,
    /// The user who asked for it.
    pub by: Option<Arc<str>>,
}

impl Reason {
    /// A reason without a user.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self {
            text: text.into(),
            by: None,
        }
    }

    /// The same, asked for by `user`.
    #[must_use]
    pub fn by(mut self, user: impl Into<Arc<str>>) -> Self {
        self.by = Some(user.into());
        self
    }
}

impl<T: Into<Arc<str>>> From<T> for Reason {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// That and when a task was cancelled: the first time counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    /// Why and by whom.
    pub reason: Reason,
    /// Milliseconds since 1970.
    pub at_millis: i64,
    /// By the registry's clock.
    pub at_nanos: u64,
}

/// A cancel that was accepted.
pub struct Cancelled {
    /// The task.
    pub task: Task,
    /// Whether this was the first cancel of it.
    pub first: bool,
}

/// What cancelling did here, and what it takes elsewhere.
#[derive(Default)]
pub struct Cancels {
    /// The tasks that were asked for (not those below them).
    pub tasks: Vec<Cancelled>,
    /// Bans that other nodes have to set before the cancel is complete.
    pub remote: Vec<RemoteBan>,
}

/// Node `node` has children of `parent` and must refuse further ones and cancel those it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteBan {
    /// The cancelled task here.
    pub parent: TaskId,
    /// Where its children are.
    pub node: NodeId,
    /// Why.
    pub reason: Arc<str>,
}

/// Why a task was not cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// There is no such task (any more).
    #[error("task [{0}] is not found")]
    NotFound(TaskId),
    /// Its action can't be cancelled.
    #[error("task [{0}] doesn't support cancellation")]
    NotCancellable(TaskId),
}

/// Carries bans to other nodes when no cancel call is there to do it: a task ended and left children elsewhere, or a
/// banned one is gone. Called while a task ends: hand over to something else at once, never block.
pub trait Peers: Send + Sync {
    /// Set these bans.
    fn ban(&self, bans: Vec<RemoteBan>);
    /// The banned task `parent` and all its children here are gone: `nodes` may forget the ban.
    fn unban(&self, parent: TaskId, nodes: Vec<NodeId>);
}

/// Cancels `bodies` and what is below them.
pub(crate) fn cancel_all(shared: &Shared, bodies: Vec<Arc<Body>>, reason: &Reason) -> Cancels {
    let mut remote = Vec::new();
    let tasks = bodies
        .iter()
        .map(|body| Cancelled {
            task: Task::of(Arc::clone(body)),
            first: body.cancel(reason, &mut remote),
        })
        .collect();
    cancel_below(shared, bodies, reason, &mut remote);
    Cancels { tasks, remote }
}

/// Cancels what is below `parents`, level by level: one pass over the registry a level, whatever the number of parents.
pub(crate) fn cancel_below(
    shared: &Shared,
    parents: Vec<Arc<Body>>,
    reason: &Reason,
    remote: &mut Vec<RemoteBan>,
) {
    let mut level: HashSet<u64> = parents
        .iter()
        .filter(|body| !body.life.word().childless())
        .map(|b| b.number)
        .collect();
    while !level.is_empty() {
        let children = shared.children_of(&level);
        level.clear();
        for child in children.iter().filter(|child| child.cancellable()) {
            child.cancel(reason, remote);
            if !child.life.word().childless() {
                level.insert(child.number);
            }
        }
    }
}

/// The cancellable tasks below `tasks`, level by level.
pub(crate) fn below(shared: &Shared, tasks: &[Task]) -> Vec<Task> {
    let mut level: HashSet<u64> = tasks
        .iter()
        .filter(|task| !task.body().life.word().childless())
        .map(Task::number)
        .collect();
    let mut found = Vec::new();
    while !level.is_empty() {
        let children = shared.children_of(&level);
        level.clear();
        for child in children.into_iter().filter(|child| child.cancellable()) {
            if !child.life.word().childless() {
                level.insert(child.number);
            }
            found.push(Task::of(child));
        }
    }
    found
}

/// Cancels those of `bodies` that can be cancelled, and what is below them.
pub(crate) fn cancel_cancellable(
    shared: &Shared,
    mut bodies: Vec<Arc<Body>>,
    reason: &Reason,
) -> Cancels {
    bodies.retain(|body| body.cancellable());
    cancel_all(shared, bodies, reason)
}
