//! `indices:data/read/search`: a search over indices, and how its task describes itself.

use std::{
    fmt::{self, Write},
    sync::Arc,
    time::Duration,
};

use glasswork_content::{
    Failure,
    text::{TimeValue, duration_text},
};
use glasswork_search::{
    reduce::SearchResponse,
    request::{self, TrackTotalHits},
    scan::ShardBounds,
};
use glasswork_tasks::{Describe, Task};
use serde::{Deserialize, Serialize};

use super::{ClearScroll, ClearScrollRequest, coordinate};
use crate::{
    Node,
    action::{Action, Description, Spec, Unsent},
    actions::table,
    metadata::{ExpressionOptions, IndexExpression},
};

/// `GET|POST [/{index}]/_search`, `_count` and an item of `_msearch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchRequest {
    /// Where to search.
    pub indices: IndexExpression,
    /// What to search for.
    pub source: Arc<request::SearchRequest>,
    /// Only the shards of these routing values, a comma list.
    pub routing: Option<String>,
    /// Which copies are asked. There is one of each, so that it changes nothing; a point in time refuses it.
    pub preference: Option<String>,
    /// Whether an answer without some shards is better than none; true unless asked otherwise.
    pub allow_partial_results: bool,
    /// From how many shards on to ask first which of them can match; by default 128, or 1 when sorted by a field.
    pub pre_filter_shard_size: Option<u32>,
    /// How many shards are asked at the same time.
    pub max_concurrent_shard_requests: Option<u32>,
    /// After what time the search is cancelled; the cluster's setting when absent, never when negative.
    pub cancel_after: Option<TimeValue>,
    /// Whether the answer tells how long each phase took.
    pub phase_took: bool,
    /// Whether answers may be kept for the same request; there is no such cache, but a scroll refuses it.
    pub request_cache: bool,
    /// That a scroll begins, and for how long its contexts wait for the next page.
    pub scroll: Option<Duration>,
    /// That the scroll reads in the order of `_seq_no`.
    pub scan: Option<Scan>,
}

/// Reads in the order of `_seq_no`, shard after shard, instead of finding the best: what by-query operations do. Needs
/// [`SearchRequest::scroll`]. Every hit has its `_seq_no`, `_primary_term` and `_version`, and the answer tells what is
/// looked at on each shard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// What to look at. A shard that is not named is read from its first operation through the last that is visible.
    pub bounds: Vec<ShardBounds>,
}

impl SearchRequest {
    /// A search with all defaults.
    #[must_use]
    pub fn new(indices: IndexExpression, source: request::SearchRequest) -> Self {
        Self {
            indices,
            source: Arc::new(source),
            routing: None,
            preference: None,
            allow_partial_results: true,
            pre_filter_shard_size: None,
            max_concurrent_shard_requests: None,
            cancel_after: None,
            phase_took: false,
            request_cache: false,
            scroll: None,
            scan: None,
        }
    }

    /// What the task says about itself.
    pub(super) fn description(&self) -> SearchDescription {
        SearchDescription {
            indices: self.indices.names.clone().into(),
            source: Arc::clone(&self.source),
            scroll: self.scroll,
        }
    }

    /// `SearchRequest.validate`: what a scroll or a point in time can't have.
    fn check(&self) -> Result<(), Failure> {
        let mut wrong = Vec::new();
        if self.scroll.is_some() {
            self.check_scroll(&mut wrong);
        } else if self.scan.is_some() {
            wrong.push("a scan needs a scroll");
        }
        if self.source.point_in_time.is_some() {
            if !self.indices.names.is_empty() {
                wrong.push("[indices] cannot be used with point in time");
            }
            if self.indices.options != ExpressionOptions::OPEN {
                wrong.push("[indicesOptions] cannot be used with point in time");
            }
            if self.routing.is_some() {
                wrong.push("[routing] cannot be used with point in time");
            }
            if self.preference.is_some() {
                wrong.push("[preference] cannot be used with point in time");
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Failure::validation(wrong))
        }
    }

    fn check_scroll(&self, wrong: &mut Vec<&'static str>) {
        let counts = self.source.track_total_hits;
        if !matches!(counts, None | Some(TrackTotalHits::Exactly)) {
            wrong.push("disabling [track_total_hits] is not allowed in a scroll context");
        }
        if self.source.from() > 0 {
            wrong.push("using [from] is not allowed in a scroll context");
        }
        if self.source.size == Some(0) {
            wrong.push("[size] cannot be [0] in a scroll context");
        }
        if self.request_cache {
            wrong.push("[request_cache] cannot be used in a scroll context");
        }
        if self.source.point_in_time.is_some() {
            wrong.push("using [point in time] is not allowed in a scroll context");
        }
    }
}

/// `indices[books], search_type[QUERY_THEN_FETCH], source[{"query":…}]`
#[derive(Debug, Clone)]
pub(super) struct SearchDescription {
    indices: Arc<[String]>,
    source: Arc<request::SearchRequest>,
    scroll: Option<Duration>,
}

impl Describe for SearchDescription {
    fn describe(&self, out: &mut dyn Write) -> fmt::Result {
        let indices = self.indices.join(",");
        write!(out, "indices[{indices}], search_type[QUERY_THEN_FETCH], ")?;
        if let Some(keep_alive) = self.scroll {
            let keep_alive = duration_text(keep_alive.as_nanos());
            write!(out, "scroll[{keep_alive}], ")?;
        }
        write!(out, "source[{}]", self.source.to_json())
    }
}

/// Searches.
#[derive(Debug)]
pub struct SearchAction;

impl Action for SearchAction {
    const SPEC: &'static Spec = &table::SEARCH;
    type Request = SearchRequest;
    type Response = SearchResponse;

    fn describe(request: &SearchRequest) -> Description {
        Some(Arc::new(request.description()))
    }

    fn validate(request: &SearchRequest) -> Result<(), Failure> {
        request.check()
    }

    /// Nobody knows the id of a scroll whose first page was not sent: its contexts would only wait for their time.
    fn when_unsent(response: &SearchResponse) -> Option<Unsent> {
        let ids = vec![response.scroll_id.clone()?];
        Some(Box::new(move |node, task| {
            Box::pin(async move {
                let clear = ClearScrollRequest::Ids(ids);
                if let Err(failure) = node.closing_child::<ClearScroll>(&task, clear).await {
                    tracing::debug!(%failure, "a scroll that nobody heard of stays until its time");
                }
            })
        }))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: SearchRequest,
    ) -> Result<SearchResponse, Failure> {
        coordinate::search(node, task, request).await
    }
}
