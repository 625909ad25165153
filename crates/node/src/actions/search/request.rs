//! `indices:data/read/search`: a search over indices, and how its task describes itself.

use std::{
    fmt::{self, Write},
    sync::Arc,
};

use glasswork_content::{Failure, text::TimeValue};
use glasswork_search::{reduce::SearchResponse, request};
use glasswork_tasks::{Describe, Task};
use serde::{Deserialize, Serialize};

use super::coordinate;
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
    metadata::IndexExpression,
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
}

impl SearchRequest {
    /// A search with all defaults.
    #[must_use]
    pub fn new(indices: IndexExpression, source: request::SearchRequest) -> Self {
        Self {
            indices,
            source: Arc::new(source),
            routing: None,
            allow_partial_results: true,
            pre_filter_shard_size: None,
            max_concurrent_shard_requests: None,
            cancel_after: None,
            phase_took: false,
        }
    }

    /// What the task says about itself.
    pub(super) fn description(&self) -> SearchDescription {
        SearchDescription {
            indices: self.indices.names.clone().into(),
            source: Arc::clone(&self.source),
        }
    }
}

/// `indices[books], search_type[QUERY_THEN_FETCH], source[{"query":…}]`
#[derive(Debug, Clone)]
pub(super) struct SearchDescription {
    indices: Arc<[String]>,
    source: Arc<request::SearchRequest>,
}

impl Describe for SearchDescription {
    fn describe(&self, out: &mut dyn Write) -> fmt::Result {
        write!(
            out,
            "indices[{}], search_type[QUERY_THEN_FETCH], source[{}]",
            self.indices.join(","),
            self.source.to_json()
        )
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

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: SearchRequest,
    ) -> Result<SearchResponse, Failure> {
        coordinate::search(node, task, request).await
    }
}
