//! `DELETE /{index}`: deletes indices.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{DeleteIndex, DeleteIndexRequest},
    metadata::ExpressionOptions,
};

use super::{EXPRESSION, MANAGER, manager_times, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Delete,
    path: "/{index}",
    params: &[EXPRESSION, MANAGER],
    body: Body::Ignored,
    handler: handler!(delete),
    action: "indices:admin/delete",
}];

/// Names and wildcards, no aliases.
async fn delete(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let options = ExpressionOptions {
        ignore_aliases: true,
        ..ExpressionOptions::OPEN_AND_CLOSED
    };
    let target = target(&mut request.params, options)?;
    let deprecated = manager_times(&mut request.params)?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<DeleteIndex, _>(
        DeleteIndexRequest { target },
        request.caller(),
        move |answer| {
            let answer = answer?;
            Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
        },
    )
    .await
}
