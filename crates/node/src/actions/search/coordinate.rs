//! What the coordinating node of a search does: resolve, ask the shards, reduce, have the hits fetched.

use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::{StreamExt, stream};
use glasswork_content::{
    Failure, Kind, ShardFailure, failure::group_shard_failures, text::parse_time,
};
use glasswork_search::{
    aggs::{Aggregations, PartialAggregations},
    reduce::{self, PhaseTook, Reduced, SearchResponse, ShardCounts},
    request::{SearchRequest as Source, SortTarget, TrackTotalHits},
    shard::{Hit, ShardResult},
};
use glasswork_tasks::{NodeId, Task};

use super::{
    CanMatch, QueryPhase, SearchRequest,
    contexts::ContextId,
    gathering::Answered,
    ids::{Place, ScanPlace, ScrollId, Trips},
    opening::{Opening, ScanOpening},
    query::ShardAnswer,
    scanning::{self, ScanPage, in_millis},
    targets::{self, Part},
};
use crate::{CancelTimer, Node, actions::indices::ShardId};

/// Shards asked at the same time when nothing is said.
const CONCURRENT_SHARDS: usize = 64;
/// From how many shards on a search that is not sorted by a field asks first which can match.
const PRE_FILTER_SHARDS: u32 = 128;
/// Hits above which joining the shards' findings is work for the pool.
const MANY_HITS: usize = 1_000;
/// Bytes of findings above which it is, too.
const MANY_BUCKETS: u64 = 16 << 10;
/// Setting: when searches that say nothing of it are cancelled.
const CANCEL_AFTER: &str = "search.cancel_after_time_interval";

/// Runs a search.
///
/// # Errors
/// Unknown indices; `search_phase_execution_exception` when no shard answers, or one doesn't and none may fail.
pub(super) async fn search(
    node: Arc<Node>,
    task: Task,
    request: SearchRequest,
) -> Result<SearchResponse, Failure> {
    let begun = Instant::now();
    let _timer = cancel_timer(&node, &task, &request)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        });
    let source = counted(&request);
    let shards = match &source.point_in_time {
        Some(point) => targets::shards_in_time(point, &source, now)?,
        None => targets::shards(&node, &request, &source, now)?,
    };
    let alone = shards.len() == 1;
    let mut search = Search {
        node,
        task,
        request,
        source,
        alone,
        took: PhaseTook::default(),
        failures: Vec::new(),
        kept: Vec::new(),
        now,
    };
    let response = search.run(shards, begun).await;
    let response = search.unless_cancelled(response);
    if response.is_err() {
        search.free_kept().await;
    }
    response
}

/// What the shards are asked: in a scroll everything is counted.
fn counted(request: &SearchRequest) -> Arc<Source> {
    if request.scroll.is_none() {
        return Arc::clone(&request.source);
    }
    Arc::new(Source {
        track_total_hits: Some(TrackTotalHits::Exactly),
        ..(*request.source).clone()
    })
}

/// A search at work.
pub(super) struct Search {
    pub(super) node: Arc<Node>,
    pub(super) task: Task,
    pub(super) request: SearchRequest,
    /// What the shards are asked.
    pub(super) source: Arc<Source>,
    /// Whether there is only one shard, which finds and fetches in one go.
    alone: bool,
    took: PhaseTook,
    pub(super) failures: Vec<ShardFailure>,
    /// The contexts of the scroll that begins.
    pub(super) kept: Vec<Place>,
    /// What `now` is, milliseconds since 1970, for all shards.
    pub(super) now: i64,
}

/// Cancels the search when its interval, or the cluster's, is over.
fn cancel_timer(
    node: &Arc<Node>,
    task: &Task,
    request: &SearchRequest,
) -> Result<Option<CancelTimer>, Failure> {
    let interval = match request.cancel_after {
        Some(interval) => Some(interval),
        None => Some(parse_time(&node.setting(CANCEL_AFTER), CANCEL_AFTER)?),
    };
    let interval = interval
        .filter(|interval| interval.amount > 0)
        .and_then(|interval| interval.duration());
    Ok(interval.map(|interval| node.cancel_after(task, interval)))
}

impl Search {
    async fn run(&mut self, shards: Vec<Part>, begun: Instant) -> Result<SearchResponse, Failure> {
        let total = shards.len();
        let (asked, skipped) = self.pre_filter(shards).await?;
        let answers = self.query(asked).await?;
        let shards = Shards { total, skipped };
        if self.request.scan.is_some() {
            return self.scanned(answers, begun, shards).await;
        }
        self.answer(answers, begun, shards).await
    }

    fn concurrent(&self) -> usize {
        self.request
            .max_concurrent_shard_requests
            .map_or(CONCURRENT_SHARDS, |limit| limit.clamp(1, 1_000) as usize)
    }

