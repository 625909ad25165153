//! `POST [/{index}]/_forcemerge`: merges segments on demand.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{ForceMerge, ForceMergeRequest},
    metadata::ExpressionOptions,
};

use super::{EXPRESSION, INDEX, target};
use crate::{
    handler,
    handlers::tasks::started,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, flag_or, int},
};

const HOW: &[Param] = &[
    int("max_num_segments", ""),
    flag("only_expunge_deletes"),
    flag_or("flush", "true"),
    flag("primary_only"),
    flag_or("wait_for_completion", "true"),
];

pub(crate) const ROUTES: &[Route] = &[
    row("/_forcemerge", &[INDEX, EXPRESSION, HOW]),
    row("/{index}/_forcemerge", &[EXPRESSION, HOW]),
];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Post,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(force_merge),
        action: "indices:admin/forcemerge",
    }
}

async fn force_merge(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let target = target(params, ExpressionOptions::OPEN)?;
    let action = ForceMergeRequest {
        target,
        // -1, the default, and 0 are: as far as is worth it.
        max_num_segments: params
            .int("max_num_segments")?
            .and_then(|most| u32::try_from(most).ok())
            .filter(|most| *most > 0),
        only_expunge_deletes: params.flag("only_expunge_deletes")?,
        flush: params.flag_or("flush", true)?,
        primary_only: params.flag("primary_only")?,
    };
    let contradicts = action.only_expunge_deletes && action.max_num_segments.is_some();
    let warn = move |reply: Reply| match contradicts {
        true => reply.warning(CONTRADICTION_DEPRECATED),
        false => reply,
    };
    let wait = params.flag_or("wait_for_completion", true)?;
    params.refuse_unknown()?;
    if !wait {
        let started = started::start::<ForceMerge>(&node, action, &request).await?;
        return Ok(warn(started));
    }
    let form = request.form.clone();
    node.run::<ForceMerge, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(warn(form.reply(200, |out| answer.render(out))))
    })
    .await
}

/// Only what is deleted goes then.
const CONTRADICTION_DEPRECATED: &str = "setting only_expunge_deletes and max_num_segments at the same time is deprecated and will be rejected in a future version";
