//! `cluster:monitor/tasks/history`: the tasks of the cluster that have ended and are still remembered, newest first.

mod node;

pub use glasswork_tasks::wire::{BadHistoryCursor, HistoryCursor, HistoryResponse};
pub use node::{HistoryNode, HistoryNodeRequest};

use crate::{Action, Node, actions::table};
use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{
    EndedTask, HistoryFilter, Task,
    wire::{self, failed_node},
};
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, sync::Arc, time::Duration};

/// What is asked of the past.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TasksHistory {
    /// Which nodes are asked: see [`wire::matching`]; none = all.
    pub nodes: Vec<String>,
    /// Which of their tasks, and how many in all. Its `after` is not used: see below.
    pub filter: HistoryFilter,
    /// Goes on behind the page that ended here.
    pub after: Option<HistoryCursor>,
    /// How long each node may take.
    pub timeout: Option<Duration>,
}

/// The action.
pub struct History;

impl Action for History {
    const SPEC: &'static crate::Spec = &table::TASKS_HISTORY;
    type Request = TasksHistory;
    type Response = HistoryResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: TasksHistory,
    ) -> Result<HistoryResponse, Failure> {
        let members = node.members();
        let manager = node.manager().map(|manager| manager.id);
        let targets = wire::matching(&members, &request.nodes, node.id(), manager.as_ref());
        let answers = targets.into_iter().map(|target| {
            let (node, task) = (&node, &task);
            let after = request.after.as_ref().map(|after| after.on(&target.id));
            let filter = HistoryFilter {
                after,
                ..request.filter.clone()
            };
            async move {
                let part = HistoryNodeRequest { filter };
                let answer = node
                    .call_within::<HistoryNode>(task, &target.id, part, request.timeout)
                    .await;
                (target, answer)
            }
        });
        let mut response = HistoryResponse::default();
        let mut more = false;
        for (target, answer) in join_all(answers).await {
            match answer {
                Ok(page) => {
                    more |= page.more;
                    response.tasks.extend(page.tasks);
                }
                Err(cause) => response.node_failures.push(failed_node(&target.id, cause)),
            }
        }
        response.tasks.sort_by(|a, b| {
            let place =
                |ended: &EndedTask| (Reverse(ended.ended_millis), ended.task.id.node.clone());
            let number = |ended: &EndedTask| Reverse(ended.task.id.number);
            place(a)
                .cmp(&place(b))
                .then_with(|| number(a).cmp(&number(b)))
        });
        more |= response.tasks.len() > request.filter.size;
        response.tasks.truncate(request.filter.size);
        response.next = response
            .tasks
            .last()
            .filter(|_| more)
            .map(HistoryCursor::at);
        Ok(response)
    }
}
