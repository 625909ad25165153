//! `indices:data/read/search[phase/query]`: finds, on one shard.

use std::{fmt::Write, sync::Arc};

use glasswork_content::Failure;
use glasswork_engine::View;
use glasswork_search::{
    Context,
    context::{IndexRef, Limits},
    interrupt::Interrupt,
    query::Query,
    request::SearchRequest,
    scan::ShardBounds,
    shard::{self, DocAddress, Hit, ShardResult},
};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use super::{
    contexts::ContextId,
    opening::{self, Ground, Opening},
};
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::{indices::ShardId, table},
    metadata::Settings,
    shards::LocalShard,
};

/// What the coordinator asks of a shard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShardQuery {
    /// The shard.
    pub(crate) shard: ShardId,
    /// What to search for.
    pub(crate) source: Arc<SearchRequest>,
    /// What the aliases let through.
    pub(crate) filter: Option<Query>,
    /// Whether this is the only shard: then its hits are fetched at once.
    pub(crate) alone: bool,
    /// What `now` is, milliseconds since 1970.
    pub(crate) now: i64,
    /// That a scroll begins with this page.
    pub(crate) opening: Option<Opening>,
}

/// What a shard found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShardAnswer {
    /// The findings.
    pub(crate) result: ShardResult,
    /// The hits of the page, when this is the only shard.
    pub(crate) hits: Vec<Hit>,
    /// Where hits can be fetched from, when there are any and other shards; where a scroll goes on.
    pub(crate) context: Option<ContextId>,
    /// What a scan looks at.
    pub(crate) scan: Option<ShardBounds>,
}

/// Finds.
#[derive(Debug)]
pub(crate) struct QueryPhase;

impl Action for QueryPhase {
    const SPEC: &'static Spec = &table::SEARCH_QUERY;
    type Request = ShardQuery;
    type Response = ShardAnswer;

    fn describe(request: &ShardQuery) -> Description {
        describe(&request.shard)
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardQuery) -> Result<ShardAnswer, Failure> {
        let shard = node.shard(&request.shard.uuid, request.shard.shard).await?;
        let limits = limits(&node, &request.shard);
        let keeper = Arc::clone(&node);
        let run = move |task: &Task| {
            let view = view(&shard)?;
            let context = context(&shard, Arc::clone(&view), limits, request.now, task);
            if let Some(opening) = &request.opening {
                let ground = Ground {
                    node: &keeper,
                    shard: &shard,
                    context: &context,
                    task,
                };
                return opening::open(&ground, &request, opening);
            }
            let result = shard::query(&context, &request.source, request.filter.as_ref())?;
            let hits = if request.alone {
                shard::fetch(
                    &context,
                    &request.source,
                    &page_of(&request.source, &result),
                )?
            } else {
                Vec::new()
            };
            let kept = !request.alone && !result.top.is_empty();
            let kept = kept.then(|| keeper.contexts().keep(request.shard, view));
            Ok(ShardAnswer {
                result,
                hits,
                context: kept,
                scan: None,
            })
        };
        node.pools().search.run(&task, run).await
    }
}

/// Where the hits lie that a single shard shows.
pub(super) fn page_of(source: &SearchRequest, found: &ShardResult) -> Vec<DocAddress> {
    let from = usize::try_from(source.from()).unwrap_or(usize::MAX);
    let shown = found.top.iter().skip(from);
    shown.map(|hit| hit.address).collect()
}

/// `shardId[[books][0]]`
pub(super) fn describe(shard: &ShardId) -> Description {
    let shard = shard.clone();
    Some(Arc::new(move |out: &mut dyn Write| {
        write!(out, "shardId[{shard}]")
    }))
}

/// What searches of a shard see now.
pub(super) fn view(shard: &LocalShard) -> Result<Arc<View>, Failure> {
    shard.searched()?;
    Ok(shard.engine().view())
}

/// What a search of a shard works with.
pub(super) fn context(
    shard: &LocalShard,
    view: Arc<View>,
    limits: Limits,
    now: i64,
    task: &Task,
) -> Context {
    let mapping = Arc::clone(&shard.versions().newest().mapping);
    Context {
        view,
        analysis: Arc::clone(mapping.analysis()),
        mapping,
        index: IndexRef {
            name: Arc::clone(shard.index()),
            uuid: Arc::clone(shard.uuid()),
        },
        shard: shard.number(),
        now_millis: now,
        limits,
        interrupt: Interrupt::new(Arc::new(task.clone())),
    }
}

/// The limits that the settings of the index and of the cluster give.
pub(super) fn limits(node: &Node, shard: &ShardId) -> Limits {
    let metadata = node.metadata();
    let mut limits = Limits::default();
    if let Some(index) = metadata.index_of_uuid(&shard.uuid) {
        let settings = &index.settings;
        limits.max_result_window =
            number(settings, "index.max_result_window").unwrap_or(limits.max_result_window);
        limits.max_terms_count =
            number(settings, "index.max_terms_count").unwrap_or(limits.max_terms_count);
        limits.max_docvalue_fields = number(settings, "index.max_docvalue_fields_search")
            .unwrap_or(limits.max_docvalue_fields);
        limits.max_script_fields =
            number(settings, "index.max_script_fields").unwrap_or(limits.max_script_fields);
        limits.max_regex_length =
            number(settings, "index.max_regex_length").unwrap_or(limits.max_regex_length);
    }
    let clauses = node.setting("indices.query.bool.max_clause_count");
    limits.max_clause_count = clauses.parse().unwrap_or(limits.max_clause_count);
    let buckets = node.setting("search.max_buckets");
    limits.max_buckets = buckets.parse().unwrap_or(limits.max_buckets);
    limits
}

fn number<T: std::str::FromStr>(settings: &Settings, name: &str) -> Option<T> {
    settings.text(name)?.parse().ok()
}
