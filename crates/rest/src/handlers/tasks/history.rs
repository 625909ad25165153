//! `GET /_tasks/_history`: what ran, and how it ended.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::tasks::{TasksHistory, history::History},
};
use glasswork_tasks::wire::{ask, past};

use super::extensions;
use crate::{
    handler,
    params::Params,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, int, list, text, time},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_tasks/_history",
    params: &[PARAMS, extensions::FILTERS],
    body: Body::Ignored,
    handler: handler!(history),
    action: "cluster:monitor/tasks/history",
}];

const PARAMS: &[Param] = &[
    list("nodes"),
    list("actions"),
    text("parent_task_id", ""),
    list("outcome"),
    text("since", ""),
    text("until", ""),
    int("size", "100"),
    text("after", ""),
    time("timeout", ""),
];

/// Answers `{"next": "…"?, "tasks": [{"task": {…}, "outcome": "…", …}]}`, those that ended last first.
///
/// # Errors
/// 400 for a parameter that makes no sense.
async fn history(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let action = read(&mut request.params)?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<History, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        form.try_reply(200, |out| past(out, &answer))
    })
    .await
}

fn read(params: &mut Params) -> Result<TasksHistory, Failure> {
    let nodes = params.list("nodes");
    let (filter, after) = ask::history(params)?;
    Ok(TasksHistory {
        nodes,
        filter,
        after,
        timeout: super::timeout(params)?,
    })
}
