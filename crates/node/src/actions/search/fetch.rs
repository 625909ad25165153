//! `indices:data/read/search[phase/fetch/id]`: reads the hits of one shard.

use std::{fmt::Write, sync::Arc};

use glasswork_content::Failure;
use glasswork_search::{
    request::SearchRequest,
    shard::{self, DocAddress, Hit},
};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use super::{contexts::ContextId, query};
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::{indices::ShardId, table},
};

/// The hits to read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShardFetch {
    /// The shard.
    pub(crate) shard: ShardId,
    /// The context that its query phase kept.
    pub(crate) context: ContextId,
    /// What to show of them.
    pub(crate) source: Arc<SearchRequest>,
    /// Where they lie.
    pub(crate) documents: Vec<DocAddress>,
    /// What `now` is, milliseconds since 1970.
    pub(crate) now: i64,
}

/// Reads hits.
#[derive(Debug)]
pub(crate) struct FetchPhase;

impl Action for FetchPhase {
    const SPEC: &'static Spec = &table::SEARCH_FETCH;
    type Request = ShardFetch;
    type Response = Vec<Hit>;

    fn describe(request: &ShardFetch) -> Description {
        let (context, size) = (request.context.clone(), request.documents.len());
        Some(Arc::new(move |out: &mut dyn Write| {
            write!(out, "id[{context}], size[{size}], lastEmittedDoc[null]")
        }))
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardFetch) -> Result<Vec<Hit>, Failure> {
        let view = node.contexts().take(&request.context)?;
        let shard = node.shard(&request.shard.uuid, request.shard.shard).await?;
        let limits = query::limits(&node, &request.shard);
        let run = move |task: &Task| {
            let context = query::context(&shard, view, limits, request.now, task);
            shard::fetch(&context, &request.source, &request.documents)
        };
        node.pools().search.run(&task, run).await
    }
}
