//! `GET /_cluster/settings`: the settings that requests set, and with `include_defaults` all others.

use std::sync::Arc;

use glasswork_content::{failure::Failure, render::Render};
use glasswork_node::{
    Node,
    actions::cluster::state::{ClusterState, ClusterStateRequest},
    metadata::{ExpressionOptions, IndexExpression, Settings},
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
    path: "/_cluster/settings",
    params: &[&[
        flag("flat_settings"),
        flag("include_defaults"),
        flag("local"),
        time("cluster_manager_timeout", "30s"),
        time("master_timeout", ""),
        time("timeout", "30s"),
    ]],
    body: Body::Ignored,
    handler: handler!(settings),
    action: "cluster:monitor/state",
}];

async fn settings(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let flat = params.flag("flat_settings")?;
    let include_defaults = params.flag("include_defaults")?;
    // Every node has all metadata: its own copy is the answer in any case.
    params.flag("local")?;
    let deprecated = manager_times(params)?;
    params.refuse_unknown()?;
    let form = request.form.clone();
    let action = ClusterStateRequest {
        indices: IndexExpression::all(ExpressionOptions::METADATA),
    };
    node.run::<ClusterState, _>(action, request.caller(), move |answer| {
        let state = answer?;
        Ok(deprecated.warn(form.reply(200, |out| {
            out.object();
            render(out, "persistent", &state.persistent, flat);
            render(out, "transient", &state.transient, flat);
            if include_defaults {
                render(out, "defaults", &state.defaults, flat);
            }
            out.end_object();
        })))
    })
    .await
}

/// Writes settings under `key`, by their dotted names or as a tree.
pub(super) fn render(out: &mut Render, key: &str, settings: &Settings, flat: bool) {
    out.key(key);
    if flat {
        settings.render_flat(out);
    } else {
        settings.render(out);
    }
}
