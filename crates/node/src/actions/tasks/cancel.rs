//! `cluster:admin/tasks/cancel`: cancels one task, or all that fit, with everything below them.

use super::{
    NodeTasks, TasksResponse, Which,
    audit::Audit,
    cancel_node::{CancelNode, CancelNodeRequest},
    failed_node, no_such_node,
    preview::preview,
    trees::add_untold,
};
use crate::{Action, Description, Node, actions::table};
use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{
    Filter, Task, TaskId, View,
    wire::{self, BY_USER_REQUEST, unknown_token},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// What is cancelled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CancelTasks {
    /// Which tasks.
    pub which: Which,
    /// Which nodes are asked; none = all.
    pub nodes: Vec<String>,
    /// Which of their tasks.
    pub filter: Filter,
    /// Waits until they and everything below them have ended.
    pub wait: bool,
    /// How long each node may take to.
    pub timeout: Option<Duration>,
    /// Why.
    pub reason: Arc<str>,
    /// How much of each task is answered.
    pub view: View,
    /// Cancels nothing: shows what would be cancelled.
    pub dry_run: bool,
    /// Cancels only what was shown under this token.
    pub token: Option<Arc<str>>,
}

impl Default for CancelTasks {
    fn default() -> Self {
        Self {
            which: Which::Matching,
            nodes: Vec::new(),
            filter: Filter::default(),
            wait: false,
            timeout: None,
            reason: BY_USER_REQUEST.into(),
            view: View::PLAIN,
            dry_run: false,
            token: None,
        }
    }
}

/// The action.
pub struct Cancel;

impl Action for Cancel {
    const SPEC: &'static crate::Spec = &table::TASKS_CANCEL;
    type Request = CancelTasks;
    type Response = TasksResponse;

    fn validate(request: &CancelTasks) -> Result<(), Failure> {
        request
            .which
            .check(&request.nodes, request.dry_run, request.token.is_some())
    }

    fn describe(request: &CancelTasks) -> Description {
        let set = |id: Option<&TaskId>| id.map_or_else(|| "unset".to_owned(), TaskId::to_string);
        let id = match &request.which {
            Which::One(id) => id.as_ref(),
            Which::Matching => None,
        };
        let actions: Vec<&str> = request
            .filter
            .actions
            .iter()
            .map(|pattern| pattern.as_str())
            .collect();
        Some(Arc::new(format!(
            "reason[{}], waitForCompletion[{}], taskId[{}], parentTaskId[{}], nodes[{}], actions[{}]",
            request.reason,
            request.wait,
            set(id),
            set(request.filter.parent.as_ref()),
            request.nodes.join(", "),
            actions.join(", ")
        )))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        mut request: CancelTasks,
    ) -> Result<TasksResponse, Failure> {
        let untold = node.find_branches(&task, &mut request.filter).await;
        let members = node.members();
        let manager = node.manager().map(|manager| manager.id);
        let targets = match &request.which {
            Which::Matching => {
                wire::matching(&members, &request.nodes, node.id(), manager.as_ref())
            }
            Which::One(id) => {
                let named = id.as_ref().map(|id| &id.node);
                let found: Vec<_> = members
                    .iter()
                    .filter(|member| Some(&member.id) == named)
                    .collect();
                if let (true, Some(named)) = (found.is_empty(), named) {
                    let failures = vec![failed_node(named, no_such_node(named))];
                    return Ok(TasksResponse {
                        node_failures: failures,
                        ..TasksResponse::default()
                    });
                }
                found
            }
        };
        if request.dry_run {
            let mut response = preview(&node, &task, targets, request).await;
            add_untold(&mut response.node_failures, untold);
            return Ok(response);
        }
        let audit = Audit::begin(&request);
        let (token, reason) = (request.token.clone(), Arc::clone(&request.reason));
        let part = CancelNodeRequest {
            number: match &request.which {
                Which::One(id) => id.as_ref().map(|id| id.number),
                Which::Matching => None,
            },
            filter: request.filter,
            wait: request.wait,
            reason: request.reason,
            by: task.user(),
            view: request.view,
            token: request.token,
        };
        let answers = targets.into_iter().map(|target| {
            let (node, task, part) = (&node, &task, part.clone());
            async move {
                let answer = node
                    .call_within::<CancelNode>(task, &target.id, part, request.timeout)
                    .await;
                (target, answer)
            }
        });
        let mut response = TasksResponse::default();
        let mut knew_token = false;
        for (target, answer) in join_all(answers).await {
            match answer {
                Ok(answer) => {
                    knew_token |= answer.knew_token;
                    if !answer.tasks.is_empty() {
                        response.nodes.push(NodeTasks {
                            node: target.clone(),
                            tasks: answer.tasks,
                        });
                    }
                }
                Err(cause) => {
                    // It may have known the token; that it failed is said.
                    knew_token = true;
                    response.node_failures.push(failed_node(&target.id, cause));
                }
            }
        }
        add_untold(&mut response.node_failures, untold);
        if let (Some(token), false) = (token, knew_token) {
            return Err(unknown_token(&token));
        }
        audit.end(&task, &reason, &response);
        Ok(response)
    }
}
