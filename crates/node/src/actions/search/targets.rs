//! Which shards a search looks at, and what the aliases on the way let through.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_search::{
    query::{self, Bool, Query},
    request::{PointInTime, SearchRequest as Source},
};
use glasswork_tasks::NodeId;

use super::{
    SearchRequest,
    ids::{PointId, PointShard},
    query::{PointContext, ShardQuery},
};
use crate::{
    Node,
    actions::{documents::primary_of, indices::ShardId},
    metadata::SearchTarget,
};

/// One shard with what is asked of it, and where it lies.
pub(super) struct Part {
    pub(super) at: NodeId,
    pub(super) query: ShardQuery,
}

/// The shards that the request looks at, in the order in which equal hits come.
///
/// # Errors
/// Unknown and closed indices; an alias whose filter can't be read.
pub(super) fn shards(
    node: &Arc<Node>,
    request: &SearchRequest,
    source: &Arc<Source>,
    now: i64,
) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    for target in &resolve(node, request)? {
        let filter = alias_filter(target)?;
        let numbers = numbers(target);
        let count = numbers.len() as u32;
        for (place, shard) in (0..).zip(numbers) {
            let shard = ShardId {
                index: target.index.name.to_string(),
                uuid: target.index.uuid.to_string(),
                shard,
            };
            let slice = source.slice.as_ref();
            let query = ShardQuery {
                shard,
                source: Arc::clone(source),
                filter: filter.clone(),
                alone: false,
                now,
                opening: None,
                slice: slice.map(|slice| slice.of_shard(place, count)),
                point: None,
            };
            parts.push(query);
        }
    }
    parts.sort_by(|left, right| {
        (left.shard.shard, &left.shard.index).cmp(&(right.shard.shard, &right.shard.index))
    });
    parts
        .into_iter()
        .map(|query| {
            Ok(Part {
                at: primary_of(node, &query.shard.uuid, query.shard.shard)?,
                query,
            })
        })
        .collect()
}

/// The shards of a point in time, in the order in which equal hits come.
///
/// # Errors
/// 400 for what is no id of a point in time.
pub(super) fn shards_in_time(
    point: &PointInTime,
    source: &Arc<Source>,
    now: i64,
) -> Result<Vec<Part>, Failure> {
    let id = PointId::read(&point.id)?;
    let keep_alive = point.keep_alive.and_then(|time| time.duration());
    let mut parts: Vec<Part> = id
        .shards
        .iter()
        .map(|PointShard { shard, place }| {
            let slice = source.slice.as_ref().map(|slice| {
                let mut numbers: Vec<u32> = id
                    .shards
                    .iter()
                    .filter(|other| other.shard.uuid == shard.uuid)
                    .map(|other| other.shard.shard)
                    .collect();
                numbers.sort_unstable();
                let ordinal = numbers.partition_point(|number| *number < shard.shard);
                slice.of_shard(ordinal as u32, numbers.len() as u32)
            });
            let query = ShardQuery {
                shard: shard.clone(),
                source: Arc::clone(source),
                filter: None,
                alone: false,
                now,
                opening: None,
                slice,
                point: Some(PointContext {
                    context: place.context.clone(),
                    keep_alive,
                }),
            };
            Part {
                at: place.node.clone(),
                query,
            }
        })
        .collect();
    parts.sort_by(|left, right| {
        let key = |part: &Part| (part.query.shard.shard, part.query.shard.index.clone());
        key(left).cmp(&key(right))
    });
    Ok(parts)
}

/// The indices that are searched.
///
/// # Errors
/// Unknown, closed and blocked indices.
pub(super) fn resolve(node: &Node, request: &SearchRequest) -> Result<Vec<SearchTarget>, Failure> {
    let targets = node
        .metadata()
        .resolve_search(&request.indices, request.routing.as_deref())?;
    for target in &targets {
        target.index.options.blocks.check_read(&target.index.name)?;
    }
    Ok(targets)
}

fn numbers(target: &SearchTarget) -> Vec<u32> {
    match &target.routing {
        None => (0..target.index.options.number_of_shards).collect(),
        Some(routings) => {
            let mut shards: Vec<u32> = routings
                .iter()
                .flat_map(|routing| target.index.shards_of_routing(routing))
                .collect();
            shards.sort_unstable();
            shards.dedup();
            shards
        }
    }
}

/// What the aliases of the request let through: any of their filters.
fn alias_filter(target: &SearchTarget) -> Result<Option<Query>, Failure> {
    let mut filters = target
        .filters
        .iter()
        .map(query::parse)
        .collect::<Result<Vec<_>, _>>()?;
    if filters.len() < 2 {
        return Ok(filters.pop());
    }
    Ok(Some(
        Bool {
            should: filters,
            ..Bool::default()
        }
        .into(),
    ))
}
