//! `DELETE /{index}/_alias/{name}`: takes a name from indices.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{AliasAction, UpdateAliases, UpdateAliasesRequest},
};

use crate::{
    handler,
    handlers::indices::{MANAGER, manager_times},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/{index}/_alias/{name}"),
    row("/{index}/_aliases/{name}"),
];

const fn row(path: &'static str) -> Route {
    Route {
        method: Method::Delete,
        path,
        params: &[MANAGER],
        body: Body::Ignored,
        handler: handler!(delete),
        action: "indices:admin/aliases",
    }
}

async fn delete(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let indices = request.params.list("index");
    let aliases = request.params.list("name");
    let deprecated = manager_times(&mut request.params)?;
    request.params.refuse_unknown()?;
    let remove = AliasAction::Remove {
        indices,
        aliases,
        must_exist: None,
    };
    let form = request.form.clone();
    let action = UpdateAliasesRequest {
        actions: vec![remove],
    };
    node.run::<UpdateAliases, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
    })
    .await
}
