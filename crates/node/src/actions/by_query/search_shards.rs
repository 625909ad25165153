//! `indices:admin/shards/search_shards`: how many shards the indices of an expression have, for `slices=auto`.

use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::IndexExpression,
};

/// Which indices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SearchShardsRequest {
    /// The expression.
    pub(crate) indices: IndexExpression,
}

/// Counts shards.
pub(crate) struct SearchShards;

impl Action for SearchShards {
    const SPEC: &'static Spec = &table::SEARCH_SHARDS;
    type Request = SearchShardsRequest;
    /// The number of shards of each index.
    type Response = Vec<u32>;

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: SearchShardsRequest,
    ) -> Result<Vec<u32>, Failure> {
        let indices = node.metadata().resolve(&request.indices)?;
        Ok(indices
            .iter()
            .map(|index| index.options.number_of_shards)
            .collect())
    }
}
