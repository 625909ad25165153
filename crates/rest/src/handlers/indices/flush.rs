//! `POST [/{index}]/_flush`: makes segments durable and trims the logs.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{Flush, FlushRequest},
    metadata::ExpressionOptions,
};

use super::{EXPRESSION, INDEX, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, flag_or},
};

const HOW: &[Param] = &[flag("force"), flag_or("wait_if_ongoing", "true")];

pub(crate) const ROUTES: &[Route] = &[
    row(Method::Post, "/_flush", &[INDEX, EXPRESSION, HOW]),
    row(Method::Get, "/_flush", &[INDEX, EXPRESSION, HOW]),
    row(Method::Post, "/{index}/_flush", &[EXPRESSION, HOW]),
    row(Method::Get, "/{index}/_flush", &[EXPRESSION, HOW]),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(flush),
        action: "indices:admin/flush",
    }
}

async fn flush(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let target = target(params, ExpressionOptions::OPEN)?;
    // A flush with nothing to do is as good as a forced one, and it always waits for one that is going on.
    let force = params.flag("force")?;
    let wait = params.flag_or("wait_if_ongoing", true)?;
    params.refuse_unknown()?;
    if force && !wait {
        return Err(Failure::validation([
            "wait_if_ongoing must be true for a force flush",
        ]));
    }
    let form = request.form.clone();
    node.run::<Flush, _>(FlushRequest { target }, request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| answer.render(out)))
    })
    .await
}
