//! `cluster:monitor/tasks/lists[n]`: a node's part of a list.

use crate::{Action, Node, actions::table};
use glasswork_content::failure::Failure;
use glasswork_tasks::{
    Cursor, Filter, On, Snapshot, Task, View,
    wire::{DEFAULT_WAIT, timed_out},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Tasks whose action begins so are not waited for: two waiting lists would wait for each other.
const NOT_WAITED_FOR: &str = "cluster:monitor/tasks/lists";

/// What is listed of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListNodeRequest {
    /// Which tasks.
    pub filter: Filter,
    /// How much of each.
    pub view: View,
    /// Waits until they have ended.
    pub wait: bool,
    /// How long the caller waits for the answer.
    pub timeout: Option<Duration>,
}

/// A node's tasks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListNodeResponse {
    /// The tasks.
    pub tasks: Vec<Snapshot>,
    /// With a page size: the place of each in the order.
    pub cursors: Vec<Cursor>,
    /// More follow.
    pub more: bool,
}

/// The action.
pub struct ListNode;

impl Action for ListNode {
    const SPEC: &'static crate::Spec = &table::TASKS_LIST_NODE;
    type Request = ListNodeRequest;
    type Response = ListNodeResponse;

    async fn run(
        node: Arc<Node>,
        own: Task,
        request: ListNodeRequest,
    ) -> Result<ListNodeResponse, Failure> {
        let list = node.registry().list(&request.filter);
        if request.wait {
            // A caller that named a time stops waiting by itself, and says so; this is for one that was lost.
            let patience = request
                .timeout
                .map_or(DEFAULT_WAIT, |timeout| timeout.saturating_add(DEFAULT_WAIT));
            let until = Instant::now() + patience;
            let waiting = own.waiting(On::Other("tasks".into()));
            for task in list
                .tasks
                .iter()
                .filter(|task| !task.action_name().starts_with(NOT_WAITED_FOR))
            {
                if timeout_at(until, task.ended()).await.is_err() {
                    return Err(timed_out(task));
                }
            }
            drop(waiting);
        }
        let tasks = node.registry().snapshots(&list.tasks, &request.view);
        Ok(ListNodeResponse {
            tasks,
            cursors: list.cursors,
            more: list.next.is_some(),
        })
    }
}
