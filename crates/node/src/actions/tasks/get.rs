//! `cluster:monitor/task/get`: one task, live or finished, wherever it runs.

use super::results;
use crate::{Action, Node, actions::table};
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::{
    On, Snapshot, Task, TaskId, View,
    wire::{DEFAULT_WAIT, belongs_elsewhere, timed_out},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// Which task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTask {
    /// Its id; none is refused inside the task.
    pub id: Option<TaskId>,
    /// Waits until it has ended.
    pub wait: bool,
    /// How long.
    pub timeout: Option<Duration>,
    /// How much of it.
    pub view: View,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Got {
    /// It runs: `{"completed":false,"task":…}`.
    Running(Box<Snapshot>),
    /// It was waited for, has ended and stored nothing: `{"completed":true,"task":…}`.
    Ended(Box<Snapshot>),
    /// It has ended and stored this JSON object, the whole answer.
    Stored(Vec<u8>),
}

/// The action.
pub struct Get;

impl Action for Get {
    const SPEC: &'static crate::Spec = &table::TASK_GET;
    type Request = GetTask;
    type Response = Got;

    fn validate(request: &GetTask) -> Result<(), Failure> {
        match request.id {
            Some(_) => Ok(()),
            None => Err(Failure::validation(["task id is required"])),
        }
    }

    async fn run(node: Arc<Node>, own: Task, request: GetTask) -> Result<Got, Failure> {
        let Some(id) = request.id.clone() else {
            return Err(Failure::validation(["task id is required"]));
        };
        if id.node == *node.id() {
            return here(&node, &own, &id, &request).await;
        }
        if node.member(&id.node).is_some() {
            let timeout = request.timeout;
            return node.forward::<Self>(&own, &id.node, request, timeout).await;
        }
        results::read(&node, &own, &id)
            .await
            .map(Got::Stored)
            .map_err(|cause| belongs_elsewhere(&id, cause))
    }
}

async fn here(
    node: &Arc<Node>,
    own: &Task,
    id: &TaskId,
    request: &GetTask,
) -> Result<Got, Failure> {
    let Some(task) = node.registry().get(id.number) else {
        return results::read(node, own, id).await.map(Got::Stored);
    };
    if request.wait {
        let waiting = own.waiting(On::Other("task".into()));
        let patience = request.timeout.unwrap_or(DEFAULT_WAIT);
        if tokio::time::timeout(patience, task.ended()).await.is_err() {
            return Err(timed_out(&task));
        }
        drop(waiting);
        // What it stored was written before it ended.
        return match results::read(node, own, id).await {
            Ok(result) => Ok(Got::Stored(result)),
            Err(none) if none.kind == Kind::ResourceNotFound => {
                Ok(Got::Ended(Box::new(task.snapshot(&request.view))))
            }
            Err(failure) => Err(failure),
        };
    }
    let mut snapshots = node
        .registry()
        .snapshots(std::slice::from_ref(&task), &request.view);
    if request.view.extended {
        node.count_other_nodes(own, &mut snapshots).await;
    }
    let snapshot = snapshots
        .into_iter()
        .next()
        .unwrap_or_else(|| task.snapshot(&request.view));
    Ok(Got::Running(Box::new(snapshot)))
}
