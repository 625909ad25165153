//! A task as it was at one moment, as plain data that can travel.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Description, Form, Headers, NodeId, Origin, Progress, Resources, TaskId, Traffic};

/// How much of a task a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// With description, status and resources.
    pub detailed: bool,
    /// Bytes of description kept.
    pub max_description: usize,
    /// For whom the status is written.
    pub form: Form,
    /// With [`Extended`].
    pub extended: bool,
}

impl View {
    /// The fields that every answer has.
    pub const PLAIN: Self = Self {
        detailed: false,
        max_description: 0,
        form: Form::Plain,
        extended: false,
    };
    /// Everything that a list with details shows.
    pub const DETAILED: Self = Self {
        detailed: true,
        max_description: usize::MAX,
        ..Self::PLAIN
    };
}

/// A task at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub id: TaskId,
    /// How it came to be.
    pub origin: Origin,
    /// Name of its action.
    pub action: Arc<str>,
    /// Its status, in the host's form.
    pub status: Option<Vec<u8>>,
    /// What it says about itself.
    pub description: Option<Description>,
    /// When it was registered: milliseconds since 1970.
    pub start_millis: i64,
    /// Its age, or how long it lived.
    pub running_nanos: u64,
    /// Whether its kind can be cancelled.
    pub cancellable: bool,
    /// When it was cancelled: milliseconds since 1970.
    pub cancelled_millis: Option<i64>,
    /// The task one level up.
    pub parent: Option<TaskId>,
    /// Headers of the request that it belongs to.
    pub headers: Arc<Headers>,
    /// What it used (zeros for actions that are not measured).
    pub resources: Option<Resources>,
    /// Why it is still there.
    pub extended: Option<Box<Extended>>,
}

impl Snapshot {
    /// Whether it was cancelled.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancelled_millis.is_some()
    }
}

/// What else is known about a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// Who asked for it.
    pub user: Option<Arc<str>>,
    /// Over which connection.
    pub connection: Option<Arc<str>>,
    /// What it waits for and for how many milliseconds; the oldest of its waits.
    pub wait: Option<(String, u64)>,
    /// How far it is.
    pub progress: Option<Progress>,
    /// How fast it must end when cancelled.
    pub cancel_bound_millis: u64,
    /// Why it was cancelled.
    pub cancel_reason: Option<Arc<str>>,
    /// Who cancelled it.
    pub cancelled_by: Option<Arc<str>>,
    /// Milliseconds from its cancel until now, or until its end.
    pub cancel_latency_millis: Option<u64>,
    /// Cancelled and older than its bound allows.
    pub overdue: bool,
    /// Where it was at its last checkpoint, and how many milliseconds ago that was.
    pub checkpoint: Option<(String, u64)>,
    /// CPU time of its own executions, measured for every action.
    pub cpu_nanos: u64,
    /// Bytes held, read and written.
    pub traffic: Traffic,
    /// It and all below it: on its node, until what is below it elsewhere is added.
    pub tree: Tree,
    /// Which of it and the tasks below it on its node have children on other nodes, and where.
    pub elsewhere: Vec<(TaskId, NodeId)>,
    /// Milliseconds until its deadline; negative when that has passed.
    pub deadline_millis: Option<i64>,
    /// Whether it survives a restart.
    pub durable: bool,
}

/// What is below a task on one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// The sums.
    pub tree: Tree,
    /// The tasks that have children on other nodes, and where.
    pub elsewhere: Vec<(TaskId, NodeId)>,
}

/// Sums over a task and everything below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// Live tasks.
    pub tasks: u64,
    /// CPU time, that of ended descendants included.
    pub cpu_nanos: u64,
    /// Bytes reserved now.
    pub live_bytes: u64,
}

impl Tree {
    /// The sums of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tasks: self.tasks.saturating_add(other.tasks),
            cpu_nanos: self.cpu_nanos.saturating_add(other.cpu_nanos),
            live_bytes: self.live_bytes.saturating_add(other.live_bytes),
        }
    }
}
