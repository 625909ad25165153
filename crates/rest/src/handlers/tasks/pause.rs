//! `POST /_tasks/{task_id}/_pause`, `POST /_tasks/{task_id}/_resume`: a durable task waits, or goes on.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::tasks::{PauseTask, pause::Pause},
};
use glasswork_tasks::{
    View,
    wire::{
        ask,
        shown::{self, GroupBy},
    },
};

use super::{GROUPS, extensions};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, choice},
};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::Post,
        path: "/_tasks/{task_id}/_pause",
        params: &[PARAMS],
        body: Body::Ignored,
        handler: handler!(pause),
        action: "cluster:admin/tasks/pause",
    },
    Route {
        method: Method::Post,
        path: "/_tasks/{task_id}/_resume",
        params: &[PARAMS],
        body: Body::Ignored,
        handler: handler!(resume),
        action: "cluster:admin/tasks/pause",
    },
];

const PARAMS: &[Param] = &[choice("group_by", GROUPS, "nodes"), extensions::EXTENDED];

async fn pause(node: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    set(node, request, true).await
}

async fn resume(node: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    set(node, request, false).await
}

/// Answers as a rethrottle does: the task in the shape of a list, or what went wrong with it.
///
/// # Errors
/// 400 `illegal_argument_exception` when the id is not `node:number`.
async fn set(node: Arc<Node>, mut request: Request, paused: bool) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let id = ask::task_id(params.path("task_id"))?;
    let group_by = params.text("group_by").unwrap_or("nodes").to_owned();
    let extended = ask::extended(params)?;
    params.refuse_unknown()?;
    let group_by = GroupBy::parse(&group_by)?;
    let form = request.form.clone();
    let view = View {
        extended,
        ..super::view(true, &form)
    };
    let action = PauseTask { id, paused, view };
    node.run::<Pause, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        form.try_reply(200, |out| shown::tasks(out, &answer, group_by))
    })
    .await
}
