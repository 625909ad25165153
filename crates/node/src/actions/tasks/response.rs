//! What list and cancel answer: tasks by node, and what went wrong where.

use crate::members::NodeInfo;
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::{NodeId, Snapshot, TaskId};
use serde::{Deserialize, Serialize};

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
    pub next: Option<super::ListCursor>,
    /// Of a cancel that only shows what it would do.
    pub preview: Option<super::Preview>,
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

/// The entry of a node that could not answer.
pub(crate) fn failed_node(node: &NodeId, cause: Failure) -> Failure {
    Failure::new(Kind::FailedNode, format!("Failed node [{node}]"))
        .with_text("node_id", node.as_str())
        .caused_by(cause)
}

/// Why a node that is not in the cluster can't be asked.
pub(crate) fn no_such_node(node: &NodeId) -> Failure {
    Failure::new(Kind::NoSuchNode, format!("No such node [{node}]"))
        .with_text("node_id", node.as_str())
}
