//! A search on one shard: what it finds, and the hits that are asked for afterwards.

use std::time::Instant;

use glasswork_content::{Failure, Kind};
use glasswork_script::Context as Purpose;
use serde::{Deserialize, Serialize};

pub use crate::collect::{SortValue, TotalHits};
pub use crate::fetch::{Hit, fetch};

use crate::{
    aggs::{Aggregations, PartialAggregations},
    collect::{self, Collected},
    context::Context,
    interrupt::Halt,
    query::{Compiled, Query, compile::Plan},
    request::{SearchRequest, ShardSlice, SortTarget},
};

/// Where a document lies in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocAddress {
    /// Place of the segment in the view.
    pub segment: u32,
    /// Document of the segment.
    pub doc: u32,
}

/// One of the best documents of a shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardDoc {
    /// Where it lies.
    pub address: DocAddress,
    /// Its score, unless hits are sorted otherwise and scores were not asked for.
    pub score: Option<f32>,
    /// What it is sorted by.
    pub sort: Vec<SortValue>,
    /// The first sort key in the shard's own encoding; means nothing elsewhere.
    #[serde(skip)]
    pub(crate) first_key: Option<u64>,
}

impl ShardDoc {
    /// A document that is neither scored nor sorted.
    pub fn at(address: DocAddress) -> Self {
        Self {
            address,
            score: None,
            sort: Vec::new(),
            first_key: None,
        }
    }
}

/// What the query phase of one shard answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShardResult {
    /// How many documents match, unless that is not counted.
    pub total: Option<TotalHits>,
    /// Highest score, when hits are ordered by it or scores were asked for.
    pub max_score: Option<f32>,
    /// The first `from + size` documents, in order.
    pub top: Vec<ShardDoc>,
    /// What the aggregations found.
    pub aggregations: Option<PartialAggregations>,
    /// Whether the request's `timeout` ended it.
    pub timed_out: bool,
    /// Whether `terminate_after` ended it; absent when that was not asked for.
    pub terminated_early: Option<bool>,
}

impl ShardResult {
    /// Nothing found, nothing counted.
    pub fn empty() -> Self {
        Self {
            total: None,
            max_score: None,
            top: Vec::new(),
            aggregations: None,
            timed_out: false,
            terminated_early: None,
        }
    }
}

/// Which page of a scroll is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Page<'a> {
    /// The first, which also counts and aggregates.
    First,
    /// What comes behind the last hit that was given out, or from the beginning when none was. Nothing is counted.
    Later {
        /// That hit: its place, its score and its sort values.
        behind: Option<&'a ShardDoc>,
    },
}

/// The query phase: finds, counts, sorts and aggregates. `alias_filter` is what the aliases of the request let through.
///
/// # Errors
/// What is wrong with the request for this index (`query_shard_exception`, `illegal_argument_exception`), or why it had to
/// stop (`task_cancelled_exception`, `circuit_breaking_exception`). A `timeout` is no error.
pub fn query(
    context: &Context,
    request: &SearchRequest,
    alias_filter: Option<&Query>,
) -> Result<ShardResult, Failure> {
    query_page(context, request, alias_filter, None)
}

/// The query phase of a page of a scroll; with no `page` the whole of a search.
///
/// # Errors
/// As [`query()`].
pub fn query_page(
    context: &Context,
    request: &SearchRequest,
    alias_filter: Option<&Query>,
    page: Option<Page<'_>>,
) -> Result<ShardResult, Failure> {
    match page {
        None => check(context, request)?,
        Some(_) => check_page(context, request)?,
    }
    set_deadline(context, request);
    let scoring = request.is_by_score()
        || request.track_scores
        || request.min_score.is_some()
        || request.sort.iter().any(|key| match &key.target {
            SortTarget::Score => true,
            SortTarget::Script(script) => script.mentions_the_score(),
            SortTarget::Doc | SortTarget::Field(_) => false,
        });
    let mut compiled = Compiled::new(context, request.query.as_ref(), scoring)?;
    if let Some(filter) = alias_filter {
        compiled = compiled.filtered(context, filter)?;
    }
    let compiled = compiled.sliced(context)?;
    let post_filter = match &request.post_filter {
        Some(filter) => Some(Compiled::new(context, Some(filter), false)?),
        None => None,
    };
    let collected = collect::collect(context, request, &compiled, post_filter.as_ref(), page)?;
    if let Err(Halt::Failed(failure)) = context.interrupt.reason() {
        return Err(failure);
    }
    let Collected {
        total,
        max_score,
        top,
        aggregations,
        timed_out,
        terminated_early,
    } = collected;
    Ok(ShardResult {
        total,
        max_score,
        top,
        aggregations,
        timed_out,
        terminated_early: if request.terminate_after > 0 {
            Some(terminated_early)
        } else {
            counts_at_once(context, request, &compiled.plan).then_some(true)
        },
    })
}

