//! `GET /_tasks/{task_id}`: one task, live or finished.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::tasks::{GetTask, Got, get::Get},
};
use glasswork_tasks::{
    View,
    wire::{ask, shown},
};

use super::extensions;
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route, flag, time},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_tasks/{task_id}",
    params: &[&[
        flag("wait_for_completion"),
        time("timeout", "30s"),
        extensions::EXTENDED,
    ]],
    body: Body::Ignored,
    handler: handler!(get_task),
    action: "cluster:monitor/task/get",
}];

/// Answers `{"completed": bool, "task": {…}, "response": {…}?, "error": {…}?}`.
///
/// # Errors
/// * 400 `illegal_argument_exception` when the id is not `node:number`.
/// * 404 `resource_not_found_exception` when no live or stored task has it.
/// * 504 `timeout_exception` when it did not end in time.
async fn get_task(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let id = ask::task_id(request.params.path("task_id"))?;
    let wait = request.params.flag("wait_for_completion")?;
    let timeout = super::timeout(&mut request.params)?;
    let extended = !super::is_strict(&node) && ask::extended(&mut request.params)?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    let view = View {
        form: super::status_form(&form),
        extended,
        ..View::DETAILED
    };
    node.run::<Get, _>(
        GetTask {
            id,
            wait,
            timeout,
            view,
        },
        request.caller(),
        move |answer| {
            let answer = answer?;
            form.try_reply(200, |out| match &answer {
                Got::Running(snapshot) => shown::one_alone(out, snapshot, false),
                Got::Ended(snapshot) => shown::one_alone(out, snapshot, true),
                Got::Stored(whole) => out.raw(whole),
            })
        },
    )
    .await
}
