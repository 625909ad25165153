//! Which shards a search looks at, and what the aliases on the way let through.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_search::{
    query::{self, Bool, Query},
    request::SearchRequest as Source,
};
use glasswork_tasks::NodeId;

use super::{SearchRequest, query::ShardQuery};
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
    let targets = node
        .metadata()
        .resolve_search(&request.indices, request.routing.as_deref())?;
    let mut parts = Vec::new();
    for target in &targets {
        target.index.options.blocks.check_read(&target.index.name)?;
        let filter = alias_filter(target)?;
        for shard in numbers(target) {
            let shard = ShardId {
                index: target.index.name.to_string(),
                uuid: target.index.uuid.to_string(),
                shard,
            };
            let query = ShardQuery {
                shard,
                source: Arc::clone(source),
                filter: filter.clone(),
                alone: false,
                now,
                opening: None,
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
