//! What operations over the shards of many indices share.

use crate::{Action, Node, actions::documents::primary_of, metadata::Index};
use futures_util::future::join_all;
use glasswork_content::{Failure, ShardFailure};
use glasswork_tasks::{NodeId, Task};
use std::{collections::BTreeMap, sync::Arc};

use super::{BroadcastResponse, ShardCounts, ShardId, Target};

/// The shards of an index.
pub(super) fn shards_of(index: &Index) -> impl Iterator<Item = ShardId> + '_ {
    (0..index.options.number_of_shards).map(|shard| ShardId {
        index: index.name.to_string(),
        uuid: index.uuid.to_string(),
        shard,
    })
}

/// Runs `A` for every shard of the target and counts.
pub(super) async fn each_shard<A>(
    node: &Arc<Node>,
    task: &Task,
    target: &Target,
) -> Result<BroadcastResponse, Failure>
where
    A: Action<Request = ShardId, Response = ()>,
{
    let indices = node.metadata().resolve(target)?;
    let mut counts = ShardCounts::default();
    let mut parts = Vec::new();
    for index in &indices {
        counts.total += index.copies() * index.options.number_of_shards;
        parts.extend(shards_of(index).map(|shard| async move {
            let done = node.child::<A>(task, shard.clone()).await;
            (shard, done)
        }));
    }
    for (shard, done) in join_all(parts).await {
        count(node, &mut counts, &shard, done);
    }
    Ok(BroadcastResponse { shards: counts })
}

/// Runs `P` on the primary of a shard: here, or through `S`, which asks for it, on the node that has it.
pub(super) async fn on_primary<S, P>(
    node: &Arc<Node>,
    task: &Task,
    shard: ShardId,
) -> Result<(), Failure>
where
    S: Action<Request = ShardId, Response = ()>,
    P: Action<Request = ShardId, Response = ()>,
{
    let primary = primary_of(node, &shard.uuid, shard.shard)?;
    if primary == *node.id() {
        node.call::<P>(task, &primary, shard).await
    } else {
        node.forward::<S>(task, &primary, shard, None).await
    }
}

/// The shards of indices by the node that has them.
pub(super) fn by_node(node: &Node, indices: &[Arc<Index>]) -> BTreeMap<NodeId, Vec<ShardId>> {
    let mut nodes: BTreeMap<NodeId, Vec<ShardId>> = BTreeMap::new();
    for shard in indices.iter().flat_map(|index| shards_of(index)) {
        let at = primary_of(node, &shard.uuid, shard.shard).unwrap_or_else(|_| node.id().clone());
        nodes.entry(at).or_default().push(shard);
    }
    nodes
}

pub(super) fn count(
    node: &Node,
    counts: &mut ShardCounts,
    shard: &ShardId,
    done: Result<(), Failure>,
) {
    match done {
        Ok(()) => counts.successful += 1,
        Err(reason) => counts.failures.push(ShardFailure {
            shard: i64::from(shard.shard),
            index: Some(shard.index.clone()),
            node: primary_of(node, &shard.uuid, shard.shard)
                .ok()
                .map(|node| node.to_string()),
            reason,
        }),
    }
}
