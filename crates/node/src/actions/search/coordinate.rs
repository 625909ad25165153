//! What the coordinating node of a search does: resolve, ask the shards, reduce, have the hits fetched.

use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::{StreamExt, future::join_all, stream};
use glasswork_content::{
    Failure, Kind, ShardFailure, failure::group_shard_failures, text::parse_time,
};
use glasswork_search::{
    query::{self, Bool, Query},
    reduce::{self, PhaseTook, Reduced, SearchResponse, ShardCounts},
    request::{SearchRequest as Source, SortTarget},
    shard::{Hit, ShardResult},
};
use glasswork_tasks::{NodeId, Task};

use super::{
    CanMatch, FetchPhase, FreeContext, QueryPhase, SearchRequest,
    contexts::ContextId,
    fetch::ShardFetch,
    query::{ShardAnswer, ShardQuery},
};
use crate::{
    CancelTimer, Node,
    actions::{documents::primary_of, indices::ShardId},
    metadata::SearchTarget,
};

/// Shards asked at the same time when nothing is said.
const CONCURRENT_SHARDS: usize = 64;
/// From how many shards on a search that is not sorted by a field asks first which can match.
const PRE_FILTER_SHARDS: u32 = 128;
/// Hits above which joining the shards' findings is work for the pool.
const MANY_HITS: usize = 1_000;
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
    let shards = shards(&node, &request, now)?;
    let alone = shards.len() == 1;
    let mut search = Search {
        node,
        task,
        request,
        took: PhaseTook::default(),
        failures: Vec::new(),
        now,
    };
    let total = shards.len();
    let (asked, skipped) = search.pre_filter(shards).await?;
    let answers = search.query(asked, alone).await?;
    let response = search.answer(answers, begun, total, skipped).await;
    search.check_cancelled(&response)?;
    response
}

/// One shard with what is asked of it, and where it lies.
struct Part {
    at: NodeId,
    query: ShardQuery,
}

/// A shard that answered.
struct Answered {
    at: NodeId,
    shard: ShardId,
    context: Option<ContextId>,
    hits: Vec<Hit>,
}

struct Search {
    node: Arc<Node>,
    task: Task,
    request: SearchRequest,
    took: PhaseTook,
    failures: Vec<ShardFailure>,
    /// What `now` is, milliseconds since 1970, for all shards.
    now: i64,
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

/// The shards that the request looks at, in the order in which equal hits come.
fn shards(node: &Arc<Node>, request: &SearchRequest, now: i64) -> Result<Vec<Part>, Failure> {
    let targets = node
        .metadata()
        .resolve_search(&request.indices, request.routing.as_deref())?;
    let mut parts = Vec::new();
    for target in &targets {
        target.index.options.blocks.check_read(&target.index.name)?;
        let filter = alias_filter(target)?;
        for shard in numbers(target) {
            let shard = ShardId {
                index: target.index.name.to_string(),
                uuid: target.index.uuid.to_string(),
                shard,
            };
            let query = ShardQuery {
                shard,
                source: Arc::clone(&request.source),
                filter: filter.clone(),
                alone: false,
                now,
            };
            parts.push(query);
        }
    }
    parts.sort_by(|left, right| {
        (left.shard.shard, &left.shard.index).cmp(&(right.shard.shard, &right.shard.index))
    });
    parts
        .into_iter()
        .map(|query| {
            Ok(Part {
                at: primary_of(node, &query.shard.uuid, query.shard.shard)?,
                query,
            })
        })
        .collect()
}

fn numbers(target: &SearchTarget) -> Vec<u32> {
    match &target.routing {
        None => (0..target.index.options.number_of_shards).collect(),
        Some(routings) => {
            let mut shards: Vec<u32> = routings
                .iter()
                .flat_map(|routing| target.index.shards_of_routing(routing))
                .collect();
            shards.sort_unstable();
            shards.dedup();
            shards
        }
    }
}

/// What the aliases of the request let through: any of their filters.
fn alias_filter(target: &SearchTarget) -> Result<Option<Query>, Failure> {
    let mut filters = target
        .filters
        .iter()
        .map(query::parse)
        .collect::<Result<Vec<_>, _>>()?;
    if filters.len() < 2 {
        return Ok(filters.pop());
    }
    Ok(Some(
        Bool {
            should: filters,
            ..Bool::default()
        }
        .into(),
    ))
}

impl Search {
    fn source(&self) -> &Source {
        &self.request.source
    }

    fn concurrent(&self) -> usize {
        self.request
            .max_concurrent_shard_requests
            .map_or(CONCURRENT_SHARDS, |limit| limit.clamp(1, 1_000) as usize)
    }

