//! `cluster:admin/tasks/pause`: a durable task waits until it is told to go on, over restarts too.

use super::{NodeTasks, TaskFailure, TasksResponse, failed_node, no_such_node};
use crate::{Action, Description, Node, actions::table};
use glasswork_content::failure::Failure;
use glasswork_tasks::{Snapshot, Task, TaskId, View};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseTask {
    /// Its id; none is refused inside the task.
    pub id: Option<TaskId>,
    /// Whether it pauses or goes on.
    pub paused: bool,
    /// How much of it is answered.
    pub view: View,
}

/// The action.
pub struct Pause;

impl Action for Pause {
    const SPEC: &'static crate::Spec = &table::TASKS_PAUSE;
    type Request = PauseTask;
    type Response = TasksResponse;

    fn validate(request: &PauseTask) -> Result<(), Failure> {
        match request.id {
            Some(_) => Ok(()),
            None => Err(Failure::validation(["task id is required"])),
        }
    }

    fn describe(request: &PauseTask) -> Description {
        let id = request.id.as_ref().map(TaskId::to_string);
        Some(Arc::new(format!(
            "taskId[{}], paused[{}]",
            id.as_deref().unwrap_or("unset"),
            request.paused
        )))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: PauseTask,
    ) -> Result<TasksResponse, Failure> {
        let Some(id) = &request.id else {
            return Err(Failure::validation(["task id is required"]));
        };
        let mut response = TasksResponse::default();
        let Some(member) = node.member(&id.node) else {
            let failure = failed_node(&id.node, no_such_node(&id.node));
            response.node_failures.push(failure);
            return Ok(response);
        };
        let part = PauseNodeRequest {
            number: id.number,
            paused: request.paused,
            view: request.view,
        };
        match node.call::<PauseNode>(&task, &id.node, part).await {
            Ok(Ok(snapshot)) => response.nodes.push(NodeTasks {
                node: member,
                tasks: vec![snapshot],
            }),
            Ok(Err(reason)) => response.task_failures.push(TaskFailure {
                task: id.clone(),
                reason,
            }),
            Err(cause) => response.node_failures.push(failed_node(&id.node, cause)),
        }
        Ok(response)
    }
}

/// A node's part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PauseNodeRequest {
    number: u64,
    paused: bool,
    view: View,
}

/// `cluster:admin/tasks/pause[n]`
pub(crate) struct PauseNode;

impl Action for PauseNode {
    const SPEC: &'static crate::Spec = &table::TASKS_PAUSE_NODE;
    type Request = PauseNodeRequest;
    /// The task as it is then, or why it can't be done.
    type Response = Result<Snapshot, Failure>;

    async fn run(
        node: Arc<Node>,
        _own: Task,
        request: PauseNodeRequest,
    ) -> Result<Self::Response, Failure> {
        let id = TaskId::new(node.id().clone(), request.number);
        let missing = || Failure::resource_not_found(format!("task [{id}] is missing"));
        let task = node.registry().get(request.number).ok_or_else(missing)?;
        let Some(run) = node.started_runs().durable(request.number) else {
            return Ok(Err(Failure::illegal_argument(format!(
                "task [{id}] is not durable: it can be neither paused nor resumed"
            ))));
        };
        if let Err(failure) = run.pause(request.paused).await {
            return Ok(Err(failure));
        }
        let shown = node
            .registry()
            .snapshots(std::slice::from_ref(&task), &request.view);
        shown.into_iter().next().map(Ok).ok_or_else(missing)
    }
}
