//! `cluster:monitor/task`: changes of the cluster's state that wait for their turn.
//!
//! Here a change is made at once by compare-and-set or is refused, so that none ever waits.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::{Action, Node, Spec, actions::table};

/// The action.
#[derive(Debug)]
pub struct PendingTasks;

/// Asks nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingTasksRequest;

/// The changes that wait: there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingTasksResponse;

impl Action for PendingTasks {
    const SPEC: &'static Spec = &table::PENDING_TASKS;
    type Request = PendingTasksRequest;
    type Response = PendingTasksResponse;

    async fn run(
        _: Arc<Node>,
        _: Task,
        _: PendingTasksRequest,
    ) -> Result<PendingTasksResponse, Failure> {
        Ok(PendingTasksResponse)
    }
}
