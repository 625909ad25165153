//! `GET /_cluster/pending_tasks`: changes of the cluster's state that wait for their turn. None ever does.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::cluster::pending_tasks::{PendingTasks, PendingTasksRequest},
};

use crate::{
    handler,
    handlers::indices::manager_times,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route, flag, time},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_cluster/pending_tasks",
    params: &[&[
        flag("local"),
        time("cluster_manager_timeout", "30s"),
        time("master_timeout", ""),
        time("timeout", "30s"),
    ]],
    body: Body::Ignored,
    handler: handler!(pending_tasks),
    action: "cluster:monitor/task",
}];

async fn pending_tasks(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    // No node has changes that wait: which one is asked makes no difference.
    params.flag("local")?;
    let deprecated = manager_times(params)?;
    params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<PendingTasks, _>(PendingTasksRequest, request.caller(), move |answer| {
        answer?;
        Ok(deprecated.warn(form.reply(200, |out| {
            out.object();
            out.field_array("tasks");
            out.end_array();
            out.end_object();
        })))
    })
    .await
}
