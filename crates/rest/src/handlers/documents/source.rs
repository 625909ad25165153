//! `GET /{index}/_source/{id}`, `HEAD /{index}/_source/{id}`: reads a document's source alone.

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
        path: "/{index}/_source/{id}",
        params: &[READ, SOURCE],
        body: Body::Ignored,
        handler: handler!(source),
        action: "indices:data/read/get",
    }
}

async fn source(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let action = get_request(&mut request.params)?;
    request.params.refuse_unknown()?;
    if !action.source.fetch {
        return Err(Failure::validation(["fetching source can not be disabled"]));
    }
    let (index, id) = (action.index.clone(), action.id.clone());
    let form = request.form.clone();
    node.run::<GetDocument, _>(action, request.caller(), move |answer| {
        let missing =
            |what: &str| Failure::resource_not_found(format!("{what} not found [{index}]/[{id}]"));
        let found = answer?.found.ok_or_else(|| missing("Document"))?;
        let source = found.source.ok_or_else(|| missing("Source"))?;
        form.try_reply(200, |out| out.raw(&source))
    })
    .await
}
