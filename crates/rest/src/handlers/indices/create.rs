//! `PUT /{index}`: makes an index.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{CreateIndex, CreateIndexRequest},
};

use super::{ACTIVE, MANAGER, active_shards, manager_times};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Put,
    path: "/{index}",
    params: &[MANAGER, ACTIVE],
    body: Body::Object,
    handler: handler!(create),
    action: "indices:admin/create",
}];

/// The body may have `settings`, `mappings` and `aliases`, or not be there.
async fn create(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let index = request.params.path("index").to_owned();
    let active = active_shards(&mut request.params)?;
    let deprecated = manager_times(&mut request.params)?;
    request.params.refuse_unknown()?;
    let body = request
        .body
        .tree()
        .map_err(|cause| Failure::parse("Failed to parse content to map").caused_by(cause))?;
    let mut action = match &body {
        Some(body) => CreateIndexRequest::parse(index, body)?,
        None => CreateIndexRequest::new(index),
    };
    action.wait_for_active_shards = active;
    let form = request.form.clone();
    node.run::<CreateIndex, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
    })
    .await
}
