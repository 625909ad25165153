//! `POST /_reindex`: copies documents into another index.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::by_query::{ByQueryRequest, Reindex, Shown, Work},
};

use super::{COMMON, common, duration, run};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, text, time},
};

const OWN: &[Param] = &[
    time("timeout", "1m"),
    flag("require_alias"),
    text("pipeline", ""),
];

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/_reindex",
    params: &[COMMON, OWN],
    body: Body::Object,
    handler: handler!(reindex),
    action: "indices:data/write/reindex",
}];

/// Answers the counts of the operation, or `{"task":"<node>:<number>"}` when nobody waits.
///
/// # Errors
/// * 400 for a malformed body, unknown keys, a source that is also the destination.
/// * 404 when the source is missing.
/// * 409 with the counts when documents are there already that were to be created.
async fn reindex(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    if request.params.has("pipeline") {
        return Err(Failure::illegal_argument(
            "_reindex doesn't support [pipeline] as a query parameter. Specify it in the [dest] object instead.",
        ));
    }
    let mut action = ByQueryRequest::reindex();
    let warnings = action.read_reindex(&request.body.required_tree()?)?;
    let params = &mut request.params;
    if let Some(scroll) = duration(params, "scroll")? {
        action.options.scroll = scroll;
    }
    if params.has("require_alias")
        && let Work::Reindex(destination) = &mut action.work
    {
        destination.require_alias = params.flag("require_alias")?;
    }
    let waits = common(params, &mut action)?;
    params.refuse_unknown()?;
    run::<Reindex>(node, request, action, waits, Shown::Everything, warnings).await
}
