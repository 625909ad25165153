//! The audit log of cancels: who ended what, why, and what came of it. Lines of the target `audit`, written by default.

use super::{TasksResponse, cancel::CancelTasks};
use glasswork_tasks::Task;
use std::time::Instant;

/// Ids that a line has at most; the number of tasks is whole.
const MOST_IDS: usize = 100;

/// A cancel that is being carried out.
pub(super) struct Audit {
    began: Instant,
    asked: String,
    wait: bool,
}

impl Audit {
    /// Notes what was asked.
    pub(super) fn begin(request: &CancelTasks) -> Self {
        // With everything that chooses tasks, escaped as Rust does: a line is a line.
        let asked = format!(
            "{:?} nodes={:?} token={:?} {:?}",
            request.which, request.nodes, request.token, request.filter
        );
        Self {
            began: Instant::now(),
            asked,
            wait: request.wait,
        }
    }

    /// Writes what came of it. With a wait, the latency is the time until the last of the tasks had ended.
    pub(super) fn end(self, own: &Task, reason: &str, response: &TasksResponse) {
        let tasks = || response.nodes.iter().flat_map(|node| &node.tasks);
        let ids: Vec<String> = tasks()
            .take(MOST_IDS)
            .map(|task| task.id.to_string())
            .collect();
        let outcome = match (response.node_failures.is_empty(), self.wait) {
            (false, _) => "failed on some nodes",
            (true, true) => "ended",
            (true, false) => "told to end",
        };
        let latency = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "audit",
            user = ?own.user().as_deref().unwrap_or("-"),
            task = %own.id(),
            opaque_id = ?own.headers().opaque_id().unwrap_or("-"),
            asked = %self.asked,
            ?reason,
            tasks = tasks().count(),
            ids = ?ids,
            outcome,
            failures = response.node_failures.len(),
            latency_in_millis = latency,
            "cancel"
        );
    }
}
