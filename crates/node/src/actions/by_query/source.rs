//! Where the documents of a by-query operation come from, page by page.
//!
//! A source gives a first page and then the next ones; a page without documents is the end. Whatever it keeps open between two
//! pages is given up by [`Source::close`], which must be called on every path.

use bytes::Bytes;
use glasswork_content::{Failure, Kind};
use glasswork_search::{
    reduce::SearchResponse,
    request::{SortKey, SourceFilter, TrackTotalHits},
    scan::ShardBounds,
};
use glasswork_tasks::{Checkpoint, Task};
use std::{sync::Arc, time::Duration};

use super::{
    remote::Remote,
    request::{ByQueryRequest, Work},
    response::SearchFailure,
    retry::{Backoff, anywhere, is_lost, is_rejected},
    state::WorkerState,
};
use crate::{
    Node,
    actions::{
        documents::VersionType,
        search::{
            ClearScroll, ClearScrollRequest, Scan, Scroll, ScrollRequest, SearchAction,
            SearchRequest,
        },
    },
};

/// One page of documents.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The documents, in order; none at the end.
    pub(super) documents: Vec<Document>,
    /// Documents that match in all, exactly.
    pub(super) total: u64,
    /// A search ran into its timeout.
    pub(super) timed_out: bool,
    /// Shards that could not be searched.
    pub(super) failures: Vec<SearchFailure>,
}

/// One document.
#[derive(Debug)]
pub(super) struct Document {
    /// Its index, never an alias.
    pub(super) index: Box<str>,
    pub(super) id: Box<str>,
    pub(super) routing: Option<Box<str>>,
    /// Its source; `None` when the index does not keep it, or nobody needs it.
    pub(super) source: Option<Bytes>,
    pub(super) seq_no: u64,
    pub(super) primary_term: u64,
    /// Its version, where versions of the source matter.
    pub(super) version: Option<u64>,
    /// Which of the source's shards it is of.
    pub(super) shard: usize,
}

impl Document {
    /// Bytes that it holds, roughly.
    pub(super) fn size(&self) -> u64 {
        let source = self.source.as_ref().map_or(0, Bytes::len);
        (source + self.id.len() + size_of::<Self>()) as u64
    }
}

/// Where documents come from.
pub(super) enum Source {
    /// Indices of this cluster.
    Local(Box<Local>),
    /// Another cluster.
    Remote(Box<Remote>),
}

impl Source {
    /// The source of an operation. `bounds` are those that an earlier process had reached, or none.
    pub(super) fn new(
        node: &Arc<Node>,
        task: &Task,
        request: &ByQueryRequest,
        state: &Arc<WorkerState>,
        bounds: Vec<ShardBounds>,
    ) -> Self {
        let shows_versions = shows_versions(&request.work);
        if let Some(remote) = request.remote.clone() {
            let remote = Remote::new(node, task, state, remote, request, shows_versions);
            return Self::Remote(Box::new(remote));
        }
        Self::Local(Box::new(Local {
            node: Arc::clone(node),
            task: task.clone(),
            state: Arc::clone(state),
            search: search_of(request, bounds),
            shows_versions,
            keep_alive: request.options.scroll,
            scroll: None,
            bounds: Vec::new(),
        }))
    }

    /// The first page.
    pub(super) async fn first(&mut self) -> Result<Page, Failure> {
        match self {
            Self::Local(local) => local.first().await,
            Self::Remote(remote) => remote.first().await,
        }
    }

    /// The next page. What is kept open for the one behind it is kept for `more` longer than usual.
    pub(super) async fn next(&mut self, more: Duration) -> Result<Page, Failure> {
        match self {
            Self::Local(local) => local.next(more).await,
            Self::Remote(remote) => remote.next(more).await,
        }
    }

    /// What the source looks at on each of its shards, by their numbers in [`Document::shard`]; empty when it can't go on
    /// behind a document after a restart.
    pub(super) fn bounds(&self) -> &[ShardBounds] {
        match self {
            Self::Local(local) => &local.bounds,
            Self::Remote(_) => &[],
        }
    }

    /// Begins again behind `bounds` with the next call of [`Source::first`].
    pub(super) fn rewind(&mut self, bounds: Vec<ShardBounds>) {
        match self {
            Self::Local(local) => local.search.scan = Some(Scan { bounds }),
            // It has no place to go on from: it begins again.
            Self::Remote(_) => {}
        }
    }

    /// Gives up what is kept open.
    pub(super) async fn close(&mut self) {
        match self {
            Self::Local(local) => local.close().await,
            Self::Remote(remote) => remote.close().await,
        }
    }
}

/// The search that finds the documents: every match, in the order of `_seq_no`, unless the request sorts otherwise.
fn search_of(request: &ByQueryRequest, bounds: Vec<ShardBounds>) -> SearchRequest {
    let mut search = request.search.clone();
    search.scroll = Some(request.options.scroll);
    let source = Arc::make_mut(&mut search.source);
    source.version = Some(shows_versions(&request.work));
    source.seq_no_primary_term = Some(!matches!(request.work, Work::Reindex(_)));
    if request.work == Work::Delete && source.source.is_none() {
        source.source = Some(SourceFilter::nothing());
    }
    if source.sort.is_empty() {
        source.sort = vec![SortKey::new("_doc")];
        search.scan = Some(Scan { bounds });
    } else {
        // A scan counts exactly by itself.
        source.track_total_hits = Some(TrackTotalHits::Exactly);
    }
    search
}

