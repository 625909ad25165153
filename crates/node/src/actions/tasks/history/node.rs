//! `cluster:monitor/tasks/history[n]`: a node's part of the past.

use crate::{Action, Node, actions::table};
use glasswork_content::failure::Failure;
use glasswork_tasks::{EndedTask, HistoryFilter, Task};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is asked of a node's past.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryNodeRequest {
    /// Which tasks, how many, and behind which.
    pub filter: HistoryFilter,
}

/// A node's page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HistoryNodeResponse {
    /// Its tasks, newest first.
    pub tasks: Vec<EndedTask>,
    /// It has more.
    pub more: bool,
}

/// The action.
pub struct HistoryNode;

impl Action for HistoryNode {
    const SPEC: &'static crate::Spec = &table::TASKS_HISTORY_NODE;
    type Request = HistoryNodeRequest;
    type Response = HistoryNodeResponse;

    async fn run(
        node: Arc<Node>,
        own: Task,
        request: HistoryNodeRequest,
    ) -> Result<HistoryNodeResponse, Failure> {
        let size = request.filter.size;
        // A ring of 64 MiB takes a while to look through.
        node.pools()
            .management
            .run(&own, {
                let registry = node.registry().clone();
                move |_| {
                    let mut tasks = registry.history(&HistoryFilter {
                        size: size.saturating_add(1),
                        ..request.filter
                    });
                    let more = tasks.len() > size;
                    tasks.truncate(size);
                    Ok(HistoryNodeResponse { tasks, more })
                }
            })
            .await
    }
}
