//! `PUT /{index}/_mapping`: adds fields to mappings.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{PutMapping, PutMappingRequest},
    metadata::ExpressionOptions,
};

use super::{EXPRESSION, MANAGER, manager_times, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[
    row(Method::Put, "/{index}/_mapping"),
    row(Method::Post, "/{index}/_mapping"),
    row(Method::Put, "/{index}/_mappings"),
    row(Method::Post, "/{index}/_mappings"),
];

const fn row(method: Method, path: &'static str) -> Route {
    Route {
        method,
        path,
        params: &[EXPRESSION, MANAGER],
        body: Body::Object,
        handler: handler!(put_mapping),
        action: "indices:admin/mapping/put",
    }
}

async fn put_mapping(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let target = target(&mut request.params, ExpressionOptions::OPEN_AND_CLOSED)?;
    let deprecated = manager_times(&mut request.params)?;
    request.params.refuse_unknown()?;
    let mapping = request.body.required_tree()?;
    let form = request.form.clone();
    let action = PutMappingRequest { target, mapping };
    node.run::<PutMapping, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
    })
    .await
}
