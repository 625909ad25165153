//! `POST /{index}/_open`: opens closed indices.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{OpenIndex, OpenIndexRequest},
    metadata::{Expand, ExpressionOptions},
};

use super::{ACTIVE, EXPRESSION, MANAGER, active_shards, manager_times, target};
use crate::{
    handler,
    handlers::tasks::started,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route, flag_or, time},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/{index}/_open",
    params: &[
        EXPRESSION,
        MANAGER,
        ACTIVE,
        &[
            flag_or("wait_for_completion", "true"),
            time("task_execution_timeout", "1h"),
        ],
    ],
    body: Body::Ignored,
    handler: handler!(open),
    action: "indices:admin/open",
}];

async fn open(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let closed = Expand {
        open: false,
        closed: true,
        hidden: false,
    };
    let target = target(
        params,
        ExpressionOptions {
            expand: closed,
            ..ExpressionOptions::METADATA
        },
    )?;
    // An open index has the primary of each of its shards, which is all there can be to wait for.
    active_shards(params)?;
    let deprecated = manager_times(params)?;
    params.time("task_execution_timeout")?;
    let wait = params.flag_or("wait_for_completion", true)?;
    params.refuse_unknown()?;
    let action = OpenIndexRequest { target };
    if !wait {
        let started = started::start::<OpenIndex>(&node, action, &request).await?;
        return Ok(deprecated.warn(started));
    }
    let form = request.form.clone();
    node.run::<OpenIndex, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
    })
    .await
}
