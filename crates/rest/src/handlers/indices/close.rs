//! `POST /{index}/_close`: closes indices; their data stays.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{CloseIndex, CloseIndexRequest},
    metadata::ExpressionOptions,
};

use super::{ACTIVE, EXPRESSION, MANAGER, active_shards, manager_times, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/{index}/_close",
    params: &[EXPRESSION, MANAGER, ACTIVE],
    body: Body::Ignored,
    handler: handler!(close),
    action: "indices:admin/close",
}];

async fn close(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let target = target(&mut request.params, ExpressionOptions::METADATA)?;
    // A closed index has no shard to wait for.
    active_shards(&mut request.params)?;
    let deprecated = manager_times(&mut request.params)?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<CloseIndex, _>(
        CloseIndexRequest { target },
        request.caller(),
        move |answer| {
            let answer = answer?;
            Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
        },
    )
    .await
}
