//! `indices:admin/forcemerge`: merges segments on demand.

use crate::{
    Node,
    action::{Action, Description, Spec, StoredAction},
    actions::table,
};
use futures_util::future::join_all;
use glasswork_content::{Failure, Render};
use glasswork_tasks::{NodeId, Task};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

use super::{
    BroadcastResponse, ShardCounts, ShardId, Target,
    broadcast::{by_node, count},
};

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
        let indices = node.metadata().resolve(&request.target)?;
        let mut counts = ShardCounts {
            total: indices
                .iter()
                .map(|index| {
                    let copies = if request.primary_only {
                        1
                    } else {
                        index.copies()
                    };
                    copies * index.options.number_of_shards
                })
                .sum(),
            ..ShardCounts::default()
        };
        let parts = by_node(&node, &indices).into_iter().map(|(at, shards)| {
            let (node, task, request) = (&node, &task, &request);
            async move {
                let merged = merge_at(node, task, &at, &shards, request).await;
                (shards, merged)
            }
        });
        for (shards, merged) in join_all(parts).await {
            for (shard, merged) in shards.iter().zip(merged) {
                count(&node, &mut counts, shard, merged);
            }
        }
        Ok(BroadcastResponse { shards: counts })
    }
}

/// Has node `at` merge its shards: all at once when somebody waits; else one by one, so that the task can be paused between
/// them.
async fn merge_at(
    node: &Arc<Node>,
    task: &Task,
    at: &NodeId,
    shards: &[ShardId],
    request: &ForceMergeRequest,
) -> Vec<Result<(), Failure>> {
    let run = node.durable_run(task);
    let at_once = if run.is_some() {
        1
    } else {
        shards.len().max(1)
    };
    let mut merged = Vec::with_capacity(shards.len());
    for some in shards.chunks(at_once) {
        if let Some(run) = &run {
            run.not_paused(task).await;
        }
        let part = NodeForceMerge {
            shards: some.to_vec(),
            request: request.clone(),
        };
        match node.call::<ForceMergeNode>(task, at, part).await {
            Ok(each) => merged.extend(each),
            Err(failure) => merged.extend(some.iter().map(|_| Err(failure.clone()))),
        }
    }
    merged
}

/// Begins again after a restart: shards that are merged already have nothing left to do.
impl StoredAction for ForceMerge {
    const DURABLE: bool = true;

    fn render(response: &BroadcastResponse, out: &mut Render) -> Result<(), Failure> {
        response.render(out);
        Ok(())
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
        let mut merged = Vec::with_capacity(request.shards.len());
        task.count_in("shards");
        task.expect(request.shards.len() as u64);
        for shard in &request.shards {
            merged.push(merge(&node, &task, shard, &request.request).await);
            task.advance(1);
        }
        Ok(merged)
    }
}

async fn merge(
    node: &Node,
    task: &Task,
    shard: &ShardId,
    request: &ForceMergeRequest,
) -> Result<(), Failure> {
    let shard = node.shard(&shard.uuid, shard.shard).await?;
    let (merging, most, only_deletes) = (
        Arc::clone(&shard),
        request.max_num_segments,
        request.only_expunge_deletes,
    );
    let work = move |task: &Task| {
        let engine = merging.engine();
        let checkpoint = Arc::new(task.clone());
        // What is only in memory is merged too.
        merging.refresh()?;
        let merged = match most {
            // Whatever else is asked for.
            _ if only_deletes => engine.expunge_deletes(checkpoint),
            Some(most) => engine.merge(most.max(1) as usize, checkpoint),
            None => engine.merge_by_policy(checkpoint),
        };
        merged.map(drop).map_err(|error| merging.failure(&error))
    };
    node.pools().force_merge.run(task, work).await?;
    if request.flush {
        super::flush::flush(node, task, shard).await?;
    }
    Ok(())
}