/// The request's `timeout` begins.
pub(crate) fn set_deadline(context: &Context, request: &SearchRequest) {
    let timeout = match request.timeout {
        Some(timeout) => timeout.duration(),
        None => context.limits.default_timeout,
    };
    if let Some(timeout) = timeout
        && let Some(deadline) = Instant::now().checked_add(timeout)
    {
        context.interrupt.set_deadline(deadline);
    }
}

/// Whether only aggregations look at documents, because the count of hits is known and none is wanted: OpenSearch 3.8
/// then says that it terminated early, which clients see.
fn counts_at_once(context: &Context, request: &SearchRequest, plan: &Plan) -> bool {
    request.size() == 0
        && request
            .aggregations
            .as_ref()
            .is_some_and(|aggregations| !aggregations.is_empty())
        && request.post_filter.is_none()
        && request.min_score.is_none()
        && matches!(plan, Plan::All { .. })
        && !context.view.segments().is_empty()
}

/// Query and fetch on a single shard: the answer's hits and aggregations before rendering.
///
/// # Errors
/// As [`query()`] and [`fetch()`].
pub fn execute(
    context: &Context,
    request: &SearchRequest,
) -> Result<(ShardResult, Vec<Hit>), Failure> {
    let result = query(context, request, None)?;
    let wanted: Vec<DocAddress> = result
        .top
        .iter()
        .skip(usize::try_from(request.from()).unwrap_or(usize::MAX))
        .map(|hit| hit.address)
        .collect();
    let hits = fetch(context, request, &wanted)?;
    Ok((result, hits))
}

/// What a shard refuses before it begins.
fn check(context: &Context, request: &SearchRequest) -> Result<(), Failure> {
    let limit = context.limits.max_result_window;
    let window = request.from() + request.size();
    if window > limit {
        return Err(Failure::illegal_argument(format!(
            "Result window is too large, from + size must be less than or equal to: [{limit}] but was [{window}]. See the scroll api for \
             a more efficient way to request large data sets. This limit can be set by changing the [index.max_result_window] index \
             level setting."
        )));
    }
    check_fields(context, request)?;
    if request.search_after.is_some() {
        if request.from() > 0 {
            return Err(Failure::new(
                Kind::Search,
                "`from` parameter must be set to 0 when `search_after` is used.",
            ));
        }
        if request.sort.is_empty() {
            return Err(Failure::illegal_argument(
                "Sort must contain at least one field.",
            ));
        }
    }
    Ok(())
}

/// What a shard refuses before a page of a scroll.
///
/// # Errors
/// Pages that are too large, `search_after`, too many `docvalue_fields`.
pub fn check_page(context: &Context, request: &SearchRequest) -> Result<(), Failure> {
    let (limit, size) = (context.limits.max_result_window, request.size());
    if size > limit {
        return Err(Failure::illegal_argument(format!(
            "Batch size is too large, size must be less than or equal to: [{limit}] but was [{size}]. Scroll batch sizes cost as much \
             memory as result windows so they are controlled by the [index.max_result_window] index level setting."
        )));
    }
    check_fields(context, request)?;
    if request.search_after.is_some() {
        return Err(Failure::new(
            Kind::Search,
            "`search_after` cannot be used in a scroll context.",
        ));
    }
    Ok(())
}

fn check_fields(context: &Context, request: &SearchRequest) -> Result<(), Failure> {
    let fields = request.docvalue_fields.len();
    let limit = context.limits.max_docvalue_fields;
    if fields > limit {
        return Err(Failure::illegal_argument(format!(
            "Trying to retrieve too many docvalue_fields. Must be less than or equal to: [{limit}] but was [{fields}]. This limit can be \
             set by changing the [index.max_docvalue_fields_search] index level setting."
        )));
    }
    let fields = request.script_fields.len();
    let limit = context.limits.max_script_fields;
    if fields > limit {
        return Err(Failure::illegal_argument(format!(
            "Trying to retrieve too many script_fields. Must be less than or equal to: [{limit}] but was [{fields}]. This limit can be set \
             by changing the [index.max_script_fields] index level setting."
        )));
    }
    for field in &request.script_fields {
        field.script.compile(Purpose::Field)?;
    }
    Ok(())
}

/// Whether the query could match anything on this shard, as far as that is known without running it.
///
/// # Errors
/// What is wrong with the query for this index.
pub fn can_match(
    context: &Context,
    request: &SearchRequest,
    alias_filter: Option<&Query>,
) -> Result<bool, Failure> {
    let mut compiled = Compiled::new(context, request.query.as_ref(), false)?;
    if let Some(filter) = alias_filter {
        compiled = compiled.filtered(context, filter)?;
    }
    if context.slice == Some(ShardSlice::Nothing) {
        return Ok(false);
    }
    let beyond = request
        .aggregations
        .as_ref()
        .is_some_and(Aggregations::looks_beyond_the_query);
    Ok(beyond || !compiled.matches_nothing())
}