    /// Leaves out shards that cannot match, where asking is worth it; at least one stays, for the shape of the answer.
    async fn pre_filter(&mut self, shards: Vec<Part>) -> Result<(Vec<Part>, u32), Failure> {
        let by_field = matches!(
            self.source.sort.first().map(|key| &key.target),
            Some(SortTarget::Field(_))
        );
        let sliced = self.source.slice.is_some();
        let threshold = self
            .request
            .pre_filter_shard_size
            .unwrap_or(if by_field || sliced {
                1
            } else {
                PRE_FILTER_SHARDS
            });
        let worth_it = by_field || sliced || self.source.query.is_some();
        // A scan tells of every shard what it looks at.
        let worth_it = worth_it && self.request.scan.is_none();
        if !worth_it || shards.len() <= threshold as usize {
            return Ok((shards, 0));
        }
        let begun = Instant::now();
        let asking = stream::iter(shards)
            .map(|part| async {
                let answer = self
                    .node
                    .call::<CanMatch>(&self.task, &part.at, part.query.clone())
                    .await;
                // A shard that fails here is asked in the query phase, which tells why.
                (part, answer.unwrap_or(true))
            })
            .buffered(self.concurrent());
        let answers: Vec<(Part, bool)> = asking.collect().await;
        self.took.can_match = millis(begun);
        let none_can = answers.iter().all(|(_, can)| !can);
        let total = answers.len();
        let mut kept: Vec<Part> = Vec::with_capacity(total);
        for (part, can) in answers {
            if can || (none_can && kept.is_empty()) {
                kept.push(part);
            }
        }
        let skipped = u32::try_from(total - kept.len()).unwrap_or(u32::MAX);
        Ok((kept, skipped))
    }

    /// Asks every shard. What fails is kept in `failures`.
    async fn query(&mut self, shards: Vec<Part>) -> Result<Vec<(Answered, ShardResult)>, Failure> {
        let begun = Instant::now();
        let asked = shards.len();
        let openings: Vec<Option<Opening>> = shards
            .iter()
            .enumerate()
            .map(|(place, part)| self.opening(place, &part.query.shard))
            .collect();
        let asking = stream::iter(shards.into_iter().zip(openings))
            .map(|(Part { at, mut query }, opening)| async {
                query.alone = self.alone;
                query.opening = opening;
                let shard = query.shard.clone();
                let answer = self.node.call::<QueryPhase>(&self.task, &at, query).await;
                (at, shard, answer)
            })
            .buffered(self.concurrent());
        let answers: Vec<(NodeId, ShardId, Result<ShardAnswer, Failure>)> = asking.collect().await;
        let mut answered = Vec::with_capacity(answers.len());
        for (at, shard, answer) in answers {
            match answer {
                Ok(ShardAnswer {
                    result,
                    hits,
                    context,
                    scan,
                }) => {
                    self.keep(&at, context.as_ref());
                    let answered_shard = Answered {
                        at,
                        shard,
                        context,
                        hits,
                        scan,
                    };
                    answered.push((answered_shard, result));
                }
                Err(reason) => self.failed(&at, &shard, reason),
            }
        }
        self.took.query = millis(begun);
        let why = if answered.is_empty() && asked > 0 {
            Some(("query", "all shards failed"))
        } else if !self.failures.is_empty() && !self.request.allow_partial_results {
            Some(("query", "Partial shards failure"))
        } else {
            None
        };
        if let Some((phase, reason)) = why {
            self.free(answered.into_iter().map(|(shard, _)| shard))
                .await;
            return Err(Failure::search_phase(
                phase,
                reason,
                std::mem::take(&mut self.failures),
            ));
        }
        Ok(answered)
    }

    /// What begins with the first page on the shard at `place`: a scan reads only from the first shard at once.
    fn opening(&self, place: usize, shard: &ShardId) -> Option<Opening> {
        let keep_alive = self.request.scroll?;
        let scan = self.request.scan.as_ref().map(|scan| {
            let bounds = scan
                .bounds
                .iter()
                .find(|bounds| bounds.uuid == shard.uuid && bounds.shard == shard.shard);
            ScanOpening {
                from: bounds.map_or(0, |bounds| bounds.from),
                through: bounds.map(|bounds| bounds.through),
                size: if place == 0 { self.page_size() } else { 0 },
            }
        });
        Some(Opening { keep_alive, scan })
    }

    fn page_size(&self) -> usize {
        usize::try_from(self.source.size()).unwrap_or(usize::MAX)
    }

    /// Remembers a context of the scroll that begins.
    fn keep(&mut self, at: &NodeId, context: Option<&ContextId>) {
        if let (Some(context), true) = (context, self.request.scroll.is_some()) {
            self.kept.push(Place {
                node: at.clone(),
                context: context.clone(),
            });
        }
    }

    pub(super) fn failed(&mut self, at: &NodeId, shard: &ShardId, reason: Failure) {
        self.failures.push(ShardFailure {
            shard: i64::from(shard.shard),
            index: Some(shard.index.clone()),
            node: Some(at.to_string()),
            reason,
        });
    }

