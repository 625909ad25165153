//! `DELETE /_tasks/{task_id}`: forgets the stored result of a task.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::tasks::{DeleteTask, delete::Delete},
};
use glasswork_tasks::wire::ask;

use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Delete,
    path: "/_tasks/{task_id}",
    params: &[],
    body: Body::Ignored,
    handler: handler!(delete),
    action: "cluster:admin/tasks/delete",
}];

/// Answers `{"acknowledged":true}`.
///
/// # Errors
/// * 400 `illegal_argument_exception` when the id is not `node:number`.
/// * 404 `resource_not_found_exception` when no result of that task is stored.
/// * 409 `task_in_progress_exception` when it still runs.
async fn delete(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let id = ask::task_id(request.params.path("task_id"))?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<Delete, _>(DeleteTask { id }, request.caller(), move |answer| {
        answer?;
        Ok(form.acknowledged())
    })
    .await
}
