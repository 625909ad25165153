//! `PUT /_cluster/settings`: changes settings of the cluster.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::cluster::settings::{UpdateClusterSettings, UpdateClusterSettingsRequest},
};

use super::get_settings::render;
use crate::{
    handler,
    handlers::indices::{MANAGER, manager_times},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route, flag},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Put,
    path: "/_cluster/settings",
    params: &[MANAGER, &[flag("flat_settings")]],
    body: Body::Object,
    handler: handler!(put_settings),
    action: "cluster:admin/settings/update",
}];

async fn put_settings(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let flat = params.flag("flat_settings")?;
    let deprecated = manager_times(params)?;
    params.refuse_unknown()?;
    let action = UpdateClusterSettingsRequest::parse(&request.body.required_tree()?)?;
    let form = request.form.clone();
    node.run::<UpdateClusterSettings, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| {
            out.object();
            out.field_bool("acknowledged", true);
            render(out, "persistent", &answer.persistent, flat);
            render(out, "transient", &answer.transient, flat);
            out.end_object();
        })))
    })
    .await
}
