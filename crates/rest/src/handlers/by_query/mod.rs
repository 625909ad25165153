//! Operations over everything that a query finds: reindex, update by query, delete by query.
//!
//! Here is what their endpoints share: how the work is divided, its pace, and what is answered.

pub(crate) mod delete;
pub(crate) mod reindex;
pub(crate) mod update;

use std::sync::Arc;

use glasswork_content::{failure::Failure, text::TimeValue};
use glasswork_node::{
    Node, StoredAction,
    actions::{
        by_query::{ByQueryRequest, ByQueryResponse, SIZE_DEPRECATED, Shown, Slices, UNLIMITED},
        documents::ActiveShards,
    },
    metadata::ExpressionOptions,
};

use super::{
    documents::SOURCE,
    indices::{EXPRESSION, target},
    search::{HOW, QUERY, SHARDS, how, query, search::REQUEST, search::parameters, shards},
};
use crate::{
    params::Params,
    reply::Reply,
    request::Request,
    routes::{Kind, Param, flag, flag_or, int, param, text, time},
};

/// What each of them takes, beside `timeout`: how long a write waits for shards, and where the address describes a search how
/// long that may take too, as in the reference.
const COMMON: &[Param] = &[
    flag("refresh"),
    text("slices", "1"),
    text("wait_for_active_shards", "1"),
    RATE,
    int("max_docs", ""),
    flag_or("wait_for_completion", "true"),
    time("scroll", "5m"),
];

/// Documents a second.
pub(super) const RATE: Param = param("requests_per_second", Kind::Float, "-1");

/// What the two take that work in the place of the documents, beside what every search takes.
const IN_PLACE: &[Param] = &[
    text("conflicts", "abort"),
    int("scroll_size", "1000"),
    time("search_timeout", ""),
];

/// The parameters of a by-query endpoint.
const BY_QUERY: &[&[Param]] = &[
    COMMON, IN_PLACE, QUERY, REQUEST, SOURCE, SHARDS, HOW, EXPRESSION,
];

/// Reads [`COMMON`] and `timeout`; tells whether the caller waits.
///
/// # Errors
/// 400 for malformed values.
fn common(params: &mut Params, request: &mut ByQueryRequest) -> Result<bool, Failure> {
    let options = &mut request.options;
    options.refresh = params.flag("refresh")?;
    if let Some(timeout) = duration(params, "timeout")? {
        options.timeout = timeout;
    }
    if let Some(slices) = params.text("slices") {
        options.slices = parse_slices(slices)?;
    }
    if let Some(active) = params.text("wait_for_active_shards") {
        options.wait_for_active_shards = ActiveShards::parse(active)?;
    }
    if let Some(rate) = requests_per_second(params)? {
        options.requests_per_second = rate;
    }
    let given = params.int("max_docs")?;
    let before = options.max_docs.and_then(|most| i32::try_from(most).ok());
    // What the body says is looked at again: it was read before the number of slices.
    if let Some(documents) = given.or(before) {
        options.set_max_docs(documents)?;
    }
    params.flag_or("wait_for_completion", true)
}

/// The pace; infinite for `-1`.
///
/// # Errors
/// 400 for what is no number above zero.
pub(super) fn requests_per_second(params: &mut Params) -> Result<Option<f32>, Failure> {
    let Some(text) = params.text("requests_per_second") else {
        return Ok(None);
    };
    let wrong = || {
        Failure::illegal_argument(
            "[requests_per_second] must be a float greater than 0. Use -1 to disable throttling.",
        )
    };
    let trimmed = text.trim();
    // Of the words that stand for numbers Java knows others.
    let is_number = trimmed.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let rate: f32 = match trimmed.parse() {
        Ok(rate) if is_number => rate,
        _ if text.is_empty() => {
            let cause = Failure::new(glasswork_content::Kind::NumberFormat, "empty String");
            return Err(wrong().caused_by(cause));
        }
        _ => return Err(wrong().caused_by(Failure::number_format(text))),
    };
    if rate == -1.0 {
        return Ok(Some(UNLIMITED));
    }
    if rate > 0.0 {
        Ok(Some(rate))
    } else {
        Err(wrong())
    }
}

fn parse_slices(text: &str) -> Result<Slices, Failure> {
    if text == "auto" {
        return Ok(Slices::Auto);
    }
    let wrong = || {
        Failure::illegal_argument(format!(
            "[slices] must be a positive integer or the string \"auto\", but was [{text}]"
        ))
    };
    let slices: i32 = text
        .parse()
        .map_err(|_| wrong().caused_by(Failure::number_format(text)))?;
    match u32::try_from(slices) {
        Ok(slices) if slices > 0 => Ok(Slices::Count(slices)),
        _ => Err(wrong()),
    }
}

fn duration(
    params: &mut Params,
    name: &'static str,
) -> Result<Option<std::time::Duration>, Failure> {
    Ok(params.time(name)?.as_ref().and_then(TimeValue::duration))
}

/// Reads the request of an update or delete by query: first the body, then what the address says in its place. Gives the
/// deprecation warnings that it deserves.
fn by_query(
    request: &mut Request,
    action: &mut ByQueryRequest,
) -> Result<Vec<&'static str>, Failure> {
    let mut warnings = Vec::new();
    if let Some(body) = request.body.tree()? {
        action.read_query(&body)?;
    }
    let params = &mut request.params;
    let mut source = action.source_mut().clone();
    query(params, &mut source)?;
    let mut size = None;
    parameters(params, &mut source, |_, given| {
        size = Some(given);
        Ok(())
    })?;
    *action.source_mut() = source;
    if let Some(size) = size {
        warnings.push(SIZE_DEPRECATED);
        action.options.set_max_docs(size)?;
    }
    let indices = target(params, ExpressionOptions::OPEN)?;
    action.search.indices = indices;
    shards(params, &mut action.search);
    how(params, &mut action.search)?;
    if let Some(scroll) = duration(params, "scroll")? {
        action.options.scroll = scroll;
    }
    if let Some(size) = params.int("scroll_size")? {
        action.source_mut().set_size(size)?;
    }
    if let Some(conflicts) = params.text("conflicts") {
        action.options.set_conflicts(conflicts)?;
    }
    if let Some(timeout) = params.time("search_timeout")? {
        action.source_mut().timeout = Some(timeout);
    }
    Ok(warnings)
}

/// Runs the operation, and answers what came of it, or at once the id of its task.
async fn run<A>(
    node: Arc<Node>,
    request: Request,
    action: ByQueryRequest,
    waits: bool,
    shown: Shown,
    warnings: Vec<&'static str>,
) -> Result<Reply, Failure>
where
    A: StoredAction<Request = ByQueryRequest, Response = ByQueryResponse>,
{
    let form = request.form.clone();
    let reply = if waits {
        node.run::<A, _>(action, request.caller(), move |answer| {
            let answer = answer?;
            Ok(form.reply(answer.http_status(), |out| answer.render(out, shown)))
        })
        .await?
    } else {
        let task = node.start_stored::<A>(action, request.caller()).await?;
        form.reply(200, |out| {
            out.object();
            out.field_str("task", &task.to_string());
            out.end_object();
        })
    };
    Ok(warnings.into_iter().fold(reply, Reply::warning))
}
