//! Tasks that have ended, as they are told.

use glasswork_content::{failure::Failure, render::Render, text::iso_millis};
use serde::{Deserialize, Serialize};

use super::{HistoryCursor, show};
use crate::EndedTask;

/// A page of the past.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryResponse {
    /// Nodes that could not answer: `failed_node_exception`, the cause within.
    pub node_failures: Vec<Failure>,
    /// The tasks that ended last come first; of those that ended in one millisecond, by node and the later started first.
    pub tasks: Vec<EndedTask>,
    /// When more follow: where to go on.
    pub next: Option<HistoryCursor>,
}

/// Writes a page of the past: `{"next": "…"?, "tasks": [{"task": {…}, "outcome": "…", …}]}`.
///
/// # Errors
/// When a task can't be written.
pub fn past(out: &mut Render, answer: &HistoryResponse) -> Result<(), Failure> {
    out.object();
    if !answer.node_failures.is_empty() {
        out.field_array("node_failures");
        for failure in &answer.node_failures {
            failure.render(out);
        }
        out.end_array();
    }
    if let Some(next) = &answer.next {
        out.field_str("next", &next.to_string());
    }
    out.field_array("tasks");
    for ended in &answer.tasks {
        entry(out, ended)?;
    }
    out.end_array();
    out.end_object();
    Ok(())
}

fn entry(out: &mut Render, ended: &EndedTask) -> Result<(), Failure> {
    out.object();
    out.key("task");
    show::task(out, &ended.task)?;
    out.field_str("outcome", ended.outcome.as_str());
    if let Some(error) = &ended.error {
        out.field_object("error");
        out.field_str("type", &error.kind);
        out.field_str("reason", &error.reason);
        out.end_object();
    }
    if let Some(user) = &ended.user {
        out.field_str("user", user);
    }
    if let Some(reason) = &ended.cancel_reason {
        out.field_object("cancel");
        if let Some(user) = &ended.cancelled_by {
            out.field_str("requested_by", user);
        }
        out.field_str("reason", reason);
        if let Some(millis) = ended.cancel_latency_millis {
            out.field_unsigned("latency_in_millis", millis);
        }
        out.field_bool("overdue", ended.overdue);
        out.end_object();
    }
    if out.human() {
        out.field_str("ended", &iso_millis(ended.ended_millis));
    }
    out.field_long("ended_in_millis", ended.ended_millis);
    out.field_object("tree");
    out.field_unsigned("cpu_time_in_nanos", ended.tree_cpu_nanos);
    out.end_object();
    out.end_object();
    Ok(())
}
