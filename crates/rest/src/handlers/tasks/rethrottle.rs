//! `POST /_reindex/{task_id}/_rethrottle` and its twins: another pace for a by-query operation that runs.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::by_query::{Rethrottle, RethrottleRequest},
};
use glasswork_tasks::{
    View,
    wire::{
        ask,
        shown::{self, GroupBy},
    },
};

use super::GROUPS;
use crate::{
    handler,
    handlers::by_query::{RATE, requests_per_second},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, choice},
};

/// The path need not fit the kind of the task, as in the reference.
pub(crate) const ROUTES: &[Route] = &[
    row("/_reindex/{task_id}/_rethrottle"),
    row("/_update_by_query/{task_id}/_rethrottle"),
    row("/_delete_by_query/{task_id}/_rethrottle"),
];

const PARAMS: &[Param] = &[RATE, choice("group_by", GROUPS, "nodes")];

const fn row(path: &'static str) -> Route {
    Route {
        method: Method::Post,
        path,
        params: &[PARAMS],
        body: Body::Ignored,
        handler: handler!(rethrottle),
        action: "cluster:admin/reindex/rethrottle",
    }
}

/// Answers a list with the task, as far as it runs.
///
/// # Errors
/// 400 for a malformed id or pace. That the task is missing, or of another kind, is told in the list.
async fn rethrottle(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let task = ask::task_id(request.params.path("task_id"))?;
    let Some(rate) = requests_per_second(&mut request.params)? else {
        return Err(Failure::illegal_argument(
            "requests_per_second is a required parameter",
        ));
    };
    let group_by = request
        .params
        .text("group_by")
        .unwrap_or("nodes")
        .to_owned();
    request.params.refuse_unknown()?;
    let group_by = GroupBy::parse(&group_by)?;
    let form = request.form.clone();
    let action = RethrottleRequest {
        task,
        requests_per_second: rate,
        view: View {
            form: super::status_form(&form),
            ..View::DETAILED
        },
    };
    node.run::<Rethrottle, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        form.try_reply(200, |out| shown::tasks(out, &answer, group_by))
    })
    .await
}
