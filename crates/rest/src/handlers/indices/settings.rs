//! `GET [/{index}]/_settings[/{name}]`: shows settings of indices.

use std::sync::Arc;

use glasswork_content::{failure::Failure, render::Render};
use glasswork_node::{
    Node,
    actions::indices::{GetSettings, GetSettingsRequest, GetSettingsResponse},
    metadata::{Expand, ExpressionOptions},
};

use super::{EXPRESSION, INDEX, manager_times, render_settings, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, list, time},
};

const SHOWN: &[Param] = &[
    flag("include_defaults"),
    flag("flat_settings"),
    flag("local"),
    time("cluster_manager_timeout", "30s"),
    time("master_timeout", ""),
    time("timeout", "30s"),
];
const NAMED: &[Param] = &[list("name")];

pub(crate) const ROUTES: &[Route] = &[
    row("/_settings", &[INDEX, EXPRESSION, SHOWN, NAMED]),
    row("/_settings/{name}", &[INDEX, EXPRESSION, SHOWN]),
    row("/{index}/_settings", &[EXPRESSION, SHOWN, NAMED]),
    row("/{index}/_settings/{name}", &[EXPRESSION, SHOWN]),
];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Get,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(settings),
        action: "indices:monitor/settings/get",
    }
}

async fn settings(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let options = ExpressionOptions {
        expand: Expand::OPEN_AND_CLOSED,
        ..ExpressionOptions::METADATA
    };
    let target = target(params, options)?;
    let names = params.list("name");
    let names = if names.iter().any(|name| name == "_all") {
        Vec::new()
    } else {
        names
    };
    let flat = params.flag("flat_settings")?;
    let include_defaults = params.flag("include_defaults")?;
    // Every node has all metadata: its own copy is the answer in any case.
    params.flag("local")?;
    let deprecated = manager_times(params)?;
    params.refuse_unknown()?;
    let form = request.form.clone();
    let action = GetSettingsRequest {
        target,
        names,
        include_defaults,
    };
    node.run::<GetSettings, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| render(out, &answer, flat))))
    })
    .await
}

fn render(out: &mut Render, answer: &GetSettingsResponse, flat: bool) {
    out.object();
    for (name, settings, defaults) in &answer.indices {
        if settings.is_empty() && defaults.is_none() {
            continue;
        }
        out.field_object(name);
        out.key("settings");
        render_settings(settings, flat, out);
        if let Some(defaults) = defaults {
            out.key("defaults");
            render_settings(defaults, flat, out);
        }
        out.end_object();
    }
    out.end_object();
}
