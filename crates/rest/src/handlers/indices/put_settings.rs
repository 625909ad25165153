//! `PUT [/{index}]/_settings`: changes settings of indices.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{UpdateSettings, UpdateSettingsRequest},
    metadata::{ExpressionOptions, parse_settings},
};

use super::{EXPRESSION, INDEX, MANAGER, manager_times, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag},
};

const KEPT: &[Param] = &[flag("preserve_existing"), flag("flat_settings")];

pub(crate) const ROUTES: &[Route] = &[
    row("/_settings", &[INDEX, EXPRESSION, MANAGER, KEPT]),
    row("/{index}/_settings", &[EXPRESSION, MANAGER, KEPT]),
];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Put,
        path,
        params,
        body: Body::Object,
        handler: handler!(put_settings),
        action: "indices:admin/settings/update",
    }
}

/// The body is the settings, or has them under `settings`; names may lack the prefix `index.`.
async fn put_settings(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let target = target(params, ExpressionOptions::OPEN_AND_CLOSED)?;
    let preserve_existing = params.flag("preserve_existing")?;
    // Says nothing about a change; clients that set it for everything send it.
    params.flag("flat_settings")?;
    let deprecated = manager_times(params)?;
    params.refuse_unknown()?;
    let body = request.body.required_tree()?;
    let settings = match body.get("settings") {
        Some(settings) if settings.as_object().is_some() => settings,
        _ => &body,
    };
    let settings = parse_settings(settings, "index.")?;
    let form = request.form.clone();
    let action = UpdateSettingsRequest {
        target,
        settings,
        preserve_existing,
    };
    node.run::<UpdateSettings, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
    })
    .await
}
