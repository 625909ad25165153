//! `indices:data/read/search[can_match]`: whether a shard can match at all.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_search::shard;
use glasswork_tasks::Task;

use super::query::{ShardQuery, context, describe, limits, view};
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
};

/// Tells whether the shard can match.
#[derive(Debug)]
pub(crate) struct CanMatch;

impl Action for CanMatch {
    const SPEC: &'static Spec = &table::SEARCH_CAN_MATCH;
    type Request = ShardQuery;
    type Response = bool;

    fn describe(request: &ShardQuery) -> Description {
        describe(&request.shard)
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardQuery) -> Result<bool, Failure> {
        let shard = node.shard(&request.shard.uuid, request.shard.shard).await?;
        let limits = limits(&node, &request.shard);
        let run = move |task: &Task| {
            let context = context(&shard, view(&shard)?, limits, request.now, task);
            shard::can_match(&context, &request.source, request.filter.as_ref())
        };
        node.pools().search.run(&task, run).await
    }
}
