//! `cluster:monitor/tasks/lists`: the tasks of the cluster that fit a filter.

use super::{
    ListCursor, TasksResponse, failed_node,
    list_node::{ListNode, ListNodeRequest},
    trees::add_untold,
};
use crate::{Action, Node, actions::table};
use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{
    Filter, Task, View,
    wire::{self, Part, filter_for, merge},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// What is listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListTasks {
    /// Which nodes are asked: see [`wire::matching`]; none = all.
    pub nodes: Vec<String>,
    /// Which of their tasks. `after` is not used: see below.
    pub filter: Filter,
    /// Goes on behind the page that ended here.
    pub after: Option<ListCursor>,
    /// How much of each task.
    pub view: View,
    /// Waits until the tasks have ended that fit now.
    pub wait: bool,
    /// How long each node may take.
    pub timeout: Option<Duration>,
}

impl Default for ListTasks {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            filter: Filter::default(),
            after: None,
            view: View::PLAIN,
            wait: false,
            timeout: None,
        }
    }
}

/// The action.
pub struct List;

impl Action for List {
    const SPEC: &'static crate::Spec = &table::TASKS_LIST;
    type Request = ListTasks;
    type Response = TasksResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        mut request: ListTasks,
    ) -> Result<TasksResponse, Failure> {
        let untold = node.find_branches(&task, &mut request.filter).await;
        let members = node.members();
        let manager = node.manager().map(|manager| manager.id);
        let targets = wire::matching(&members, &request.nodes, node.id(), manager.as_ref());
        let asked = targets.into_iter().filter_map(|target| {
            let filter = filter_for(&target.id, &request.filter, request.after.as_ref())?;
            Some((target, filter))
        });
        let answers = asked.map(|(target, filter)| {
            let (node, task, request) = (&node, &task, &request);
            async move {
                let part = ListNodeRequest {
                    filter,
                    view: request.view,
                    wait: request.wait,
                    timeout: request.timeout,
                };
                let answer = node
                    .call_within::<ListNode>(task, &target.id, part, request.timeout)
                    .await;
                (target, answer)
            }
        });
        let mut parts = Vec::new();
        let mut failures = Vec::new();
        for (target, answer) in join_all(answers).await {
            match answer {
                Ok(page) => parts.push(Part {
                    node: target.clone(),
                    tasks: page.tasks,
                    cursors: page.cursors,
                    more: page.more,
                }),
                Err(cause) => failures.push(failed_node(&target.id, cause)),
            }
        }
        add_untold(&mut failures, untold);
        let mut response = TasksResponse {
            node_failures: failures,
            ..merge(parts, &request.filter)
        };
        if request.view.extended {
            for shown in &mut response.nodes {
                node.count_other_nodes(&task, &mut shown.tasks).await;
            }
        }
        Ok(response)
    }
}
