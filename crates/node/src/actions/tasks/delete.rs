//! `cluster:admin/tasks/delete`: forgets the stored result of a task.

use super::results;
use crate::{Action, Node, actions::table};
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::{Task, TaskId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteTask {
    /// Its id; none is refused inside the task.
    pub id: Option<TaskId>,
}

/// The action.
pub struct Delete;

impl Action for Delete {
    const SPEC: &'static crate::Spec = &table::TASKS_DELETE;
    type Request = DeleteTask;
    type Response = ();

    fn validate(request: &DeleteTask) -> Result<(), Failure> {
        match request.id {
            Some(_) => Ok(()),
            None => Err(Failure::validation(["task id is required"])),
        }
    }

    async fn run(node: Arc<Node>, own: Task, request: DeleteTask) -> Result<(), Failure> {
        let Some(id) = request.id.clone() else {
            return Err(Failure::validation(["task id is required"]));
        };
        // The node of the task knows whether it still runs; of a node that is gone nothing runs.
        if id.node != *node.id() && node.member(&id.node).is_some() {
            return node.forward::<Self>(&own, &id.node, request, None).await;
        }
        if id.node == *node.id() && node.registry().get(id.number).is_some() {
            let reason = format!("task [{id}] still runs: its result is stored when it ends");
            return Err(Failure::new(Kind::TaskInProgress, reason));
        }
        if results::delete(&node, &own, &id).await? {
            return Ok(());
        }
        let reason = format!("task [{id}] has no stored result");
        Err(Failure::resource_not_found(reason))
    }
}
