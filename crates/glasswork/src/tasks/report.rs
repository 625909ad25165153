//! What went wrong on single nodes and tasks, told on the standard error.

use crate::exit::Code;
use glasswork_client::{TaskList, excerpt};

/// Characters of a failure that are shown.
const SAID: usize = 300;

/// Tells each node and task that could not be dealt with; the code says whether there was one.
pub(super) fn incomplete(list: &TaskList) -> Code {
    for failure in &list.node_failures {
        let node = failure.node_id.as_deref().unwrap_or("?");
        let name = list.node_name(node).unwrap_or(node);
        let (kind, reason) = failure.cause();
        eprintln!(
            "glasswork tasks: node {}: {}",
            excerpt(name, 100),
            said(kind, reason)
        );
    }
    for failure in &list.task_failures {
        let id = format!("{}:{}", failure.node_id, failure.task_id);
        let text = |key: &str| failure.reason[key].as_str().unwrap_or_default();
        eprintln!(
            "glasswork tasks: task {}: {}",
            excerpt(&id, 100),
            said(text("type"), text("reason"))
        );
    }
    match list.is_complete() {
        true => Code::Success,
        false => Code::Partial,
    }
}

fn said(kind: &str, reason: &str) -> String {
    excerpt(&format!("{kind}: {reason}"), SAID)
}
