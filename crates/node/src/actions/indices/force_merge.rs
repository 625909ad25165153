//! `indices:admin/forcemerge`: merges segments on demand.

use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

use super::{BroadcastResponse, ShardId, Target};

/// `POST [/{index}]/_forcemerge`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForceMergeRequest {
    /// Which indices.
    pub target: Target,
    /// Merge down to this many segments a shard; `None`: as far as is worth it.
    pub max_num_segments: Option<u32>,
    /// Only rewrite segments with deletes.
    pub only_expunge_deletes: bool,
    /// Flush afterwards.
    pub flush: bool,
    /// Only primaries.
    pub primary_only: bool,
}

/// Merges segments.
#[derive(Debug)]
pub struct ForceMerge;

impl Action for ForceMerge {
    const SPEC: &'static Spec = &table::FORCE_MERGE;
    type Request = ForceMergeRequest;
    type Response = BroadcastResponse;

    fn validate(request: &ForceMergeRequest) -> Result<(), Failure> {
        if request.only_expunge_deletes && request.max_num_segments.is_some() {
            return Err(Failure::validation([
                "cannot set only_expunge_deletes and max_num_segments at the same time, those two parameters are mutually exclusive",
            ]));
        }
        Ok(())
    }

    fn describe(request: &ForceMergeRequest) -> Description {
        let request = request.clone();
        Some(Arc::new(move |out: &mut dyn Write| {
            let most = request.max_num_segments.map_or(-1, i64::from);
            write!(
                out,
                "Force-merge indices [{}], maxSegments[{most}], onlyExpungeDeletes[{}], flush[{}], primaryOnly[{}]",
                request.target.names.join(", "),
                request.only_expunge_deletes,
                request.flush,
                request.primary_only,
            )
        }))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: ForceMergeRequest,
    ) -> Result<BroadcastResponse, Failure> {
        let _ = (node, task, request);
        todo!()
    }
}

/// The shards of one node that are to be merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeForceMerge {
    pub(crate) shards: Vec<ShardId>,
    pub(crate) request: ForceMergeRequest,
}

/// `indices:admin/forcemerge[n]`: merges the shards of one node.
#[derive(Debug)]
pub(crate) struct ForceMergeNode;

impl Action for ForceMergeNode {
    const SPEC: &'static Spec = &table::FORCE_MERGE_NODE;
    type Request = NodeForceMerge;
    type Response = Vec<Result<(), Failure>>;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: NodeForceMerge,
    ) -> Result<Self::Response, Failure> {
        let _ = (node, task, request);
        todo!()
    }
}
