//! `indices:admin/delete`: deletes indices.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{Acknowledged, Target};

/// `DELETE /{index}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteIndexRequest {
    /// What to delete: names and wildcards, no aliases.
    pub target: Target,
}

/// Deletes indices.
#[derive(Debug)]
pub struct DeleteIndex;

impl Action for DeleteIndex {
    const SPEC: &'static Spec = &table::DELETE_INDEX;
    type Request = DeleteIndexRequest;
    type Response = Acknowledged;

    fn validate(request: &DeleteIndexRequest) -> Result<(), Failure> {
        if request.target.names.is_empty() {
            Err(Failure::validation(["index / indices is missing"]))
        } else {
            Ok(())
        }
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: DeleteIndexRequest,
    ) -> Result<Acknowledged, Failure> {
        let _ = (node, task, request);
        todo!()
    }
}
