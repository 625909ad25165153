//! Joining what the shards found: the best of all, the sums, and the answer's body.

use glasswork_content::{Failure, Render, ShardFailure};
use glasswork_tasks::Checkpoint;
use serde::{Deserialize, Serialize};

use crate::{
    aggs::{Aggregations, ReducedAggregations},
    collect::{self, SortValue, TotalHits},
    growing_body::GrowingBody,
    interrupt::Halt,
    request::{Order, SearchRequest, SortTarget},
    scan::ShardBounds,
    shard::{Hit, ShardDoc, ShardResult},
};

/// The shards' findings as one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reduced {
    /// How many documents match, as the answer shows it.
    pub total: Option<TotalHits>,
    /// Highest score of all.
    pub max_score: Option<f32>,
    /// The hits of the page, in order: place of the shard in the given list, and the document.
    pub page: Vec<(usize, ShardDoc)>,
    /// Aggregations, reduced.
    pub aggregations: Option<ReducedAggregations>,
    /// Whether any shard ran into the `timeout`.
    pub timed_out: bool,
    /// Whether any shard ended by `terminate_after`.
    pub terminated_early: Option<bool>,
}

/// Joins the results of shards, given in the order of the shards. Ties go to the earlier shard, then the earlier document.
///
/// # Errors
/// The reason to stop; too many buckets.
pub fn reduce(
    request: &SearchRequest,
    results: Vec<ShardResult>,
    max_buckets: u64,
    checkpoint: &dyn Checkpoint,
) -> Result<Reduced, Failure> {
    let mut reduced = Reduced {
        total: request.count_up_to().map(|_| TotalHits {
            value: 0,
            at_least: false,
        }),
        max_score: None,
        page: Vec::new(),
        aggregations: None,
        timed_out: false,
        terminated_early: None,
    };
    let mut partials = Vec::new();
    let mut hits: Vec<(usize, ShardDoc)> = Vec::new();
    for (shard, result) in results.into_iter().enumerate() {
        checkpoint.checkpoint().map_err(crate::failure)?;
        if let (Some(total), Some(found)) = (&mut reduced.total, result.total) {
            total.value = total.value.saturating_add(found.value);
            total.at_least |= found.at_least;
        }
        if let Some(score) = result.max_score {
            reduced.max_score = Some(reduced.max_score.map_or(score, |max| max.max(score)));
        }
        reduced.timed_out |= result.timed_out;
        if let Some(early) = result.terminated_early {
            reduced.terminated_early = Some(early || reduced.terminated_early.unwrap_or(false));
        }
        partials.extend(result.aggregations);
        hits.extend(result.top.into_iter().map(|hit| (shard, hit)));
    }
    if let (Some(total), Some(limit)) = (&mut reduced.total, request.count_up_to())
        && total.value > limit
    {
        *total = TotalHits {
            value: limit,
            at_least: true,
        };
    }
    if request.is_by_score() {
        hits.sort_by(|left, right| {
            let score = |hit: &ShardDoc| hit.score.unwrap_or(f32::NEG_INFINITY);
            score(&right.1)
                .total_cmp(&score(&left.1))
                .then(left.0.cmp(&right.0))
                .then(left.1.address.cmp(&right.1.address))
        });
    } else {
        hits.sort_by(|left, right| {
            collect::compare(&request.sort, &left.1.sort, &right.1.sort)
                .then(left.0.cmp(&right.0))
                .then(left.1.address.cmp(&right.1.address))
        });
        let by_score = request
            .sort
            .iter()
            .position(|key| key.target == SortTarget::Score);
        if let Some(place) = by_score {
            for (_, hit) in &mut hits {
                if let Some(SortValue::Float(score)) = hit.sort.get(place) {
                    hit.score = Some(*score);
                }
            }
            // OpenSearch takes the first hit's score for the highest when `_score` is the first key.
            if place == 0 && request.sort[0].order == Order::Desc {
                reduced.max_score = hits.first().and_then(|(_, hit)| hit.score);
            }
        }
    }
    let from = usize::try_from(request.from()).unwrap_or(usize::MAX);
    let size = usize::try_from(request.size()).unwrap_or(usize::MAX);
    reduced.page = hits.into_iter().skip(from).take(size).collect();
    if let Some(aggregations) = &request.aggregations {
        let answer = aggregations
            .reduce(partials, max_buckets, checkpoint)
            .map_err(|halt| match halt {
                Halt::Failed(failure) => failure,
                Halt::TimedOut => Failure::timeout("Time exceeded"),
            })?;
        reduced.aggregations = Some(answer);
    }
    Ok(reduced)
}

impl Reduced {
    /// Gives the hits their scores and sort values; `hits` are those of [`Reduced::page`], in its order.
    pub fn dress(&self, mut hits: Vec<Hit>) -> Vec<Hit> {
        for ((_, document), hit) in self.page.iter().zip(&mut hits) {
            hit.score = document.score;
            hit.sort = document.sort.clone();
        }
        hits
    }
}

/// How the shards of a search fared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardCounts {
    /// Shards asked.
    pub total: u32,
    /// Those that answered.
    pub successful: u32,
    /// Those that could not have matched.
    pub skipped: u32,
    /// Those that failed.
    pub failed: u32,
    /// Why, grouped.
    pub failures: Vec<ShardFailure>,
}

