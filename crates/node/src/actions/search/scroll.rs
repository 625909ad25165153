//! `indices:data/read/scroll`: the next page of a search.

use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future::join_all, stream};
use glasswork_content::{Failure, Kind, ShardFailure, failure::group_shard_failures};
use glasswork_search::{
    reduce::{self, Reduced, SearchResponse, ShardCounts},
    request::SearchRequest as Source,
    shard::{Hit, ShardDoc, ShardResult},
};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use super::{
    coordinate::millis,
    ids::{Place, ScrollId, Trips},
    paging::{
        FetchScroll, PageAnswer, QueryFetchScroll, QueryScroll, ShardPage, ShardScrollFetch,
        scroll_text,
    },
    scanning::{self, ScanPage},
};
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
};

/// Shards asked at the same time.
pub(super) const CONCURRENT_SHARDS: usize = 64;

/// `GET|POST /_search/scroll`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScrollRequest {
    /// The `_scroll_id` of the page before.
    pub scroll_id: String,
    /// For how long the contexts wait for the page after this; the cluster's setting when absent.
    pub keep_alive: Option<Duration>,
}

/// Gives the next page.
#[derive(Debug)]
pub struct Scroll;

impl Action for Scroll {
    const SPEC: &'static Spec = &table::SCROLL;
    type Request = ScrollRequest;
    type Response = SearchResponse;

    fn validate(request: &ScrollRequest) -> Result<(), Failure> {
        if request.scroll_id.is_empty() {
            return Err(Failure::validation(["scrollId is missing"]));
        }
        Ok(())
    }

    fn describe(request: &ScrollRequest) -> Description {
        let (id, keep_alive): (Arc<str>, _) =
            (request.scroll_id.as_str().into(), request.keep_alive);
        Some(Arc::new(move |out: &mut dyn Write| {
            write!(out, "scrollId[{id}], ")?;
            scroll_text(keep_alive, out)
        }))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: ScrollRequest,
    ) -> Result<SearchResponse, Failure> {
        let begun = Instant::now();
        let id = ScrollId::read(&request.scroll_id)?;
        let pages = Pages {
            node,
            task,
            request,
            failures: Vec::new(),
            begun,
        };
        pages.next(id).await
    }
}

/// A shard that found something for the page.
struct Found {
    place: Place,
    result: ShardResult,
    source: Arc<Source>,
}

/// A page at work.
struct Pages {
    node: Arc<Node>,
    task: Task,
    request: ScrollRequest,
    failures: Vec<ShardFailure>,
    begun: Instant,
}

impl Pages {
    async fn next(mut self, id: ScrollId) -> Result<SearchResponse, Failure> {
        let total = id.shards.len();
        let mut next_id = None;
        let (reduced, hits) = match id.trips {
            Trips::QueryAndFetch => self.both_at_once(id.shards).await?,
            Trips::QueryThenFetch => self.one_after_the_other(id.shards).await?,
            Trips::Scan(place) => {
                let mut page = ScanPage::new(place.size);
                let (node, task, shards) = (&self.node, &self.task, id.shards);
                let keep_alive = self.request.keep_alive;
                let place = scanning::touch(node, task, &shards, place, keep_alive).await;
                let place =
                    scanning::fill(node, task, &shards, place, keep_alive, &mut page).await?;
                let trips = Trips::Scan(place);
                next_id = Some(ScrollId { trips, shards }.write());
                page.finish(place.total)
            }
        };
        let failed = self.failures.len();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(SearchResponse {
            // As OpenSearch: without a new keep-alive no id is told.
            scroll_id: self
                .request
                .keep_alive
                .map(|_| next_id.unwrap_or_else(|| std::mem::take(&mut self.request.scroll_id))),
            pit_id: None,
            scan: Vec::new(),
            took: millis(self.begun),
            phase_took: None,
            shards: ShardCounts {
                total: count(total),
                successful: count(total.saturating_sub(failed)),
                skipped: 0,
                failed: count(failed),
                failures: group_shard_failures(self.failures),
            },
            reduced,
            hits,
            asked: None,
        })
    }

    /// A single shard finds and reads at once.
    async fn both_at_once(&mut self, shards: Vec<Place>) -> Result<(Reduced, Vec<Hit>), Failure> {
        let asked = shards.len();
        let mut answers = self.ask::<QueryFetchScroll>(shards).await;
        let Some((place, answer)) = answers.pop().filter(|_| asked == 1) else {
            return Err(self.all_failed("query"));
        };
        let hits = answer.hits;
        let source = answer.source.unwrap_or_default();
        let found = Found {
            place,
            result: answer.result,
            source,
        };
        let (reduced, _) = self.reduce(vec![found])?;
        Ok((reduced.clone(), reduced.dress(hits)))
    }

