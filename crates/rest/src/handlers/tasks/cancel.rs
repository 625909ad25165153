//! `POST /_tasks/_cancel`, `POST /_tasks/{task_id}/_cancel`: an end to one task or to all that fit, with everything
//! below them.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::tasks::{CancelTasks, Which, cancel::Cancel},
};
use glasswork_tasks::{
    Filter, View,
    wire::{
        BY_USER_REQUEST,
        ask::{self, CancelOptions},
        shown::{self, GroupBy},
    },
};

use super::{GROUPS, extensions};

use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, choice, flag, list, text, time},
};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::Post,
        path: "/_tasks/_cancel",
        params: &[PARAMS, extensions::FILTERS],
        body: Body::Ignored,
        handler: handler!(cancel_matching),
        action: "cluster:admin/tasks/cancel",
    },
    Route {
        method: Method::Post,
        path: "/_tasks/{task_id}/_cancel",
        params: &[PARAMS, extensions::FILTERS],
        body: Body::Ignored,
        handler: handler!(cancel_one),
        action: "cluster:admin/tasks/cancel",
    },
];

const PARAMS: &[Param] = &[
    list("nodes"),
    list("actions"),
    text("parent_task_id", ""),
    flag("wait_for_completion"),
    choice("group_by", GROUPS, "nodes"),
    flag("detailed"),
    time("timeout", ""),
    text("reason", BY_USER_REQUEST),
    flag("dry_run"),
    text("token", ""),
    flag("force"),
    extensions::EXTENDED,
];

async fn cancel_matching(node: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    cancel(node, request, Which::Matching).await
}

async fn cancel_one(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    // A path that names no task is refused by the action: cancelling everything takes a path of its own.
    let id = ask::task_id(request.params.path("task_id"))?;
    cancel(node, request, Which::One(id)).await
}

async fn cancel(node: Arc<Node>, mut request: Request, which: Which) -> Result<Reply, Failure> {
    let strict = super::is_strict(&node);
    let params = &mut request.params;
    let nodes = params.list("nodes");
    let mut filter = ask::filter(params, strict)?;
    let wait = params.flag("wait_for_completion")?;
    let group_by = params.text("group_by").unwrap_or("nodes").to_owned();
    // The reference refuses these two; the documentation lists them.
    let (mut detailed, mut timeout) = (false, None);
    if !strict && params.has("detailed") {
        detailed = params.flag("detailed")?;
    }
    if !strict && params.has("timeout") {
        timeout = super::timeout(params)?;
    }
    let mut asked = CancelOptions::default();
    if !strict {
        asked = CancelOptions::read(params)?;
        filter = ask::filters(params, filter)?;
    }
    params.refuse_unknown()?;
    let group_by = GroupBy::parse(&group_by)?;
    if request.client.user.is_some()
        && matches!(which, Which::Matching)
        && !asked.force
        && !asked.dry_run
        && asked.token.is_none()
        && nodes.is_empty()
        && filter == Filter::default()
    {
        return Err(Failure::illegal_argument(
            "a cancel that names no tasks would end everything: name some, or say [force=true]",
        ));
    }
    let view = View {
        extended: asked.extended,
        ..super::view(detailed, &request.form)
    };
    let form = request.form.clone();
    let action = CancelTasks {
        which,
        nodes,
        filter,
        wait,
        timeout,
        view,
        reason: asked.reason,
        dry_run: asked.dry_run,
        token: asked.token,
    };
    node.run::<Cancel, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        form.try_reply(200, |out| shown::tasks(out, &answer, group_by))
    })
    .await
}