    async fn answer(
        &mut self,
        answers: Vec<(Answered, ShardResult)>,
        begun: Instant,
        shards: Shards,
    ) -> Result<SearchResponse, Failure> {
        let (mut answered, results): (Vec<Answered>, Vec<ShardResult>) =
            answers.into_iter().unzip();
        let reduced = match self.reduce(results).await {
            Ok(reduced) => reduced,
            Err(failure) => {
                self.free(answered).await;
                return Err(self.reduce_failure(failure));
            }
        };
        let begun_fetch = Instant::now();
        let hits = match answered.as_mut_slice() {
            [only] if self.alone => std::mem::take(&mut only.hits),
            _ => self.fetch(&reduced, answered).await?,
        };
        self.took.fetch = millis(begun_fetch);
        let hits = reduced.dress(hits);
        let trips = if self.alone {
            Trips::QueryAndFetch
        } else {
            Trips::QueryThenFetch
        };
        Ok(self.response(begun, shards, reduced, hits, trips))
    }

    /// Fills the first page of a scan, shard after shard.
    async fn scanned(
        &mut self,
        answers: Vec<(Answered, ShardResult)>,
        begun: Instant,
        shards: Shards,
    ) -> Result<SearchResponse, Failure> {
        let mut page = ScanPage::new(self.page_size());
        let (mut total, mut bounds) = (0, Vec::with_capacity(answers.len()));
        for (shard, (answered, result)) in answers.into_iter().enumerate() {
            total += result.total.map_or(0, |total| total.value);
            bounds.extend(answered.scan);
            page.timed_out |= result.timed_out;
            page.add(shard, result.top, answered.hits);
        }
        // The first shard was asked for all that the page has room for.
        let is_done = page.has_room();
        let keep_alive = self.request.scroll;
        let mut place = ScanPlace {
            at: usize::from(is_done),
            page: u64::from(!is_done),
            total,
            size: self.page_size(),
            touched: u64::try_from(self.now).unwrap_or(0),
            kept: keep_alive.map_or(0, in_millis),
        };
        // Shards that failed end what the scan is for.
        if self.failures.is_empty() {
            let (node, task) = (&self.node, &self.task);
            place = scanning::fill(node, task, &self.kept, place, keep_alive, &mut page).await?;
        }
        let (reduced, hits) = page.finish(total);
        let mut response = self.response(begun, shards, reduced, hits, Trips::Scan(place));
        response.scan = bounds;
        Ok(response)
    }

    fn response(
        &mut self,
        begun: Instant,
        shards: Shards,
        reduced: Reduced,
        hits: Vec<Hit>,
        trips: Trips,
    ) -> SearchResponse {
        let failed = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        let total = u32::try_from(shards.total).unwrap_or(u32::MAX);
        let scroll_id = (!self.kept.is_empty()).then(|| {
            let shards = self.kept.clone();
            ScrollId { trips, shards }.write()
        });
        SearchResponse {
            scroll_id,
            pit_id: self
                .source
                .point_in_time
                .as_ref()
                .map(|point| point.id.clone()),
            scan: Vec::new(),
            took: millis(begun),
            phase_took: self.request.phase_took.then_some(self.took),
            shards: ShardCounts {
                total,
                successful: total.saturating_sub(failed),
                skipped: shards.skipped,
                failed,
                failures: group_shard_failures(std::mem::take(&mut self.failures)),
            },
            reduced,
            hits,
            asked: self.source.aggregations.clone(),
        }
    }

    /// Joins the findings: here when that is quick, on the pool when it may take long.
    async fn reduce(&self, results: Vec<ShardResult>) -> Result<Reduced, Failure> {
        let max_buckets = self.node.setting("search.max_buckets");
        let max_buckets = max_buckets.parse().unwrap_or(65_535);
        let hits: usize = results.iter().map(|result| result.top.len()).sum();
        let buckets: u64 = results
            .iter()
            .filter_map(|result| result.aggregations.as_ref())
            .map(PartialAggregations::bytes)
            .sum();
        let grows = self
            .source
            .aggregations
            .as_ref()
            .is_some_and(Aggregations::fill_gaps);
        if hits <= MANY_HITS && buckets <= MANY_BUCKETS && !grows {
            return reduce::reduce(&self.source, results, max_buckets, &self.task);
        }
        self.task.enter("joining what the shards found");
        let source = Arc::clone(&self.source);
        let work = move |task: &Task| reduce::reduce(&source, results, max_buckets, task);
        self.node.pools().search.run(&self.task, work).await
    }

    /// What the client sees when joining fails.
    fn reduce_failure(&self, cause: Failure) -> Failure {
        let cause = if cause.kind == Kind::TaskCancelled {
            terminated()
        } else {
            cause
        };
        let mut failure = Failure::search_phase("fetch", "", Vec::new());
        failure.cause = Some(Box::new(cause));
        failure
    }

    /// A search that was cancelled after some shards had answered has no answer.
    fn unless_cancelled(
        &self,
        response: Result<SearchResponse, Failure>,
    ) -> Result<SearchResponse, Failure> {
        if response.is_ok() && self.task.is_cancelled() {
            return Err(self.reduce_failure(terminated()));
        }
        response
    }
}

/// The shards of a search before they were asked.
struct Shards {
    total: usize,
    /// Those that could not have matched.
    skipped: u32,
}

fn terminated() -> Failure {
    Failure::new(Kind::TaskCancelled, "request has been terminated")
}

pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
