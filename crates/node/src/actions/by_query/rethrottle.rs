//! `cluster:admin/reindex/rethrottle`: another pace for a by-query operation that runs, wherever it does.

use crate::{
    Node,
    action::{Action, Spec},
    actions::{
        table,
        tasks::{NodeTasks, TaskFailure, TasksResponse, failed_node, no_such_node},
    },
    durable::Asked,
};
use glasswork_content::Failure;
use glasswork_tasks::{Snapshot, Task, TaskId, View};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{
    KINDS,
    state::{Run, canceled},
};

/// `POST /_reindex/{task_id}/_rethrottle` and its two twins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RethrottleRequest {
    /// The task; none is refused inside the task.
    pub task: Option<TaskId>,
    /// Documents a second; infinite without limit.
    pub requests_per_second: f32,
    /// How much of the task is answered.
    pub view: View,
}

/// Sets the pace.
#[derive(Debug)]
pub struct Rethrottle;

impl Action for Rethrottle {
    const SPEC: &'static Spec = &table::RETHROTTLE;
    type Request = RethrottleRequest;
    type Response = TasksResponse;

    fn validate(request: &RethrottleRequest) -> Result<(), Failure> {
        match request.task {
            Some(_) => Ok(()),
            None => Err(Failure::validation(["task id is required"])),
        }
    }

    async fn run(
        node: Arc<Node>,
        own: Task,
        request: RethrottleRequest,
    ) -> Result<TasksResponse, Failure> {
        let Some(id) = request.task else {
            return Err(Failure::validation(["task id is required"]));
        };
        let mut response = TasksResponse::default();
        let Some(member) = node.member(&id.node) else {
            let failure = failed_node(&id.node, no_such_node(&id.node));
            response.node_failures.push(failure);
            return Ok(response);
        };
        let part = RethrottleNodeRequest {
            number: id.number,
            requests_per_second: request.requests_per_second,
            view: request.view,
        };
        match node.call::<RethrottleNode>(&own, &id.node, part).await {
            Ok(Ok(task)) => response.nodes.push(NodeTasks {
                node: member,
                tasks: vec![*task],
            }),
            Ok(Err(reason)) => response
                .task_failures
                .push(TaskFailure { task: id, reason }),
            Err(cause) => response.node_failures.push(failed_node(&id.node, cause)),
        }
        Ok(response)
    }
}

/// The part of it on the task's node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RethrottleNodeRequest {
    number: u64,
    requests_per_second: f32,
    view: View,
}

/// `cluster:admin/reindex/rethrottle[n]`
pub(crate) struct RethrottleNode;

impl Action for RethrottleNode {
    const SPEC: &'static Spec = &table::RETHROTTLE_NODE;
    type Request = RethrottleNodeRequest;
    /// The task, or why this task can't be rethrottled.
    type Response = Result<Box<Snapshot>, Failure>;

    async fn run(
        node: Arc<Node>,
        _own: Task,
        request: RethrottleNodeRequest,
    ) -> Result<Result<Box<Snapshot>, Failure>, Failure> {
        let id = TaskId::new(node.id().clone(), request.number);
        let missing = || Failure::resource_not_found(format!("task [{id}] is missing"));
        let task = node.registry().get(request.number).ok_or_else(missing)?;
        if !KINDS.iter().any(|kind| kind.name == &**task.action_name()) {
            let why =
                format!("task [{id}] is not a reindex, update-by-query or delete-by-query task");
            return Ok(Err(Failure::illegal_argument(why)));
        }
        let (parts, pace, status) = match node.by_query_runs().get(request.number) {
            None | Some(Run::Beginning) => {
                let why = format!(
                    "task [{}] has not yet been initialized to the point where it knows how to rethrottle itself",
                    request.number
                );
                return Ok(Err(Failure::illegal_argument(why)));
            }
            Some(Run::Worker(worker)) => {
                worker.throttle.set(request.requests_per_second);
                let part = worker.slice_id.unwrap_or(0);
                (vec![part], request.requests_per_second, None)
            }
            Some(Run::Leader(leader)) => {
                match leader.rethrottle(request.requests_per_second, canceled(&task)) {
                    Some((merged, slices, share)) => (slices, share, Some(merged)),
                    None => (Vec::new(), request.requests_per_second, None),
                }
            }
        };
        // As it is at the moment of the new pace: keeping that takes a while.
        let mut snapshot = task.snapshot(&request.view);
        if let Some(status) = status {
            // As the reference: the only answer that shows running slices, and one without resources.
            snapshot.status = Some(status.to_json(request.view.form));
            snapshot.resources = None;
        }
        // It has this pace, but would not have it after a crash.
        if let Err(failure) = keep(&node, &task, &parts, pace).await {
            return Ok(Err(failure));
        }
        Ok(Ok(Box::new(snapshot)))
    }
}

/// Keeps the pace of parts over a crash, where the operation outlives one.
async fn keep(
    node: &Node,
    task: &Task,
    parts: &[u32],
    requests_per_second: f32,
) -> Result<(), Failure> {
    let Some(run) = node.durable_run(task).filter(|_| !parts.is_empty()) else {
        return Ok(());
    };
    let ask = |_, asked: &mut Asked| asked.requests_per_second = Some(requests_per_second);
    run.ask(parts, ask).await
}
