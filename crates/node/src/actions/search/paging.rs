//! The next page of a scroll on one shard: `…search[phase/query/scroll]` finds, `…search[phase/query+fetch/scroll]` also
//! reads, and `…search[phase/fetch/id/scroll]` reads what was found.

use std::{fmt::Write, sync::Arc, time::Duration};

use glasswork_content::{
    Failure,
    text::{duration_text, parse_time},
};
use glasswork_search::{
    Context,
    request::SearchRequest as Source,
    shard::{self, DocAddress, Hit, ShardDoc, ShardResult},
};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use super::{
    contexts::{ContextId, InUse},
    cursor::Cursor,
    fetch::last_emitted,
    opening::check_keep_alive,
    query,
};
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
};

/// Setting: for how long contexts stay when nothing is said.
const DEFAULT_KEEP_ALIVE: &str = "search.default_keep_alive";

/// The next page of one shard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShardPage {
    /// Where it goes on.
    pub(crate) context: ContextId,
    /// For how long the context waits for the page after this.
    pub(crate) keep_alive: Option<Duration>,
    /// Of a scan: which of the shard's pages is wanted.
    pub(crate) scan: Option<ScanWish>,
}

/// Which page of a scan on one shard is wanted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ScanWish {
    /// Its number: pages are counted, so that none is skipped when an answer is lost.
    pub(crate) page: u64,
    /// How many hits there is room for. Without room no page is read, and the context only stays.
    pub(crate) size: usize,
}

/// What a shard gives for a page.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PageAnswer {
    /// The findings.
    pub(crate) result: ShardResult,
    /// The hits, when they are read too.
    pub(crate) hits: Vec<Hit>,
    /// What the first page asked for: how findings of several shards are joined.
    pub(crate) source: Option<Arc<Source>>,
    /// Of a scan: the shard has no more than this.
    pub(crate) is_last: bool,
}

/// Finds the next page of a shard.
#[derive(Debug)]
pub(crate) struct QueryScroll;

impl Action for QueryScroll {
    const SPEC: &'static Spec = &table::SEARCH_QUERY_SCROLL;
    type Request = ShardPage;
    type Response = PageAnswer;

    fn describe(request: &ShardPage) -> Description {
        describe(request)
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardPage) -> Result<PageAnswer, Failure> {
        let work = |context: &Context, used: &InUse, _: &Task| match &mut *used.reader.cursor()? {
            Cursor::Ranked(ranked) => Ok(PageAnswer {
                result: ranked.next_page(context)?,
                hits: Vec::new(),
                source: Some(Arc::clone(&ranked.source)),
                is_last: false,
            }),
            Cursor::Scan(_) => Err(Failure::illegal_argument("a scan finds and reads at once")),
        };
        on_context(&node, &task, &request.context, request.keep_alive, work).await
    }
}

/// Finds and reads the next page of a shard.
#[derive(Debug)]
pub(crate) struct QueryFetchScroll;

impl Action for QueryFetchScroll {
    const SPEC: &'static Spec = &table::SEARCH_QUERY_FETCH_SCROLL;
    type Request = ShardPage;
    type Response = PageAnswer;

    fn describe(request: &ShardPage) -> Description {
        describe(request)
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardPage) -> Result<PageAnswer, Failure> {
        let wish = request.scan;
        let work =
            move |context: &Context, used: &InUse, task: &Task| match &mut *used.reader.cursor()? {
                Cursor::Ranked(ranked) => {
                    let result = ranked.next_page(context)?;
                    let page: Vec<DocAddress> = result.top.iter().map(|hit| hit.address).collect();
                    let hits = shard::fetch(context, &ranked.source, &page)?;
                    if let Some(last) = result.top.last() {
                        ranked.last = Some(last.clone());
                    }
                    Ok(PageAnswer {
                        result,
                        hits,
                        source: Some(Arc::clone(&ranked.source)),
                        is_last: false,
                    })
                }
                Cursor::Scan(pages) => {
                    let Some(wish) = wish else {
                        return Err(Failure::illegal_argument("pages of a scan are counted"));
                    };
                    let page = pages.page(context, task, wish)?;
                    Ok(PageAnswer {
                        result: ShardResult {
                            top: page.documents,
                            ..ShardResult::empty()
                        },
                        hits: page.hits,
                        source: None,
                        is_last: page.is_last,
                    })
                }
            };
        on_context(&node, &task, &request.context, request.keep_alive, work).await
    }
}

