//! `cluster:admin/tasks/cancel[n]`: a node's part of a cancel.

use crate::{Action, Node, actions::table, durable::Kept};
use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{CancelError, Cancels, Filter, On, Reason, Snapshot, Task, TaskId, View};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is cancelled on a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CancelNodeRequest {
    /// This task, or all that fit.
    pub number: Option<u64>,
    /// What they must fit.
    pub filter: Filter,
    /// Waits until they and everything below them have ended.
    pub wait: bool,
    /// Why.
    pub reason: Arc<str>,
    /// Who asked for it.
    pub by: Option<Arc<str>>,
    /// How much of each is answered.
    pub view: View,
}

/// The action.
pub struct CancelNode;

impl Action for CancelNode {
    const SPEC: &'static crate::Spec = &table::TASKS_CANCEL_NODE;
    type Request = CancelNodeRequest;
    type Response = Vec<Snapshot>;

    async fn run(
        node: Arc<Node>,
        own: Task,
        request: CancelNodeRequest,
    ) -> Result<Vec<Snapshot>, Failure> {
        let reason = Reason {
            text: Arc::clone(&request.reason),
            by: request.by.clone(),
        };
        let cancels = match request.number {
            Some(number) => cancel_one(&node, number, &request.filter, reason)?,
            None => node.registry().cancel_matching(&request.filter, reason),
        };
        node.bans().set_and_wait(cancels.remote).await;
        for cancelled in cancels.tasks.iter().filter(|cancelled| cancelled.first) {
            keep_cancelled(&node, &cancelled.task).await;
        }
        let mut tasks: Vec<Task> = cancels
            .tasks
            .into_iter()
            .map(|cancelled| cancelled.task)
            .collect();
        tasks.sort_by_key(Task::number);
        if request.wait {
            let waiting = own.waiting(On::Other("tasks".into()));
            join_all(tasks.iter().map(Task::ended)).await;
            drop(waiting);
        }
        Ok(node.registry().snapshots(&tasks, &request.view))
    }
}

/// A durable task stays cancelled over a crash: whoever asked for it is told that it is.
async fn keep_cancelled(node: &Node, task: &Task) {
    let (Some(run), Some(cancellation)) = (
        node.started_runs().durable(task.number()),
        task.cancellation(),
    ) else {
        return;
    };
    let kept = Kept::from(&cancellation.reason);
    if let Err(failure) = run.change(|head| head.cancelled = Some(kept.clone())).await {
        // Mostly it has ended by then, and its keys are gone.
        tracing::debug!(task = %task.id(), %failure, "a cancel would not outlive a crash");
    }
}

fn cancel_one(
    node: &Arc<Node>,
    number: u64,
    filter: &Filter,
    reason: Reason,
) -> Result<Cancels, Failure> {
    let registry = node.registry();
    let id = TaskId::new(node.id().clone(), number);
    if let Some(task) = registry.get(number)
        && task.is_cancellable()
        && !registry.fits(
            &task,
            &Filter {
                internal: true,
                ..filter.clone()
            },
        )
    {
        return Err(Failure::illegal_argument(format!(
            "task [{id}] doesn't support this operation"
        )));
    }
    registry
        .cancel(number, reason)
        .map_err(|error| match error {
            CancelError::NotFound(_) => Failure::resource_not_found(error.to_string()),
            CancelError::NotCancellable(_) => Failure::illegal_argument(error.to_string()),
        })
}
