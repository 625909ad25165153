//! `cluster:admin/tasks/cancel[n]`: a node's part of a cancel.

use crate::{
    Action, Node,
    actions::table,
    durable::{Asked, Kept},
};
use futures_util::future::join_all;
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::{
    Filter, On, Reason, Snapshot, Task, View,
    wire::{Cut, cut},
};
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
    /// Only what was shown under this token.
    pub token: Option<Arc<str>>,
}

/// What was cancelled on a node.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CancelNodeResponse {
    /// The tasks, as they are or were at their end.
    pub tasks: Vec<Snapshot>,
    /// Whether the token was given here and has not expired.
    pub knew_token: bool,
}

/// The action.
pub struct CancelNode;

impl Action for CancelNode {
    const SPEC: &'static crate::Spec = &table::TASKS_CANCEL_NODE;
    type Request = CancelNodeRequest;
    type Response = CancelNodeResponse;

    async fn run(
        node: Arc<Node>,
        own: Task,
        request: CancelNodeRequest,
    ) -> Result<CancelNodeResponse, Failure> {
        let reason = Reason {
            text: Arc::clone(&request.reason),
            by: request.by.clone(),
        };
        let which = Cut {
            number: request.number,
            filter: &request.filter,
            token: request.token.as_deref(),
        };
        let Some(cancels) = cut(node.registry(), node.previews(), which, reason)? else {
            return Ok(CancelNodeResponse::default());
        };
        node.bans().set_and_wait(cancels.remote).await;
        let mut not_kept = None;
        for cancelled in cancels.tasks.iter().filter(|cancelled| cancelled.first) {
            if let Err(failure) = keep_cancelled(&node, &cancelled.task).await {
                not_kept = Some(failure);
            }
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
        // They are cancelled, but would not be after a crash.
        if let Some(failure) = not_kept {
            return Err(failure);
        }
        Ok(CancelNodeResponse {
            tasks: node.registry().snapshots(&tasks, &request.view),
            knew_token: request.token.is_some(),
        })
    }
}

/// A durable task stays cancelled over a crash, and so does a by-query slice of one: whoever asked for it is told that it is.
///
/// # Errors
/// That can't be kept now.
pub(crate) async fn keep_cancelled(node: &Node, task: &Task) -> Result<(), Failure> {
    let Some(cancellation) = task.cancellation() else {
        return Ok(());
    };
    let kept = Kept::from(&cancellation.reason);
    let Some(run) = node.started_runs().durable(task.number()) else {
        let slice = node.by_query_runs().slice(task.number());
        let (Some(slice), Some(run)) = (slice, node.durable_run(task)) else {
            return Ok(());
        };
        let ask = |_, asked: &mut Asked| asked.cancelled = Some(kept.clone());
        return run.ask(&[slice], ask).await;
    };
    match run.change(|head| head.cancelled = Some(kept.clone())).await {
        // It has ended by then, and its keys are gone.
        Err(ended) if ended.kind == Kind::ResourceNotFound => Ok(()),
        kept => kept,
    }
}
