//! `indices:data/read/search[phase/query]`: finds, on one shard.

use std::{fmt::Write, sync::Arc, time::Duration};

use glasswork_content::{Failure, Kind};
use glasswork_engine::View;
use glasswork_search::{
    Context,
    context::{IndexRef, Limits},
    interrupt::Interrupt,
    query::Query,
    request::{SearchRequest, ShardSlice},
    scan::ShardBounds,
    shard::{self, DocAddress, Hit, ShardResult},
};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use super::{
    contexts::{self, ContextId, InUse},
    opening::{self, Ground, Opening},
    point_in_time::check_point_keep_alive,
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
    /// What of the shard belongs to the slice that is searched.
    pub(crate) slice: Option<ShardSlice>,
    /// The context of the point in time that is searched.
    pub(crate) point: Option<PointContext>,
}

/// The context of a point in time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PointContext {
    pub(crate) context: ContextId,
    /// For how long it is kept from now on.
    pub(crate) keep_alive: Option<Duration>,
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
        let point = match &request.point {
            Some(point) => Some(in_time(&node, &request.shard, point)?),
            None => None,
        };
        let shard = node.shard(&request.shard.uuid, request.shard.shard).await?;
        let limits = limits(&node, &request.shard);
        check_slice(&node, &request)?;
        let keeper = Arc::clone(&node);
        let run = move |task: &Task| {
            let (view, filter) = match &point {
                None => (view(&shard)?, request.filter.as_ref()),
                Some(used) => {
                    shard.searched()?;
                    let kept = used.reader.point_in_time()?;
                    (Arc::clone(&used.reader.view), kept.filter.as_ref())
                }
            };
            let mut context = context(&shard, Arc::clone(&view), limits, request.now, task);
            context.slice = request.slice.clone();
            if let Some(opening) = &request.opening {
                let ground = Ground {
                    node: &keeper,
                    shard: &shard,
                    context: &context,
                    task,
                };
                return opening::open(&ground, &request, opening);
            }
            let source = &request.source;
            let result = shard::query(&context, source, filter)?;
            let hits = if request.alone {
                shard::fetch(&context, source, &page_of(source, &result))?
            } else {
                Vec::new()
            };
            let kept = !request.alone && !result.top.is_empty();
            let kept = match request.point {
                Some(point) => Some(point.context),
                None => kept.then(|| keeper.contexts().keep(request.shard, view)),
            };
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

/// Looks into the context of a point in time; it has to be one of this shard.
pub(super) fn in_time(
    node: &Node,
    shard: &ShardId,
    point: &PointContext,
) -> Result<InUse, Failure> {
    let used = node.contexts().look(&point.context)?;
    used.reader.point_in_time()?;
    if used.reader.shard != *shard {
        return Err(contexts::missing(&point.context));
    }
    if let Some(keep_alive) = point.keep_alive {
        check_point_keep_alive(node, keep_alive)?;
        used.reader.keep_for(keep_alive);
    }
    Ok(used)
}

/// Slices are for scrolls and points in time, and not for too many of them.
fn check_slice(node: &Node, request: &ShardQuery) -> Result<(), Failure> {
    let Some(slice) = &request.source.slice else {
        return Ok(());
    };
    let setting = match (&request.opening, &request.point) {
        (Some(_), _) => "index.max_slices_per_scroll",
        (None, Some(_)) => "index.max_slices_per_pit",
        (None, None) => {
            return Err(Failure::new(
                Kind::Search,
                "`slice` cannot be used outside of a scroll context or PIT context",
            ));
        }
    };
    let metadata = node.metadata();
    let limit = metadata
        .index_of_uuid(&request.shard.uuid)
        .and_then(|index| number(&index.settings, setting))
        .unwrap_or(1_024);
    if slice.max <= limit {
        return Ok(());
    }
    Err(Failure::illegal_argument(format!(
        "The number of slices [{}] is too large. It must be less than [{limit}]. This limit can be set by changing the [{setting}] \
         index level setting.",
        slice.max
    )))
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
        slice: None,
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
    limits.default_timeout = node.time_setting("search.default_search_timeout");
    limits
}

fn number<T: std::str::FromStr>(settings: &Settings, name: &str) -> Option<T> {
    settings.text(name)?.parse().ok()
}
