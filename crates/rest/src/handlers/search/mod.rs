//! Searches: one, several, and their counts.
//!
//! Here is what their endpoints share: the query in the address, what shapes the answer, and where to look.

pub(crate) mod count;
pub(crate) mod msearch;
pub(crate) mod point_in_time;
pub(crate) mod scroll;
#[allow(clippy::module_inception, reason = "the endpoint is called so")]
pub(crate) mod search;

use std::time::Duration;

use glasswork_content::{
    failure::Failure,
    json::{Node as Json, Value},
    text::{TimeValue, parse_flag},
};
use glasswork_node::actions::search::SearchRequest;
use glasswork_search::{
    query::{Operator, QueryString},
    request::{self, SourceFilter, TrackTotalHits},
};

use crate::{
    params::Params,
    routes::{Param, flag, flag_or, int, text, time},
};

/// A query in the address.
pub(super) const QUERY: &[Param] = &[
    text("q", ""),
    text("df", ""),
    text("analyzer", ""),
    flag("analyze_wildcard"),
    flag("lenient"),
    text("default_operator", "OR"),
];

/// Which shards are asked. There is one copy of each, so that a preference changes nothing.
pub(super) const SHARDS: &[Param] = &[text("routing", ""), text("preference", "")];

/// How shards are asked, beside what an item of `_msearch` says itself.
pub(super) const HOW: &[Param] = &[
    text("search_type", "query_then_fetch"),
    flag_or("ccs_minimize_roundtrips", "true"),
    int("max_concurrent_shard_requests", "5"),
    int("pre_filter_shard_size", "128"),
    time("cancel_after_time_interval", ""),
];

/// How the answer is written.
pub(super) const SHAPE: &[Param] = &[flag("typed_keys"), flag("rest_total_hits_as_int")];

/// Reads [`QUERY`] into the request: it takes the place of the body's query.
///
/// # Errors
/// 400 for malformed values.
pub(super) fn query(
    params: &mut Params,
    request: &mut request::SearchRequest,
) -> Result<(), Failure> {
    let Some(text) = params.text("q") else {
        return Ok(());
    };
    let mut query = QueryString::new(text);
    query.default_field = params.text("df").map(str::to_owned);
    query.analyzer = params.text("analyzer").map(str::to_owned);
    query.analyze_wildcard = Some(params.flag("analyze_wildcard")?);
    query.lenient = params.flag_if_given("lenient")?;
    if let Some(operator) = params.text("default_operator") {
        query.default_operator = Operator::parse(operator)?;
    }
    request.query = Some(query.into());
    Ok(())
}

/// Reads [`SHARDS`].
pub(super) fn shards(params: &mut Params, search: &mut SearchRequest) {
    search.routing = params.text("routing").map(str::to_owned);
    search.preference = params.text("preference").map(str::to_owned);
}

/// Reads [`HOW`].
///
/// # Errors
/// 400 for malformed values and for another type of search.
pub(super) fn how(params: &mut Params, search: &mut SearchRequest) -> Result<(), Failure> {
    search_type(params.text("search_type"))?;
    // There are no other clusters whose round trips could be counted.
    params.flag_or("ccs_minimize_roundtrips", true)?;
    search.max_concurrent_shard_requests = positive(
        "maxConcurrentShardRequests",
        params.int("max_concurrent_shard_requests")?,
    )?;
    search.pre_filter_shard_size =
        positive("preFilterShardSize", params.int("pre_filter_shard_size")?)?;
    search.cancel_after = params.time("cancel_after_time_interval")?;
    Ok(())
}

/// For how long contexts are kept; a negative time is none at all.
pub(super) fn keep_alive(time: Option<TimeValue>) -> Option<Duration> {
    time.map(|time| time.duration().unwrap_or_default())
}

