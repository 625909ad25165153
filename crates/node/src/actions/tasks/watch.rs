//! `cluster:monitor/tasks/watch`: the task of one who watches tasks. It lives as long as they do.

use super::{GetTask, Got, get::Get};
use crate::{Action, Node, actions::table};
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::{NodeId, Task, TaskId, View};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchTasks {
    /// This one task; none = all that fit.
    pub id: Option<TaskId>,
}

/// The action. It checks what it is asked; the telling itself is the rest of the answer.
pub struct Watch;

impl Action for Watch {
    const SPEC: &'static crate::Spec = &table::TASKS_WATCH;
    type Request = WatchTasks;
    type Response = ();

    async fn run(node: Arc<Node>, task: Task, request: WatchTasks) -> Result<(), Failure> {
        let mut others: Vec<NodeId> = match &request.id {
            Some(id) => vec![id.node.clone()],
            None => node.members().into_iter().map(|member| member.id).collect(),
        };
        others.retain(|other| other != node.id() && node.member(other).is_some());
        node.watches().hears(&others).await;
        match request.id {
            Some(id) if !runs(&node, &task, &id).await? => Err(Failure::resource_not_found(
                format!("task [{id}] isn't running"),
            )),
            _ => Ok(()),
        }
    }
}

/// Whether the task `id` runs, wherever it is; asked for `own`.
///
/// # Errors
/// Its node can't be asked.
pub async fn runs(node: &Arc<Node>, own: &Task, id: &TaskId) -> Result<bool, Failure> {
    let get = GetTask {
        id: Some(id.clone()),
        wait: false,
        timeout: None,
        view: View::PLAIN,
    };
    match node.child::<Get>(own, get).await {
        Ok(Got::Running(_)) => Ok(true),
        Ok(Got::Ended(_) | Got::Stored(_)) => Ok(false),
        Err(failure) if failure.kind == Kind::ResourceNotFound => Ok(false),
        Err(failure) => Err(failure),
    }
}
