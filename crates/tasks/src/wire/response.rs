//! What list and cancel answer: tasks by node, and what went wrong where.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use glasswork_content::failure::{Failure, Kind};
use serde::{Deserialize, Serialize};

use super::{ListCursor, NodeInfo, previews::PREVIEW_LASTS};
use crate::{NodeId, Snapshot, Task, TaskId};

/// Tasks of several nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TasksResponse {
    /// Tasks for which the operation failed.
    pub task_failures: Vec<TaskFailure>,
    /// Nodes that could not answer: `failed_node_exception`, the cause within.
    pub node_failures: Vec<Failure>,
    /// Nodes that have tasks to show, ordered by id, their tasks by number unless another order was asked for.
    pub nodes: Vec<NodeTasks>,
    /// With a page size: the tasks of the page in the order that was asked for, as places in `nodes` and their tasks.
    pub order: Vec<(usize, usize)>,
    /// With a page size, when more follow: where to go on.
    pub next: Option<ListCursor>,
    /// Of a cancel that only shows what it would do.
    pub preview: Option<Preview>,
}

/// A node and its tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeTasks {
    /// The node.
    pub node: NodeInfo,
    /// Its tasks.
    pub tasks: Vec<Snapshot>,
}

/// A task for which an operation failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskFailure {
    /// The task.
    pub task: TaskId,
    /// Why.
    pub reason: Failure,
}

/// What a preview says beside the tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Cancels these tasks and no others.
    pub token: Arc<str>,
    /// How many they are.
    pub tasks: usize,
    /// Who asked for them, in order.
    pub users: BTreeSet<Arc<str>>,
    /// CPU time that went into them and would be lost.
    pub cpu_nanos: u64,
    /// How long the token is good.
    pub expires: Duration,
}

impl Preview {
    /// Sums `nodes` up under `token`. Their tasks are told with what is known beyond the plain fields.
    #[must_use]
    pub fn of(token: Arc<str>, nodes: &[NodeTasks]) -> Self {
        let tasks = || nodes.iter().flat_map(|node| &node.tasks);
        let shown: HashSet<&TaskId> = tasks().map(|task| &task.id).collect();
        let mut preview = Preview {
            token,
            tasks: shown.len(),
            expires: PREVIEW_LASTS,
            ..Preview::default()
        };
        for task in tasks() {
            let Some(extended) = &task.extended else {
                continue;
            };
            preview.users.extend(extended.user.clone());
            // What is below it on its node counts with it.
            let above = task.parent.as_ref();
            if !above.is_some_and(|parent| parent.node == task.id.node && shown.contains(parent)) {
                preview.cpu_nanos += extended.tree.cpu_nanos;
            }
        }
        preview
    }
}

/// The entry of a node that could not answer.
#[must_use]
pub fn failed_node(node: &NodeId, cause: Failure) -> Failure {
    Failure::new(Kind::FailedNode, format!("Failed node [{node}]"))
        .with_text("node_id", node.as_str())
        .caused_by(cause)
}

/// Why a node that is not in the cluster can't be asked.
#[must_use]
pub fn no_such_node(node: &NodeId) -> Failure {
    Failure::new(Kind::NoSuchNode, format!("No such node [{node}]"))
        .with_text("node_id", node.as_str())
}

/// The task `id` is not here (any more), nor is anything known of how it ended.
#[must_use]
pub fn not_running(id: &TaskId) -> Failure {
    Failure::resource_not_found(format!(
        "task [{id}] isn't running and hasn't stored its results"
    ))
}

/// The task `id` is of a node that is not in the cluster; `cause` says what else is missing.
#[must_use]
pub fn belongs_elsewhere(id: &TaskId, cause: Failure) -> Failure {
    Failure::resource_not_found(format!(
        "task [{id}] belongs to the node [{}] which isn't part of the cluster and there is no record of the task",
        id.node
    ))
    .caused_by(cause)
}

/// `task` was waited for and has not ended in time.
#[must_use]
pub fn timed_out(task: &Task) -> Failure {
    Failure::timeout(format!(
        "Timed out waiting for completion of [{} {}]",
        task.id(),
        task.action_name()
    ))
}

/// Nothing was shown anywhere under `token`, or that was too long ago.
#[must_use]
pub fn unknown_token(token: &str) -> Failure {
    Failure::resource_not_found(format!(
        "no preview has the token [{token}]: it has expired, or was never given"
    ))
}
