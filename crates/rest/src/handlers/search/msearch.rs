//! `GET|POST [/{index}]/_msearch`: several searches, a line with where and a line with what each.

use std::sync::Arc;

use glasswork_content::{
    failure::Failure,
    json::{self, Limits, Node as Json, Value},
    text::parse_time,
};
use glasswork_node::{
    Node,
    actions::search::{MultiSearch, MultiSearchRequest, MultiSearchResponse, SearchRequest},
    metadata::{Expand, ExpressionOptions, IndexExpression},
};
use glasswork_search::{reduce::ResponseOptions, request};

use super::{HOW, SHAPE, how, positive, search_type, total_as_int};
use crate::{
    handler,
    handlers::indices::{EXPRESSION, INDEX, target},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, int},
};

const SEVERAL: &[Param] = &[int("max_concurrent_searches", ""), flag("ignore_throttled")];

/// Greatest number of searches in one request.
const MAX_ITEMS: usize = 10_000;

pub(crate) const ROUTES: &[Route] = &[
    row(
        Method::Get,
        "/_msearch",
        &[INDEX, SEVERAL, HOW, SHAPE, EXPRESSION],
    ),
    row(
        Method::Post,
        "/_msearch",
        &[INDEX, SEVERAL, HOW, SHAPE, EXPRESSION],
    ),
    row(
        Method::Get,
        "/{index}/_msearch",
        &[SEVERAL, HOW, SHAPE, EXPRESSION],
    ),
    row(
        Method::Post,
        "/{index}/_msearch",
        &[SEVERAL, HOW, SHAPE, EXPRESSION],
    ),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Lines,
        handler: handler!(msearch),
        action: "indices:data/read/msearch",
    }
}

async fn msearch(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let defaults = target(params, ExpressionOptions::OPEN)?;
    // Throttled indices don't exist here.
    params.flag("ignore_throttled")?;
    let max_concurrent_searches = positive(
        "maxConcurrentSearchRequests",
        params.int("max_concurrent_searches")?,
    )?;
    let mut options = ResponseOptions {
        typed_keys: params.flag("typed_keys")?,
        ..ResponseOptions::default()
    };
    options.total_as_int = params.flag("rest_total_hits_as_int")?;
    let mut template = SearchRequest::new(defaults, request::SearchRequest::default());
    how(params, &mut template)?;
    params.refuse_unknown()?;
    request.body.require()?;
    let items = items(&request, &template, options.total_as_int)?;
    let action = MultiSearchRequest {
        items,
        max_concurrent_searches,
    };
    let form = request.form.clone();
    let writer = Arc::clone(&node);
    let weight = MultiSearchResponse::weight;
    node.run_weighed::<MultiSearch, _>(action, request.caller(), weight, move |answer, task| {
        let answer = answer?;
        form.long_reply(200, &writer, task, |out| {
            out.object();
            out.field_unsigned("took", answer.took);
            out.field_array("responses");
            for response in &answer.responses {
                match response {
                    Ok(found) => {
                        out.object();
                        found.render_fields(options, out, task)?;
                        out.field_long("status", 200);
                        out.end_object();
                    }
                    Err(failure) => failure.render_body(out),
                }
            }
            out.end_array();
            out.end_object();
            Ok(())
        })
    })
    .await
}

/// The searches of the body.
fn items(
    request: &Request,
    template: &SearchRequest,
    total: bool,
) -> Result<Vec<SearchRequest>, Failure> {
    let lines = request.body.lines();
    let ended = lines.ends_with_newline();
    let mut items = Vec::new();
    let mut lines = lines.peekable();
    while let Some(header) = lines.next() {
        // Blank lines before the first search are nothing.
        if items.is_empty() && header.bytes.is_empty() {
            continue;
        }
        if !ended {
            return Err(Failure::illegal_argument(
                "The msearch request must be terminated by a newline [\n]",
            ));
        }
        if items.len() == MAX_ITEMS {
            return Err(Failure::illegal_argument(format!(
                "a multi-search may hold at most [{MAX_ITEMS}] searches"
            )));
        }
        let mut item = template.clone();
        if !header.bytes.is_empty() {
            metadata(&json::parse(&header.bytes, &Limits::DEFAULT)?, &mut item)?;
        }
        let body = lines.next().map(|line| line.bytes).unwrap_or_default();
        let mut wanted = if body.is_empty() {
            request::SearchRequest::default()
        } else {
            request::SearchRequest::parse(&json::parse(&body, &Limits::DEFAULT)?)?
        };
        if total {
            total_as_int(&mut wanted)?;
        }
        item.source = Arc::new(wanted);
        items.push(item);
    }
    Ok(items)
}

/// Reads the line that says where to search.
fn metadata(header: &Json, item: &mut SearchRequest) -> Result<(), Failure> {
    let Some(object) = header.as_object() else {
        return Err(Failure::illegal_argument(format!(
            "Expected [START_OBJECT] but found [{}] in the metadata section",
            header.token_name()
        )));
    };
    let mut options = item.indices.options;
    for (key, node) in object.iter() {
        match key {
            "index" | "indices" => item.indices.names = names(key, node)?,
            "search_type" => search_type(node.to_text().as_deref())?,
            // No answer is cached, there is one copy of each shard and no other cluster.
            "request_cache" | "ccs_minimize_roundtrips" => drop(node.to_bool()?),
            "preference" => drop(text(key, node)?),
            "routing" => item.routing = Some(text(key, node)?),
            "allow_partial_search_results" => item.allow_partial_results = node.to_bool()?,
            "cancel_after_time_interval" => {
                item.cancel_after = Some(parse_time(&text(key, node)?, key)?)
            }
            "expand_wildcards" | "expandWildcards" => {
                options.expand = Expand::parse(&names(key, node)?.join(","))?
            }
            "ignore_unavailable" | "ignoreUnavailable" => {
                options.ignore_unavailable = node.to_bool()?
            }
            "allow_no_indices" | "allowNoIndices" => options.allow_no_indices = node.to_bool()?,
            "ignore_throttled" | "ignoreThrottled" => drop(node.to_bool()?),
            _ => {
                return Err(Failure::illegal_argument(format!(
                    "key [{key}] is not supported in the metadata section"
                )));
            }
        }
    }
    item.indices = IndexExpression {
        names: std::mem::take(&mut item.indices.names),
        options,
    };
    Ok(())
}

fn text(key: &str, node: &Json) -> Result<String, Failure> {
    node.to_text()
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| {
            Failure::illegal_argument(format!(
                "[{key}] must be a text, found [{}]",
                node.token_name()
            ))
        })
}

fn names(key: &str, node: &Json) -> Result<Vec<String>, Failure> {
    match &node.value {
        Value::Array(nodes) => nodes.iter().map(|node| text(key, node)).collect(),
        _ => Ok(text(key, node)?
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()),
    }
}
