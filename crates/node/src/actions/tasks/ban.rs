//! `internal:admin/tasks/ban`: another node cancelled a task and its children must not run here, or are all gone.

use crate::{Action, Node, actions::table};
use glasswork_content::failure::Failure;
use glasswork_tasks::{Task, TaskId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The ban.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BanRequest {
    /// Whose children.
    pub parent: TaskId,
    /// Why they are refused; none = they are no longer.
    pub reason: Option<Arc<str>>,
}

/// The action.
pub struct Ban;

impl Action for Ban {
    const SPEC: &'static crate::Spec = &table::TASKS_BAN;
    type Request = BanRequest;
    type Response = ();

    async fn run(node: Arc<Node>, _own: Task, request: BanRequest) -> Result<(), Failure> {
        match request.reason {
            Some(reason) => {
                let cancels = node.registry().ban(request.parent, reason);
                // Answered when the nodes further down have it too: then the cancel is complete.
                node.bans().set_and_wait(cancels.remote).await;
            }
            None => {
                node.registry().unban(&request.parent);
            }
        }
        Ok(())
    }
}
