//! `indices:admin/delete`: deletes indices.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::Index,
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
        _task: Task,
        request: DeleteIndexRequest,
    ) -> Result<Acknowledged, Failure> {
        let has_wildcard =
            request.target.is_all() || request.target.names.iter().any(|name| name.contains('*'));
        if has_wildcard && destructive_requires_name(&node) {
            return Err(Failure::illegal_argument(
                "Wildcard expressions or all indices are not allowed",
            ));
        }
        let gone = node.metadata_store().delete(&request.target).await?;
        forget(&node, &gone).await;
        Ok(Acknowledged::DONE)
    }
}

fn destructive_requires_name(node: &Node) -> bool {
    node.flag_setting("action.destructive_requires_name")
}

/// Removes what is left of deleted indices here, then their keys. After a crash between these the next start goes on.
pub(super) async fn forget(node: &Node, gone: &[Arc<Index>]) {
    for index in gone {
        node.remove_shards(index).await;
    }
    node.metadata_store().forget(gone).await;
}
