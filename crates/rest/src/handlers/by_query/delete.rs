//! `POST /{index}/_delete_by_query`: deletes what a query finds.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::by_query::{ByQueryRequest, DeleteByQuery, Shown, Work},
    metadata::{ExpressionOptions, IndexExpression},
};

use super::{BY_QUERY, by_query, common, run};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/{index}/_delete_by_query",
    params: BY_QUERY,
    body: Body::Object,
    handler: handler!(delete_by_query),
    action: "indices:data/write/delete/byquery",
}];

/// Answers the counts of the operation, or `{"task":"<node>:<number>"}` when nobody waits.
///
/// # Errors
/// * 400 without a query, for a malformed body, for unknown keys.
/// * 404 when the index is missing.
/// * 409 with the counts when somebody else changed a document meanwhile.
async fn delete_by_query(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    request.body.require()?;
    let everything = IndexExpression::all(ExpressionOptions::OPEN);
    let mut action = ByQueryRequest::new(Work::Delete, everything);
    let warnings = by_query(&mut request, &mut action)?;
    let waits = common(&mut request.params, &mut action)?;
    request.params.refuse_unknown()?;
    run::<DeleteByQuery>(node, request, action, waits, Shown::OnlyDeleted, warnings).await
}