/// The ids of a body that holds nothing but them, `{"scroll_id": "…"}` or `{"scroll_id": ["…", "…"]}`.
///
/// # Errors
/// 400 for any other key or value.
pub(super) fn ids(body: &Json, name: &str) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    for (key, node) in fields(body)? {
        match &node.value {
            _ if key != name => return Err(unknown(key, node)),
            Value::Array(nodes) => {
                for node in nodes {
                    ids.push(id(node, name, "array element")?);
                }
            }
            _ => ids.push(id(node, name, "element")?),
        }
    }
    Ok(ids)
}

/// The keys and values of a body of a scroll or a point in time.
///
/// # Errors
/// 400 when it is no object.
pub(super) fn fields(body: &Json) -> Result<Vec<(&str, &Json)>, Failure> {
    let object = body
        .as_object()
        .ok_or_else(|| Failure::illegal_argument("Malformed content, must start with an object"))?;
    Ok(object.iter().collect())
}

/// OpenSearch's complaint about a key that such a body doesn't have.
pub(super) fn unknown(key: &str, node: &Json) -> Failure {
    Failure::illegal_argument(format!(
        "Unknown parameter [{key}] in request body or parameter is of the wrong type[{}] ",
        node.token_name()
    ))
}

fn id(node: &Json, name: &str, what: &str) -> Result<String, Failure> {
    match &node.value {
        Value::Null => None,
        _ => node.to_text().map(std::borrow::Cow::into_owned),
    }
    .ok_or_else(|| Failure::illegal_argument(format!("{name} {what} should only contain {name}")))
}

/// A number that has to be above zero.
pub(super) fn positive(name: &str, number: Option<i32>) -> Result<Option<u32>, Failure> {
    let checked = |number: i32| {
        u32::try_from(number)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| Failure::illegal_argument(format!("{name} must be >= 1")))
    };
    number.map(checked).transpose()
}

/// Only the type of search that there is.
///
/// # Errors
/// 400 for another.
pub(super) fn search_type(name: Option<&str>) -> Result<(), Failure> {
    match name {
        None | Some("query_then_fetch") => Ok(()),
        Some("dfs_query_then_fetch") => Err(Failure::illegal_argument(
            "search type [dfs_query_then_fetch] is not supported",
        )),
        Some(other) => Err(Failure::illegal_argument(format!(
            "No search type for [{other}]"
        ))),
    }
}

/// What `rest_total_hits_as_int` asks of the request: an exact count, unless there is to be none.
///
/// # Errors
/// 400 when the request counts only up to a number.
pub(super) fn total_as_int(request: &mut request::SearchRequest) -> Result<(), Failure> {
    match request.track_total_hits {
        None => request.track_total_hits = Some(TrackTotalHits::Exactly),
        Some(TrackTotalHits::Exactly | TrackTotalHits::No) => {}
        Some(TrackTotalHits::UpTo(limit)) => {
            return Err(Failure::illegal_argument(format!(
                "[rest_total_hits_as_int] cannot be used if the tracking of total hits is not accurate, got {limit}"
            )));
        }
    }
    Ok(())
}

/// Reads `_source`, `_source_includes` and `_source_excludes`; `None` when none is given.
///
/// # Errors
/// 400 when a pattern is included and excluded.
pub(super) fn source(params: &mut Params) -> Result<Option<SourceFilter>, Failure> {
    let (mut fetch, mut includes) = (None, None);
    if let Some(source) = params.text("_source") {
        match parse_flag(source) {
            Ok(flag) => fetch = flag,
            Err(_) => includes = params.list_if_given("_source"),
        }
    }
    let includes = params.list_if_given("_source_includes").or(includes);
    let excludes = params.list_if_given("_source_excludes");
    if fetch.is_none() && includes.is_none() && excludes.is_none() {
        return Ok(None);
    }
    let filter = SourceFilter::of(includes.unwrap_or_default(), excludes.unwrap_or_default())?;
    Ok(Some(SourceFilter {
        fetch: fetch.unwrap_or(true),
        ..filter
    }))
}
