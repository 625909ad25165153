//! `indices:data/read/search[can_match]`: whether a shard can match at all.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_search::shard;
use glasswork_tasks::Task;

use super::query::{ShardQuery, context, describe, in_time, limits, view};
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
        let point = match &request.point {
            Some(point) => Some(in_time(&node, &request.shard, point)?),
            None => None,
        };
        let shard = node.shard(&request.shard.uuid, request.shard.shard).await?;
        let limits = limits(&node, &request.shard);
        let run = move |task: &Task| {
            let (view, filter) = match &point {
                None => (view(&shard)?, request.filter.as_ref()),
                Some(used) => {
                    let kept = used.reader.point_in_time()?;
                    (Arc::clone(&used.reader.view), kept.filter.as_ref())
                }
            };
            let mut context = context(&shard, view, limits, request.now, task);
            context.slice = request.slice.clone();
            shard::can_match(&context, &request.source, filter)
        };
        node.pools().search.run(&task, run).await
    }
}
