//! `GET /{index}/_doc/{id}`, `HEAD /{index}/_doc/{id}`: reads a document; whether it is there.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{Node, actions::documents::GetDocument};

use super::{READ, SOURCE, get_request};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[row(Method::Get), row(Method::Head)];

const fn row(method: Method) -> Route {
    Route {
        method,
        path: "/{index}/_doc/{id}",
        params: &[READ, SOURCE],
        body: Body::Ignored,
        handler: handler!(get),
        action: "indices:data/read/get",
    }
}

async fn get(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let action = get_request(&mut request.params)?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<GetDocument, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        let status = if answer.found.is_some() { 200 } else { 404 };
        form.try_reply(status, |out| answer.render(out))
    })
    .await
}
