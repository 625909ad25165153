//! `POST /{index}/_update_by_query`: writes documents again in their place, changed by a script or as they are.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::by_query::{ByQueryRequest, Shown, UpdateByQuery, Work, no_pipeline},
    metadata::{ExpressionOptions, IndexExpression},
};

use super::{BY_QUERY, by_query, common, run};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, text},
};

const OWN: &[Param] = &[text("pipeline", "")];

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/{index}/_update_by_query",
    params: &[
        BY_QUERY[0],
        BY_QUERY[1],
        BY_QUERY[2],
        BY_QUERY[3],
        BY_QUERY[4],
        BY_QUERY[5],
        BY_QUERY[6],
        BY_QUERY[7],
        OWN,
    ],
    body: Body::Object,
    handler: handler!(update_by_query),
    action: "indices:data/write/update/byquery",
}];

/// Answers the counts of the operation, or `{"task":"<node>:<number>"}` when nobody waits.
///
/// # Errors
/// * 400 for a malformed body, unknown keys, a script that does not compile or fails.
/// * 404 when the index is missing.
/// * 409 with the counts when somebody else changed a document meanwhile.
async fn update_by_query(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let everything = IndexExpression::all(ExpressionOptions::OPEN);
    let mut action = ByQueryRequest::new(Work::Update, everything);
    let warnings = by_query(&mut request, &mut action)?;
    let params = &mut request.params;
    if let Some(pipeline) = params.text("pipeline") {
        no_pipeline(pipeline)?;
    }
    let waits = common(params, &mut action)?;
    params.refuse_unknown()?;
    run::<UpdateByQuery>(
        node,
        request,
        action,
        waits,
        Shown::WithoutCreated,
        warnings,
    )
    .await
}
