//! `GET /{index}`, `HEAD /{index}`: everything of indices; whether they are there.

use std::sync::Arc;

use glasswork_content::{failure::Failure, render::Render};
use glasswork_node::{
    Node,
    actions::indices::{GetIndex, GetIndexRequest, GetIndexResponse},
    metadata::ExpressionOptions,
};

use super::{EXPRESSION, manager_times, render_settings, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, time},
};

const SHOWN: &[Param] = &[
    flag("include_defaults"),
    flag("flat_settings"),
    flag("local"),
    time("cluster_manager_timeout", "30s"),
    time("master_timeout", ""),
    time("timeout", "30s"),
];

pub(crate) const ROUTES: &[Route] = &[row(Method::Get), row(Method::Head)];

const fn row(method: Method) -> Route {
    Route {
        method,
        path: "/{index}",
        params: &[EXPRESSION, SHOWN],
        body: Body::Ignored,
        handler: handler!(get),
        action: "indices:admin/get",
    }
}

async fn get(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let target = target(params, ExpressionOptions::METADATA)?;
    let flat = params.flag("flat_settings")?;
    let include_defaults = params.flag("include_defaults")?;
    // Every node has all metadata: its own copy is the answer in any case.
    params.flag("local")?;
    let deprecated = manager_times(params)?;
    params.refuse_unknown()?;
    let action = GetIndexRequest {
        target,
        include_defaults,
    };
    let form = request.form.clone();
    node.run::<GetIndex, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| render(out, &answer, flat))))
    })
    .await
}

fn render(out: &mut Render, answer: &GetIndexResponse, flat: bool) {
    out.object();
    for index in &answer.indices {
        out.field_object(&index.name);
        out.field_object("aliases");
        for (name, alias) in &index.aliases {
            out.key(name);
            alias.render(out);
        }
        out.end_object();
        out.key("mappings");
        out.node(&index.mapping);
        out.key("settings");
        render_settings(&index.settings, flat, out);
        if let Some(defaults) = &index.defaults {
            out.key("defaults");
            render_settings(defaults, flat, out);
        }
        out.end_object();
    }
    out.end_object();
}
