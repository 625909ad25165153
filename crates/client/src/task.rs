//! A task as a server tells it. What this crate doesn't know is kept in `other`.

use crate::TaskId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// A task: one running or ended operation.
///
/// `status`, `description` and `resource_stats` are there only where details were asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The id of the node on which it runs.
    pub node: String,
    /// Its number there.
    #[serde(rename = "id")]
    pub number: i64,
    /// `transport`, `direct` or `persistent`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What it does, as `indices:data/read/search`.
    #[serde(default)]
    pub action: String,
    /// How far it is, in a form of the action's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
    /// What it does, in words. It holds what the user sent: bodies of searches, names of indices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it began: milliseconds since 1970 by the node's clock.
    #[serde(default)]
    pub start_time_in_millis: i64,
    /// How old it is, in nanoseconds.
    #[serde(default)]
    pub running_time_in_nanos: i64,
    /// Whether it can be cancelled.
    #[serde(default)]
    pub cancellable: bool,
    /// Whether it was told to stop. Servers before OpenSearch 2 don't say.
    #[serde(default)]
    pub cancelled: bool,
    /// The task that started it, as `node:number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<String>,
    /// Headers of the request it serves: `X-Opaque-Id` and others.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// What it used, where the server counts that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_stats: Option<ResourceStats>,
    /// When it was told to stop: milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation_time_millis: Option<i64>,
    /// What Glasswork adds where it was asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glasswork: Option<Box<Extended>>,
    /// Everything else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Task {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        TaskId {
            node: self.node.clone(),
            number: self.number,
        }
    }

    /// The id of the task that started it.
    #[must_use]
    pub fn parent(&self) -> Option<TaskId> {
        self.parent_task_id.as_ref()?.parse().ok()
    }

    /// How old it is.
    #[must_use]
    pub fn running_time(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.running_time_in_nanos).unwrap_or(0))
    }

    /// A header of the request it serves, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next()?.1.as_str()
    }

    /// The `X-Opaque-Id` of the request it serves.
    #[must_use]
    pub fn opaque_id(&self) -> Option<&str> {
        self.header("X-Opaque-Id")
    }

    /// CPU time it used. `None` where the server does not count it: OpenSearch counts for searches only, and tells
    /// zeros for everything else.
    #[must_use]
    pub fn cpu_time(&self) -> Option<Duration> {
        if let Some(nanos) = self
            .resources()
            .and_then(|resources| resources.cpu_time_in_nanos)
        {
            return Some(Duration::from_nanos(nanos));
        }
        self.counted()
            .map(|total| Duration::from_nanos(total.cpu_time_in_nanos))
    }

    /// Memory in bytes: what it holds (Glasswork), else what it allocated. `None` where the server does not count it.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        if let Some(bytes) = self
            .resources()
            .and_then(|resources| resources.live_memory_in_bytes)
        {
            return Some(bytes);
        }
        self.counted().map(|total| total.memory_in_bytes)
    }

    fn resources(&self) -> Option<&Resources> {
        self.glasswork.as_ref()?.resources.as_ref()
    }

    fn counted(&self) -> Option<&CpuAndMemory> {
        let stats = self.resource_stats.as_ref()?;
        (stats.thread_info.thread_executions > 0).then_some(&stats.total)
    }
}

/// CPU time and memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CpuAndMemory {
    /// Nanoseconds.
    pub cpu_time_in_nanos: u64,
    /// Bytes allocated.
    pub memory_in_bytes: u64,
}

/// What a task's threads used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceStats {
    /// For one execution of a thread, on average.
    pub average: CpuAndMemory,
    /// In all.
    pub total: CpuAndMemory,
    /// The least of one execution.
    pub min: CpuAndMemory,
    /// The most of one execution.
    pub max: CpuAndMemory,
    /// How many threads.
    pub thread_info: ThreadInfo,
    /// Everything else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How many threads worked on a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreadInfo {
    /// Executions so far, running ones included.
    pub thread_executions: u64,
    /// Executions that have not ended.
    pub active_threads: u64,
}

/// What Glasswork tells more of a task (`extended=true`). Each part is absent where it is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Extended {
    /// Who started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The connection it came over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// What it waits for; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<WorkDone>,
    /// How its cancel goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel: Option<CancelState>,
    /// The last safe point it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// What it used itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// It and everything below it, on all nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<TreeTotals>,
    /// Time left until it is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_in_millis: Option<i64>,
    /// Whether it outlives the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durable: Option<bool>,
    /// Everything else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a task waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wait {
    /// As `pool:search`, `throttle`, `paused`.
    pub on: String,
    /// For how long already.
    pub since_in_millis: u64,
}

/// How far a task is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkDone {
    /// Units done.
    pub done: u64,
    /// Units in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What is counted, as `docs`.
    pub unit: String,
    /// From 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// How long it will still take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_in_millis: Option<Eta>,
}

/// A range of milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Eta {
    /// At least.
    pub low: u64,
    /// At most.
    pub high: u64,
}

/// How a cancel goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CancelState {
    /// Within this time the action stops once it was told to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound_in_millis: Option<u64>,
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took, once it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_in_millis: Option<u64>,
    /// Whether it should have stopped by now.
    pub overdue: bool,
}

/// A safe point inside the work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// Where, as `aggregation terms(author)`.
    pub at: String,
    /// How long ago it was passed.
    pub age_in_millis: u64,
}

/// What a task used itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// CPU time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_time_in_nanos: Option<u64>,
    /// Memory it holds now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_memory_in_bytes: Option<u64>,
    /// The most it held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_in_bytes: Option<u64>,
    /// Read from disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_in_bytes: Option<u64>,
    /// Written to disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written_in_bytes: Option<u64>,
}

/// A task and everything below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TreeTotals {
    /// How many tasks.
    pub tasks: u64,
    /// Their CPU time.
    pub cpu_time_in_nanos: u64,
    /// Memory they hold.
    pub live_memory_in_bytes: u64,
}
