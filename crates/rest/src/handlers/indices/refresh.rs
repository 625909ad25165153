//! `POST [/{index}]/_refresh`: makes writes visible to searches.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{Refresh, RefreshRequest},
    metadata::ExpressionOptions,
};

use super::{EXPRESSION, INDEX, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route},
};

pub(crate) const ROUTES: &[Route] = &[
    row(Method::Post, "/_refresh", &[INDEX, EXPRESSION]),
    row(Method::Get, "/_refresh", &[INDEX, EXPRESSION]),
    row(Method::Post, "/{index}/_refresh", &[EXPRESSION]),
    row(Method::Get, "/{index}/_refresh", &[EXPRESSION]),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(refresh),
        action: "indices:admin/refresh",
    }
}

async fn refresh(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let target = target(&mut request.params, ExpressionOptions::OPEN)?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<Refresh, _>(RefreshRequest { target }, request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| answer.render(out)))
    })
    .await
}