/// The hits of a shard to read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShardScrollFetch {
    /// Where they were found.
    pub(crate) context: ContextId,
    /// Where they lie.
    pub(crate) documents: Vec<DocAddress>,
    /// The last of them: behind it the next page begins.
    pub(crate) last: ShardDoc,
}

/// Reads hits of the next page.
#[derive(Debug)]
pub(crate) struct FetchScroll;

impl Action for FetchScroll {
    const SPEC: &'static Spec = &table::SEARCH_FETCH_SCROLL;
    type Request = ShardScrollFetch;
    type Response = Vec<Hit>;

    fn describe(request: &ShardScrollFetch) -> Description {
        let (context, size) = (request.context.clone(), request.documents.len());
        let last = request.last.clone();
        Some(Arc::new(move |out: &mut dyn Write| {
            write!(out, "id[{context}], size[{size}], lastEmittedDoc[")?;
            last_emitted(Some(&last), out)?;
            out.write_str("]")
        }))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: ShardScrollFetch,
    ) -> Result<Vec<Hit>, Failure> {
        let id = request.context.clone();
        let work = move |context: &Context, used: &InUse, _: &Task| {
            let source = match &*used.reader.cursor()? {
                Cursor::Ranked(ranked) => Arc::clone(&ranked.source),
                Cursor::Scan(_) => {
                    return Err(Failure::illegal_argument("a scan finds and reads at once"));
                }
            };
            let hits = shard::fetch(context, &source, &request.documents)?;
            used.reader.gave_out(Some(request.last))?;
            Ok(hits)
        };
        on_context(&node, &task, &id, None, work).await
    }
}

/// `id[7], scroll[Scroll{keepAlive=1m}]`
fn describe(request: &ShardPage) -> Description {
    let (number, keep_alive) = (request.context.number, request.keep_alive);
    Some(Arc::new(move |out: &mut dyn Write| {
        write!(out, "id[{number}], ")?;
        scroll_text(keep_alive, out)
    }))
}

/// `scroll[Scroll{keepAlive=1m}]`, or `scroll[null]`.
pub(super) fn scroll_text(keep_alive: Option<Duration>, out: &mut dyn Write) -> std::fmt::Result {
    match keep_alive {
        Some(keep_alive) => {
            let text = duration_text(keep_alive.as_nanos());
            write!(out, "scroll[Scroll{{keepAlive={text}}}]")
        }
        None => out.write_str("scroll[null]"),
    }
}

/// Works on a context of a scroll, on the search pool.
async fn on_context<T: Send + 'static>(
    node: &Arc<Node>,
    task: &Task,
    id: &ContextId,
    keep_alive: Option<Duration>,
    work: impl FnOnce(&Context, &InUse, &Task) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let used = node.contexts().look(id)?;
    let keep_alive = match keep_alive {
        Some(keep_alive) => keep_alive,
        None => parse_time(&node.setting(DEFAULT_KEEP_ALIVE), DEFAULT_KEEP_ALIVE)?
            .duration()
            .unwrap_or_default(),
    };
    check_keep_alive(node, keep_alive)?;
    used.reader.keep_for(keep_alive);
    let place = used.reader.shard.clone();
    let shard = node.shard(&place.uuid, place.shard).await?;
    let limits = query::limits(node, &place);
    let run = move |task: &Task| {
        let view = Arc::clone(&used.reader.view);
        let now = match &*used.reader.cursor()? {
            Cursor::Ranked(ranked) => ranked.now,
            Cursor::Scan(pages) => pages.now,
        };
        let context = query::context(&shard, view, limits, now, task);
        work(&context, &used, task)
    };
    node.pools().search.run(task, run).await
}