    /// Leaves out shards that cannot match, where asking is worth it; at least one stays, for the shape of the answer.
    async fn pre_filter(&mut self, shards: Vec<Part>) -> Result<(Vec<Part>, u32), Failure> {
        let by_field = matches!(
            self.source().sort.first().map(|key| &key.target),
            Some(SortTarget::Field(_))
        );
        let threshold = self.request.pre_filter_shard_size.unwrap_or(if by_field {
            1
        } else {
            PRE_FILTER_SHARDS
        });
        let worth_it = by_field || self.source().query.is_some();
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
    async fn query(
        &mut self,
        shards: Vec<Part>,
        alone: bool,
    ) -> Result<Vec<(Answered, ShardResult)>, Failure> {
        let begun = Instant::now();
        let asked = shards.len();
        let asking = stream::iter(shards)
            .map(|Part { at, mut query }| async {
                query.alone = alone;
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
                }) => answered.push((
                    Answered {
                        at,
                        shard,
                        context,
                        hits,
                    },
                    result,
                )),
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

    fn failed(&mut self, at: &NodeId, shard: &ShardId, reason: Failure) {
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
        total: usize,
        skipped: u32,
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
            [only] if only.context.is_none() => std::mem::take(&mut only.hits),
            _ => self.fetch(&reduced, answered).await?,
        };
        self.took.fetch = millis(begun_fetch);
        let hits = reduced.dress(hits);
        let failed = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        let shards = ShardCounts {
            total,
            successful: total.saturating_sub(failed),
            skipped,
            failed,
            failures: group_shard_failures(std::mem::take(&mut self.failures)),
        };
        Ok(SearchResponse {
            took: millis(begun),
            phase_took: self.request.phase_took.then_some(self.took),
            shards,
            reduced,
            hits,
            asked: self.source().aggregations.clone(),
        })
    }

    /// Joins the findings: here when that is quick, on the pool when it may take long.
    async fn reduce(&self, results: Vec<ShardResult>) -> Result<Reduced, Failure> {
        let max_buckets = self.node.setting("search.max_buckets");
        let max_buckets = max_buckets.parse().unwrap_or(65_535);
        let hits: usize = results.iter().map(|result| result.top.len()).sum();
        if self.source().aggregations.is_none() && hits <= MANY_HITS {
            return reduce::reduce(self.source(), results, max_buckets, &self.task);
        }
        let source = Arc::clone(&self.request.source);
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

    /// Has the hits of the page read by the shards that have them, and the other contexts given up.
    async fn fetch(
        &mut self,
        reduced: &Reduced,
        answered: Vec<Answered>,
    ) -> Result<Vec<Hit>, Failure> {
        let mut wanted: Vec<Vec<usize>> = vec![Vec::new(); answered.len()];
        for (place, (shard, _)) in reduced.page.iter().enumerate() {
            wanted[*shard].push(place);
        }
        let mut unused = Vec::new();
        let mut parts = Vec::new();
        for (answered, places) in answered.into_iter().zip(wanted) {
            let Some(context) = answered.context.clone() else {
                continue;
            };
            if places.is_empty() {
                unused.push(answered);
                continue;
            }
            let documents = places
                .iter()
                .map(|place| reduced.page[*place].1.address)
                .collect();
            let fetch = ShardFetch {
                shard: answered.shard.clone(),
                context,
                source: Arc::clone(&self.request.source),
                documents,
                now: self.now,
            };
            parts.push((answered, places, fetch));
        }
        let fetching = join_all(parts.into_iter().map(|(answered, places, fetch)| async {
            let hits = self
                .node
                .call::<FetchPhase>(&self.task, &answered.at, fetch)
                .await;
            (answered, places, hits)
        }));
        let (fetched, ()) = futures_util::future::join(fetching, self.free(unused)).await;
        let mut page: Vec<Option<Hit>> = vec![None; reduced.page.len()];
        let mut lost = Vec::new();
        let parts = fetched.len();
        for (answered, places, hits) in fetched {
            match hits {
                Ok(hits) => {
                    for (place, hit) in places.into_iter().zip(hits) {
                        page[place] = Some(hit);
                    }
                }
                Err(reason) => {
                    self.failed(&answered.at, &answered.shard, reason);
                    lost.push(answered);
                }
            }
        }
        let failed = lost.len();
        // A fetch that did not begin has left its context; one that did has taken it.
        self.free(lost).await;
        if failed > 0 && (failed == parts || !self.request.allow_partial_results) {
            let reason = if failed == parts {
                "all shards failed"
            } else {
                "Partial shards failure"
            };
            return Err(Failure::search_phase(
                "fetch",
                reason,
                std::mem::take(&mut self.failures),
            ));
        }
        Ok(page.into_iter().flatten().collect())
    }

    /// Gives up contexts. A node that can't be reached forgets its own in time.
    async fn free(&self, answered: impl IntoIterator<Item = Answered>) {
        let freeing = answered.into_iter().filter_map(|answered| {
            let context = answered.context?;
            Some(async move {
                if let Err(failure) = self
                    .node
                    .call_closing::<FreeContext>(&self.task, &answered.at, context)
                    .await
                {
                    tracing::debug!(%failure, "a search context is left to expire");
                }
            })
        });
        join_all(freeing).await;
    }

    /// A search that was cancelled after some shards had answered has no answer.
    fn check_cancelled(&self, response: &Result<SearchResponse, Failure>) -> Result<(), Failure> {
        if response.is_ok() && self.task.is_cancelled() {
            return Err(self.reduce_failure(terminated()));
        }
        Ok(())
    }
}

fn terminated() -> Failure {
    Failure::new(Kind::TaskCancelled, "request has been terminated")
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
