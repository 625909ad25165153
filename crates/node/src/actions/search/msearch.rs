//! `indices:data/read/msearch`: several searches in one request.

use std::{
    fmt::{self, Write},
    sync::Arc,
    time::Instant,
};

use futures_util::{StreamExt, stream};
use glasswork_content::{Failure, Kind};
use glasswork_search::reduce::SearchResponse;
use glasswork_tasks::{Describe, Task};
use serde::{Deserialize, Serialize};

use super::{SearchAction, SearchRequest, request::SearchDescription};
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
};

/// Searches at the same time when nothing is said.
const CONCURRENT: usize = 8;

/// `GET|POST [/{index}]/_msearch`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MultiSearchRequest {
    /// The searches.
    pub items: Vec<SearchRequest>,
    /// How many run at the same time.
    pub max_concurrent_searches: Option<u32>,
}

/// The answers, in the order of the searches.
#[derive(Debug, Serialize, Deserialize)]
pub struct MultiSearchResponse {
    /// Milliseconds it took.
    pub took: u64,
    /// The answer or the failure of each search.
    pub responses: Vec<Result<SearchResponse, Failure>>,
}

impl MultiSearchResponse {
    /// As [`SearchResponse::weight`], of all together.
    pub fn weight(&self) -> u64 {
        let found = self.responses.iter().flatten();
        found.map(SearchResponse::weight).sum()
    }
}

/// Searches several times.
#[derive(Debug)]
pub struct MultiSearch;

/// `indices:data/read/msearch[<search>,<search>]`
struct Descriptions(Vec<SearchDescription>);

impl Describe for Descriptions {
    fn describe(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str("indices:data/read/msearch[")?;
        for (place, description) in self.0.iter().enumerate() {
            if place > 0 {
                out.write_char(',')?;
            }
            description.describe(out)?;
        }
        out.write_char(']')
    }
}

impl Action for MultiSearch {
    const SPEC: &'static Spec = &table::MULTI_SEARCH;
    type Request = MultiSearchRequest;
    type Response = MultiSearchResponse;

    fn validate(request: &MultiSearchRequest) -> Result<(), Failure> {
        if request.items.is_empty() {
            return Err(Failure::validation(["no requests added"]));
        }
        Ok(())
    }

    fn describe(request: &MultiSearchRequest) -> Description {
        Some(Arc::new(Descriptions(
            request
                .items
                .iter()
                .map(SearchRequest::description)
                .collect(),
        )))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: MultiSearchRequest,
    ) -> Result<MultiSearchResponse, Failure> {
        let begun = Instant::now();
        let concurrent = request
            .max_concurrent_searches
            .map_or(CONCURRENT, |limit| limit.clamp(1, 1_000) as usize);
        let responses = stream::iter(request.items)
            .map(|item| {
                let (node, task) = (&node, &task);
                async move {
                    if task.is_cancelled() {
                        return Err(Failure::new(
                            Kind::TaskCancelled,
                            "Parent task was cancelled",
                        ));
                    }
                    node.child::<SearchAction>(task, item).await
                }
            })
            .buffered(concurrent)
            .collect()
            .await;
        Ok(MultiSearchResponse {
            took: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            responses,
        })
    }
}