impl ShardCounts {
    /// Writes `"_shards": {…}`.
    pub fn render(&self, out: &mut Render) {
        out.field_object("_shards");
        out.field_long("total", i64::from(self.total));
        out.field_long("successful", i64::from(self.successful));
        out.field_long("skipped", i64::from(self.skipped));
        out.field_long("failed", i64::from(self.failed));
        if !self.failures.is_empty() {
            out.field_array("failures");
            for failure in &self.failures {
                out.object();
                out.field_long("shard", failure.shard);
                match &failure.index {
                    Some(index) => out.field_str("index", index),
                    None => out.field_null("index"),
                }
                if let Some(node) = &failure.node {
                    out.field_str("node", node);
                }
                out.key("reason");
                failure.reason.render(out);
                out.end_object();
            }
            out.end_array();
        }
        out.end_object();
    }
}

/// The answer to a search.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SearchResponse {
    /// Where the next page can be had, when the search was begun with a keep-alive.
    pub scroll_id: Option<String>,
    /// The point in time that was searched.
    pub pit_id: Option<String>,
    /// What a scan looks at on each shard, in the order of the shards that [`Reduced::page`] counts; empty for other searches.
    pub scan: Vec<ShardBounds>,
    /// Milliseconds it took.
    pub took: u64,
    /// Milliseconds of each phase (`phase_took`), if asked for.
    pub phase_took: Option<PhaseTook>,
    /// How the shards fared.
    pub shards: ShardCounts,
    /// What was found.
    pub reduced: Reduced,
    /// The hits of the page.
    pub hits: Vec<Hit>,
    /// The aggregations that were asked for, which know how to write their answers.
    pub asked: Option<Aggregations>,
}

/// Milliseconds of the phases of a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTook {
    /// Finding.
    pub query: u64,
    /// Reading the hits.
    pub fetch: u64,
    /// Asking which shards can match.
    pub can_match: u64,
}

/// How a response is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResponseOptions {
    /// `rest_total_hits_as_int`
    pub total_as_int: bool,
    /// `typed_keys`
    pub typed_keys: bool,
}

impl SearchResponse {
    /// About how many bytes the answer is made from: what writing it takes grows with that.
    pub fn weight(&self) -> u64 {
        let hit = |hit: &Hit| {
            let fields: usize = hit.fields.iter().map(|(_, values)| values.len()).sum();
            128 + hit.source.as_ref().map_or(0, |source| source.len()) + fields
        };
        let hits: usize = self.hits.iter().map(hit).sum();
        let aggregations = self.reduced.aggregations.as_ref();
        hits as u64 + aggregations.map_or(0, ReducedAggregations::bytes)
    }

    /// Writes the keys of the body without the braces around them, so that `_msearch` can add its own.
    ///
    /// # Errors
    /// The reason to stop; a stored source that is not JSON.
    pub fn render_fields(
        &self,
        options: ResponseOptions,
        out: &mut Render,
        checkpoint: &dyn Checkpoint,
    ) -> Result<(), Failure> {
        if let Some(id) = &self.scroll_id {
            out.field_str("_scroll_id", id);
        }
        if let Some(id) = &self.pit_id {
            out.field_str("pit_id", id);
        }
        out.field_unsigned("took", self.took);
        if let Some(phases) = &self.phase_took {
            out.field_object("phase_took");
            out.field_unsigned("dfs_pre_query", 0);
            out.field_unsigned("query", phases.query);
            out.field_unsigned("fetch", phases.fetch);
            out.field_unsigned("dfs_query", 0);
            out.field_unsigned("expand", 0);
            out.field_unsigned("can_match", phases.can_match);
            out.end_object();
        }
        out.field_bool("timed_out", self.reduced.timed_out);
        if let Some(early) = self.reduced.terminated_early {
            out.field_bool("terminated_early", early);
        }
        self.shards.render(out);
        out.field_object("hits");
        if let Some(total) = self.reduced.total {
            if options.total_as_int {
                out.field_unsigned("total", total.value);
            } else {
                out.field_object("total");
                out.field_unsigned("value", total.value);
                out.field_str("relation", if total.at_least { "gte" } else { "eq" });
                out.end_object();
            }
        } else if options.total_as_int {
            out.field_long("total", -1);
        }
        match self.reduced.max_score {
            Some(score) => out.field_float("max_score", score),
            // OpenSearch's empty answer, when there is no shard to ask, has a score.
            None if self.shards.total == 0 => out.field_float("max_score", 0.0),
            None => out.field_null("max_score"),
        }
        out.field_array("hits");
        let mut body = GrowingBody::new(out, checkpoint);
        for hit in &self.hits {
            body.check(out).map_err(crate::failure)?;
            hit.render(out)?;
        }
        out.end_array();
        out.end_object();
        if let (Some(aggregations), Some(reduced)) = (&self.asked, &self.reduced.aggregations) {
            out.field_object("aggregations");
            aggregations
                .render_answers(reduced, options.typed_keys, out, checkpoint)
                .map_err(|halt| match halt {
                    Halt::Failed(failure) => failure,
                    Halt::TimedOut => Failure::timeout("Time exceeded"),
                })?;
            out.end_object();
        }
        Ok(())
    }
}