    /// Several shards find; those that have hits of the page read them.
    async fn one_after_the_other(
        &mut self,
        shards: Vec<Place>,
    ) -> Result<(Reduced, Vec<Hit>), Failure> {
        let answers = self.ask::<QueryScroll>(shards).await;
        if answers.is_empty() {
            return Err(self.all_failed("query"));
        }
        let found = answers
            .into_iter()
            .map(|(place, answer)| Found {
                place,
                result: answer.result,
                source: answer.source.unwrap_or_default(),
            })
            .collect();
        let (mut reduced, places) = self.reduce(found)?;
        let hits = self.fetch(&mut reduced, places).await?;
        let hits = reduced.dress(hits);
        Ok((reduced, hits))
    }

    /// Asks the shards. What fails is kept in `failures`.
    async fn ask<A>(&mut self, shards: Vec<Place>) -> Vec<(Place, PageAnswer)>
    where
        A: Action<Request = ShardPage, Response = PageAnswer>,
    {
        let keep_alive = self.request.keep_alive;
        let (node, task) = (&self.node, &self.task);
        let asking = stream::iter(shards)
            .map(|place| async move {
                let request = ShardPage {
                    context: place.context.clone(),
                    keep_alive,
                    scan: None,
                };
                let answer = match available(node, &place) {
                    Ok(()) => node.call::<A>(task, &place.node, request).await,
                    Err(failure) => Err(failure),
                };
                (place, answer)
            })
            .buffered(CONCURRENT_SHARDS);
        let answers: Vec<(Place, Result<PageAnswer, Failure>)> = asking.collect().await;
        let mut answered = Vec::with_capacity(answers.len());
        for (place, answer) in answers {
            match answer {
                Ok(answer) => answered.push((place, answer)),
                Err(reason) => self.failures.push(failed(reason)),
            }
        }
        answered
    }

    /// Joins the findings as the first page's request says.
    fn reduce(&self, found: Vec<Found>) -> Result<(Reduced, Vec<Place>), Failure> {
        let source = found
            .first()
            .map(|found| Arc::clone(&found.source))
            .unwrap_or_default();
        let (places, results): (Vec<Place>, Vec<ShardResult>) = found
            .into_iter()
            .map(|found| (found.place, found.result))
            .unzip();
        // Without aggregations there are no buckets to limit.
        let reduced = reduce::reduce(&source, results, u64::MAX, &self.task)?;
        Ok((reduced, places))
    }

    /// Has the hits of the page read. Those of a shard that fails are left out.
    async fn fetch(
        &mut self,
        reduced: &mut Reduced,
        places: Vec<Place>,
    ) -> Result<Vec<Hit>, Failure> {
        let mut wanted: Vec<Vec<usize>> = vec![Vec::new(); places.len()];
        for (place, (shard, _)) in reduced.page.iter().enumerate() {
            wanted[*shard].push(place);
        }
        let page = &reduced.page;
        let (node, task) = (&self.node, &self.task);
        let fetching = places
            .into_iter()
            .zip(wanted)
            .filter_map(|(place, wanted)| {
                let last: ShardDoc = page[*wanted.last()?].1.clone();
                let request = ShardScrollFetch {
                    context: place.context,
                    documents: wanted.iter().map(|at| page[*at].1.address).collect(),
                    last,
                };
                Some(async move {
                    let hits = node.call::<FetchScroll>(task, &place.node, request).await;
                    (wanted, hits)
                })
            });
        let fetched = join_all(fetching).await;
        let (parts, mut lost) = (fetched.len(), 0);
        let mut hits: Vec<Option<Hit>> = vec![None; page.len()];
        for (wanted, answer) in fetched {
            match answer {
                Ok(read) => {
                    for (at, hit) in wanted.into_iter().zip(read) {
                        hits[at] = Some(hit);
                    }
                }
                Err(reason) => {
                    lost += 1;
                    self.failures.push(failed(reason));
                }
            }
        }
        if lost > 0 && lost == parts {
            return Err(self.all_failed("fetch"));
        }
        // Scores and sort values belong to the hits that are left.
        let mut read = hits.iter().map(Option::is_some);
        reduced.page.retain(|_| read.next().unwrap_or(false));
        Ok(hits.into_iter().flatten().collect())
    }

    fn all_failed(&mut self, phase: &str) -> Failure {
        Failure::search_phase(
            phase,
            "all shards failed",
            std::mem::take(&mut self.failures),
        )
    }
}

/// Whether the node of a context is in the cluster.
///
/// # Errors
/// As OpenSearch tells it.
pub(super) fn available(node: &Node, place: &Place) -> Result<(), Failure> {
    if place.node == *node.id() || node.member(&place.node).is_some() {
        return Ok(());
    }
    let reason = format!("node [{}] is not available", place.node);
    Err(Failure::new(Kind::IllegalState, reason))
}

/// The failure of a shard of a scroll, of which only the context is known.
pub(super) fn failed(reason: Failure) -> ShardFailure {
    ShardFailure {
        shard: -1,
        index: None,
        node: None,
        reason,
    }
}
