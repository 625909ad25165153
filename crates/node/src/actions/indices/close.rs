//! `indices:admin/close`: closes indices; their data stays.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};
use glasswork_content::{Failure, Render};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Target;

/// `POST /{index}/_close`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseIndexRequest {
    /// Which indices.
    pub target: Target,
}

/// Indices that are closed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseIndexResponse {
    /// Their names.
    pub indices: Vec<String>,
}

impl CloseIndexResponse {
    /// Writes the whole body.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.field_bool("acknowledged", true);
        out.field_bool("shards_acknowledged", !self.indices.is_empty());
        out.field_object("indices");
        for name in &self.indices {
            out.field_object(name);
            out.field_bool("closed", true);
            out.end_object();
        }
        out.end_object();
        out.end_object();
    }
}

/// Closes indices.
#[derive(Debug)]
pub struct CloseIndex;

impl Action for CloseIndex {
    const SPEC: &'static Spec = &table::CLOSE_INDEX;
    type Request = CloseIndexRequest;
    type Response = CloseIndexResponse;

    fn validate(request: &CloseIndexRequest) -> Result<(), Failure> {
        if request.target.names.is_empty() {
            Err(Failure::validation(["index is missing"]))
        } else {
            Ok(())
        }
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: CloseIndexRequest,
    ) -> Result<CloseIndexResponse, Failure> {
        let indices = node.metadata().resolve(&request.target)?;
        // What a closed shard has in its log is read again when it opens; a flush makes that short.
        for shard in indices
            .iter()
            .flat_map(|index| node.shards().of_index(&index.uuid))
        {
            if let Err(failure) = super::flush::flush(&node, &task, shard).await {
                tracing::warn!(%failure, "a shard that is to be closed can't be flushed");
            }
        }
        let indices = node
            .metadata_store()
            .set_open(&request.target, false)
            .await?;
        node.follow_metadata().await;
        Ok(CloseIndexResponse { indices })
    }
}