/// Whether the versions of the documents matter.
fn shows_versions(work: &Work) -> bool {
    matches!(work, Work::Reindex(to) if to.version_type != VersionType::Internal)
}

/// Indices of this cluster, through a scroll.
pub(super) struct Local {
    node: Arc<Node>,
    task: Task,
    state: Arc<WorkerState>,
    search: SearchRequest,
    shows_versions: bool,
    keep_alive: Duration,
    scroll: Option<String>,
    bounds: Vec<ShardBounds>,
}

impl Local {
    async fn first(&mut self) -> Result<Page, Failure> {
        let mut backoff = Backoff::default();
        loop {
            let search = self.search.clone();
            match self.node.child::<SearchAction>(&self.task, search).await {
                Err(failure) if self.again(&failure, &mut backoff).await => {}
                found => return found.map(|found| self.page(found)),
            }
        }
    }

    async fn next(&mut self, more: Duration) -> Result<Page, Failure> {
        let Some(scroll_id) = self.scroll.clone() else {
            return Ok(Page::default());
        };
        let mut backoff = Backoff::default();
        // A scan counts its pages: what is asked for once more comes once more. Other scrolls would go on behind it.
        let counted = !self.bounds.is_empty();
        loop {
            let scroll = ScrollRequest {
                scroll_id: scroll_id.clone(),
                keep_alive: Some(self.keep_alive.saturating_add(more)),
            };
            match self.node.child::<Scroll>(&self.task, scroll).await {
                Err(failure) if self.again(&failure, &mut backoff).await => {}
                Err(failure) if counted && is_lost(&failure) && backoff.next(&self.task).await => {
                    self.state.count(|figures| figures.search_retries += 1);
                }
                found => return found.map(|found| self.page(found)),
            }
        }
    }

    /// Whether a search that failed is tried again: it was refused for lack of room, which is counted.
    async fn again(&self, failure: &Failure, backoff: &mut Backoff) -> bool {
        if !is_rejected(failure) || !backoff.next(&self.task).await {
            return false;
        }
        self.state.count(|figures| figures.search_retries += 1);
        true
    }

    fn page(&mut self, found: SearchResponse) -> Page {
        if found.scroll_id.is_some() {
            self.scroll = found.scroll_id;
        }
        if !found.scan.is_empty() {
            self.bounds = found.scan;
        }
        let shards = found.reduced.page.iter().map(|(shard, _)| *shard);
        let documents = found.hits.into_iter().zip(shards).map(|(hit, shard)| {
            let (seq_no, primary_term) = hit.seq_no.unwrap_or_default();
            Document {
                index: hit.index,
                id: hit.id,
                routing: hit.routing,
                source: hit.source,
                seq_no,
                primary_term,
                version: hit.version.filter(|_| self.shows_versions),
                shard,
            }
        });
        let failures = found.shards.failures.into_iter();
        Page {
            documents: documents.collect(),
            total: found.reduced.total.map_or(0, |total| total.value),
            timed_out: found.reduced.timed_out,
            failures: failures
                .map(|failed| SearchFailure {
                    index: failed.index,
                    shard: u32::try_from(failed.shard).ok(),
                    node: failed.node,
                    reason: failed.reason,
                })
                .collect(),
        }
    }

    async fn close(&mut self) {
        let Some(id) = self.scroll.take() else {
            return;
        };
        let clear = ClearScrollRequest::Ids(vec![id]);
        match self
            .node
            .closing_child::<ClearScroll>(&self.task, clear)
            .await
        {
            Ok(_) => {}
            Err(failure) if failure.kind == Kind::SearchContextMissing => {}
            // It expires by itself.
            Err(failure) => {
                tracing::warn!(task = %self.task.id(), %failure, "a scroll was not cleared")
            }
        }
    }
}

/// The last `_seq_no` of each shard among these documents.
pub(super) fn reached(documents: &[Document]) -> Vec<Option<u64>> {
    let mut reached: Vec<Option<u64>> = Vec::new();
    for document in documents {
        if reached.len() <= document.shard {
            reached.resize(document.shard + 1, None);
        }
        reached[document.shard] = reached[document.shard].max(Some(document.seq_no));
    }
    reached
}

/// The memory of a page, charged to the task as long as this lives.
pub(super) struct Held {
    task: Task,
    bytes: u64,
}

impl Held {
    /// Charges these documents.
    ///
    /// # Errors
    /// There is no room, or the task has to stop.
    pub(super) fn new(task: &Task, documents: &[Document]) -> Result<Self, Failure> {
        let bytes = documents.iter().map(Document::size).sum();
        task.charge(bytes).map_err(|stop| crate::of_stop(&stop))?;
        Ok(Self {
            task: task.clone(),
            bytes,
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.task.release(self.bytes);
    }
}

/// Whether what the source had kept open on a shard is gone: it expired, or a page of it failed in its middle.
pub(super) fn is_context_missing(failure: &Failure) -> bool {
    anywhere(failure, Kind::SearchContextMissing)
}
