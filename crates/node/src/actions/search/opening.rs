//! The first page of a scroll on one shard: the query, and the context that later pages go on from.

use std::{sync::Arc, time::Duration};

use glasswork_content::{
    Failure,
    text::{duration_text, parse_time},
};
use glasswork_search::{
    Context,
    request::SearchRequest as Source,
    scan,
    scan::ShardBounds,
    shard::{self, Page, ShardResult, TotalHits},
};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use super::{
    contexts::ContextId,
    cursor::{Cursor, Keeper, Ranked, ScanPages},
    paging::ScanWish,
    query::{ShardAnswer, ShardQuery, page_of},
};
use crate::{Node, shards::LocalShard};

/// Setting: for how long at most a context is kept.
const MAX_KEEP_ALIVE: &str = "search.max_keep_alive";
/// Setting: how many scrolls a node keeps.
const MAX_SCROLLS: &str = "search.max_open_scroll_context";

/// That a scroll begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opening {
    /// For how long the context waits for the next page.
    pub(crate) keep_alive: Duration,
    /// That it reads in the order of `_seq_no`.
    pub(crate) scan: Option<ScanOpening>,
}

/// How a scan begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScanOpening {
    /// First `_seq_no`.
    pub(crate) from: u64,
    /// Last `_seq_no`; that of the view when absent.
    pub(crate) through: Option<u64>,
    /// How many documents are wanted at once.
    pub(crate) size: usize,
}

/// What the first page of a scroll runs on.
pub(super) struct Ground<'a> {
    pub(super) node: &'a Node,
    pub(super) shard: &'a Arc<LocalShard>,
    pub(super) context: &'a Context,
    pub(super) task: &'a Task,
}

/// Runs the first page.
///
/// # Errors
/// A keep-alive that is too long, too many scrolls, and what the query is refused for.
pub(super) fn open(
    ground: &Ground<'_>,
    query: &ShardQuery,
    opening: &Opening,
) -> Result<ShardAnswer, Failure> {
    check_keep_alive(ground.node, opening.keep_alive)?;
    match &opening.scan {
        None => open_ranked(ground, query, opening),
        Some(scan) => open_scan(ground, query, opening, scan),
    }
}

fn open_ranked(
    ground: &Ground<'_>,
    query: &ShardQuery,
    opening: &Opening,
) -> Result<ShardAnswer, Failure> {
    let (context, source) = (ground.context, &query.source);
    let result = shard::query_page(context, source, query.filter.as_ref(), Some(Page::First))?;
    let hits = if query.alone {
        shard::fetch(context, source, &page_of(source, &result))?
    } else {
        Vec::new()
    };
    let later = Source {
        aggregations: None,
        ..(**source).clone()
    };
    let ranked = Ranked {
        source: Arc::new(later),
        filter: query.filter.clone(),
        now: query.now,
        slice: query.slice.clone(),
        last: if query.alone {
            result.top.last().cloned()
        } else {
            None
        },
        total: result.total,
        max_score: result.max_score,
    };
    let context = keep(ground, query, Cursor::Ranked(Box::new(ranked)), opening)?;
    Ok(ShardAnswer {
        result,
        hits,
        context: Some(context),
        scan: None,
    })
}

fn open_scan(
    ground: &Ground<'_>,
    query: &ShardQuery,
    opening: &Opening,
    wanted: &ScanOpening,
) -> Result<ShardAnswer, Failure> {
    shard::check_page(ground.context, &query.source)?;
    let keeper = Arc::new(Keeper::new(ground.node.memory()));
    let begun = {
        let _stops = keeper.during(ground.task);
        scan::begin(
            ground.context,
            &query.source,
            query.filter.as_ref(),
            (wanted.from, wanted.through),
            Arc::clone(&keeper) as _,
        )?
    };
    let shown = Source {
        version: Some(true),
        seq_no_primary_term: Some(true),
        ..(*query.source).clone()
    };
    let mut pages = ScanPages {
        source: Arc::new(shown),
        now: query.now,
        scanner: Some(begun.scanner),
        keeper,
        given: 0,
        last: Vec::new(),
        broken: false,
    };
    let first = ScanWish {
        page: 0,
        size: wanted.size,
    };
    let first = pages.page(ground.context, ground.task, first)?;
    let context = keep(ground, query, Cursor::Scan(Box::new(pages)), opening)?;
    let result = ShardResult {
        total: Some(TotalHits {
            value: begun.total,
            at_least: false,
        }),
        top: first.documents,
        timed_out: begun.timed_out,
        ..ShardResult::empty()
    };
    Ok(ShardAnswer {
        result,
        hits: first.hits,
        context: Some(context),
        scan: Some(ShardBounds {
            uuid: query.shard.uuid.clone(),
            shard: query.shard.shard,
            from: begun.from,
            through: begun.through,
        }),
    })
}

/// Keeps the context, unless the shard went meanwhile.
fn keep(
    ground: &Ground<'_>,
    query: &ShardQuery,
    cursor: Cursor,
    opening: &Opening,
) -> Result<ContextId, Failure> {
    let node = ground.node;
    let limit = node.setting(MAX_SCROLLS).parse().unwrap_or(500);
    let view = Arc::clone(&ground.context.view);
    let contexts = node.contexts();
    let scans = match &cursor {
        Cursor::Scan(_) => ground.task.parent().map(|search| search.node),
        Cursor::Ranked(_) => None,
    };
    let place = (cursor, scans);
    let id = contexts.open_scroll(query.shard.clone(), view, place, opening.keep_alive, limit)?;
    if let Err(gone) = still_open(node, ground.shard) {
        contexts.free(&id);
        return Err(gone);
    }
    Ok(id)
}

/// Whether the shard is still the open one: what is kept after it went would never be freed by its going.
///
/// # Errors
/// As for any request for a shard that is not open.
pub(super) fn still_open(node: &Node, shard: &Arc<LocalShard>) -> Result<(), Failure> {
    let open = node.shards().get(shard.uuid(), shard.number());
    if open.is_some_and(|open| Arc::ptr_eq(&open, shard)) {
        return Ok(());
    }
    Err(shard.failure(&glasswork_engine::EngineError::Closed))
}

/// Refuses to keep a context for longer than the cluster allows.
///
/// # Errors
/// 400 `illegal_argument_exception`.
pub(super) fn check_keep_alive(node: &Node, keep_alive: Duration) -> Result<(), Failure> {
    check_keep_alive_by(node, keep_alive, MAX_KEEP_ALIVE)
}

/// Refuses to keep a context for longer than a setting of the cluster allows.
///
/// # Errors
/// 400 `illegal_argument_exception`.
pub(super) fn check_keep_alive_by(
    node: &Node,
    keep_alive: Duration,
    setting: &str,
) -> Result<(), Failure> {
    let longest = parse_time(&node.setting(setting), setting)?
        .duration()
        .unwrap_or(Duration::MAX);
    if keep_alive <= longest {
        return Ok(());
    }
    Err(Failure::illegal_argument(format!(
        "Keep alive for request ({}) is too large. It must be less than ({}). This limit can be set by changing the \
         [{setting}] cluster level setting.",
        duration_text(keep_alive.as_nanos()),
        duration_text(longest.as_nanos())
    )))
}
