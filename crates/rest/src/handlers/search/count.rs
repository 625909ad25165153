//! `GET|POST [/{index}]/_count`: how many documents match. A search without hits.

use std::sync::Arc;

use glasswork_content::{Node as Json, failure::Failure};
use glasswork_node::{
    Node,
    actions::search::{SearchAction, SearchRequest},
    metadata::ExpressionOptions,
};
use glasswork_search::{query as language, request};

use super::{QUERY, SHARDS, query, shards};
use crate::{
    handler,
    handlers::indices::{EXPRESSION, INDEX, target},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, float, int},
};

const LIMITS: &[Param] = &[
    float("min_score", ""),
    int("terminate_after", "0"),
    flag("ignore_throttled"),
];

pub(crate) const ROUTES: &[Route] = &[
    row(
        Method::Get,
        "/_count",
        &[INDEX, QUERY, SHARDS, LIMITS, EXPRESSION],
    ),
    row(
        Method::Post,
        "/_count",
        &[INDEX, QUERY, SHARDS, LIMITS, EXPRESSION],
    ),
    row(
        Method::Get,
        "/{index}/_count",
        &[QUERY, SHARDS, LIMITS, EXPRESSION],
    ),
    row(
        Method::Post,
        "/{index}/_count",
        &[QUERY, SHARDS, LIMITS, EXPRESSION],
    ),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Object,
        handler: handler!(count),
        action: "indices:data/read/search",
    }
}

async fn count(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let indices = target(params, ExpressionOptions::OPEN)?;
    // Throttled indices don't exist here.
    params.flag("ignore_throttled")?;
    let mut wanted = request::SearchRequest::default();
    wanted.set_size(0)?;
    wanted.set_track_total_hits(i32::MAX)?;
    if let Some(body) = request.body.tree()? {
        wanted.query = body_query(&body)?;
    }
    query(params, &mut wanted)?;
    wanted.min_score = params.float("min_score")?;
    if let Some(documents) = params.int("terminate_after")? {
        wanted.set_terminate_after(documents)?;
    }
    let mut search = SearchRequest::new(indices, wanted);
    shards(params, &mut search);
    params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<SearchAction, _>(search, request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| {
            out.object();
            if answer.reduced.terminated_early == Some(true) {
                out.field_bool("terminated_early", true);
            }
            out.field_unsigned("count", answer.reduced.total.map_or(0, |total| total.value));
            answer.shards.render(out);
            out.end_object();
        }))
    })
    .await
}

/// A body that holds nothing but a query.
fn body_query(body: &Json) -> Result<Option<language::Query>, Failure> {
    let Some(object) = body.as_object() else {
        return Err(Failure::parsing(
            format!("Expected [START_OBJECT] but found [{}]", body.token_name()),
            body.at,
        ));
    };
    let mut found = None;
    for entry in object.entries() {
        if entry.key != "query" {
            return Err(Failure::parsing(
                format!("request does not support [{}]", entry.key),
                entry.at,
            ));
        }
        found = Some(language::parse(&entry.node)?);
    }
    Ok(found)
}
