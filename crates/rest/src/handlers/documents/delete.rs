//! `DELETE /{index}/_doc/{id}`: deletes a document.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::documents::{DeleteDocument, DeleteRequest, Operation, WriteItem},
};

use super::{CONDITION, WRITE, condition, write_options, written};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Delete,
    path: "/{index}/_doc/{id}",
    params: &[WRITE, CONDITION],
    body: Body::Ignored,
    handler: handler!(delete),
    action: "indices:data/write/delete",
}];

/// A document that is not there answers 404 with the body of a write.
async fn delete(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let index = params.path("index").to_owned();
    let id = params.path("id").to_owned();
    let mut item = WriteItem::new(index, Some(id), Operation::Delete);
    let (routing, options) = write_options(params)?;
    item.routing = routing;
    condition(params, &mut item)?;
    params.refuse_unknown()?;
    let form = request.form.clone();
    let action = DeleteRequest { item, options };
    node.run::<DeleteDocument, _>(action, request.caller(), move |answer| {
        written(&form, &answer?)
    })
    .await
}
