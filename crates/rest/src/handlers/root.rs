//! `GET /`, `HEAD /`: the banner by which clients know whom they speak to.

use std::sync::Arc;

use glasswork_content::{failure::Failure, render::Render};
use glasswork_node::{
    Node,
    actions::cluster::main::{self, Main},
};

use crate::{
    handler,
    headers::{BUILD_HASH, COMPATIBLE_VERSION, X_GLASSWORK_VERSION},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/",
        params: &[],
        body: Body::Ignored,
        handler: handler!(banner),
        action: "cluster:monitor/main",
    },
    Route {
        method: Method::Head,
        path: "/",
        params: &[],
        body: Body::Ignored,
        handler: handler!(banner),
        action: "cluster:monitor/main",
    },
];

/// When the compatible release was built. The official Go and Java clients want the field.
const BUILD_DATE: &str = "2026-08-01T18:48:00.452816924Z";

async fn banner(node: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    request.params.refuse_unknown()?;
    let form = request.form.pretty();
    node.run::<Main, _>(main::Request, request.caller(), move |answer| {
        let answer = answer?;
        let reply = form.reply(200, |out| render(out, &answer));
        Ok(reply.header(X_GLASSWORK_VERSION, env!("CARGO_PKG_VERSION")))
    })
    .await
}

fn render(out: &mut Render, banner: &main::Response) {
    out.object();
    out.field_str("name", &banner.name);
    out.field_str("cluster_name", &banner.cluster_name);
    out.field_str("cluster_uuid", &banner.cluster_uuid);
    out.field_object("version");
    out.field_str("distribution", "opensearch");
    out.field_str("number", COMPATIBLE_VERSION);
    out.field_str("build_type", "tar");
    out.field_str("build_hash", BUILD_HASH);
    out.field_str("build_date", BUILD_DATE);
    out.field_bool("build_snapshot", false);
    out.field_str("lucene_version", "10.5.0");
    out.field_str("minimum_wire_compatibility_version", "2.19.0");
    out.field_str("minimum_index_compatibility_version", "2.0.0");
    out.end_object();
    out.field_str("tagline", "The OpenSearch Project: https://opensearch.org/");
    out.end_object();
}
