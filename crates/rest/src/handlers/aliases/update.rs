//! `POST /_aliases`: changes aliases, all of a request at once.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{UpdateAliases, UpdateAliasesRequest},
};

use crate::{
    handler,
    handlers::indices::{MANAGER, manager_times},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/_aliases",
    params: &[MANAGER],
    body: Body::Object,
    handler: handler!(update),
    action: "indices:admin/aliases",
}];

async fn update(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let deprecated = manager_times(&mut request.params)?;
    request.params.refuse_unknown()?;
    let action = UpdateAliasesRequest::parse(&request.body.required_tree()?)?;
    let form = request.form.clone();
    node.run::<UpdateAliases, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
    })
    .await
}
