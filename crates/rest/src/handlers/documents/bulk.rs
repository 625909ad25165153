//! `POST [/{index}]/_bulk`: many writes in one request.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::documents::{Bulk, BulkDefaults, BulkRequest},
};

use super::{SOURCE, WRITE, no_pipeline, source_filter, write_options};
use crate::{
    handler,
    handlers::indices::INDEX,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, text},
};

const HOW: &[Param] = &[flag("require_alias"), text("pipeline", "")];

pub(crate) const ROUTES: &[Route] = &[
    row(Method::Post, "/_bulk", &[INDEX, WRITE, SOURCE, HOW]),
    row(Method::Put, "/_bulk", &[INDEX, WRITE, SOURCE, HOW]),
    row(Method::Post, "/{index}/_bulk", &[WRITE, SOURCE, HOW]),
    row(Method::Put, "/{index}/_bulk", &[WRITE, SOURCE, HOW]),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Lines,
        handler: handler!(bulk),
        action: "indices:data/write/bulk",
    }
}

/// What the lines don't say the parameters do. An item that fails fails alone.
async fn bulk(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let index = params.path("index").to_owned();
    let (routing, options) = write_options(params)?;
    let defaults = BulkDefaults {
        index: (!index.is_empty()).then_some(index),
        routing,
        require_alias: params.flag("require_alias")?,
        source: source_filter(params),
    };
    no_pipeline(params)?;
    params.refuse_unknown()?;
    request.body.require()?;
    let action = BulkRequest::parse(request.body.bytes(), &defaults, options)?;
    let form = request.form.clone();
    node.run::<Bulk, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        form.try_reply(200, |out| answer.render(out))
    })
    .await
}
