//! `GET /_nodes[/{node}][/{metric}]`: what nodes say of themselves.

use std::sync::Arc;

use glasswork_content::{
    failure::Failure,
    render::Render,
    text::{parse_size, size_text},
};
use glasswork_node::{
    Node,
    actions::cluster::nodes_info::{NodeDetails, NodesInfo, NodesInfoRequest, NodesInfoResponse},
    metadata::Settings,
};

use super::heading;
use crate::{
    handler,
    headers::BUILD_HASH,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, list, time},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/_nodes", &[PARAMS, NODES, METRICS_PARAM]),
    row("/_nodes/{node_id}", &[PARAMS, METRICS_PARAM]),
    row("/_nodes/{node_id}/{metric}", &[PARAMS]),
    row("/_nodes/{node_id}/info/{metric}", &[PARAMS]),
];

const PARAMS: &[Param] = &[flag("flat_settings"), time("timeout", "")];
const NODES: &[Param] = &[list("node_id")];
const METRICS_PARAM: &[Param] = &[list("metric")];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Get,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(info),
        action: "cluster:monitor/nodes/info",
    }
}

/// The parts that may be asked for. `jvm` is one that this server has nothing to say about.
const METRICS: [&str; 11] = [
    "settings",
    "os",
    "process",
    "jvm",
    "thread_pool",
    "transport",
    "http",
    "plugins",
    "ingest",
    "aggregations",
    "search_pipelines",
];

/// Endpoints beside this one that are not served here: their names are no ids of nodes.
const OTHERS: [&str; 3] = ["usage", "hot_threads", "reload_secure_settings"];

async fn info(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let mut nodes = params.list("node_id");
    let mut metrics = params.list("metric");
    let flat = params.flag("flat_settings")?;
    params.time("timeout")?;
    params.refuse_unknown()?;
    // `/_nodes/os` names parts, not nodes.
    if metrics.is_empty()
        && !nodes.is_empty()
        && nodes.iter().all(|name| METRICS.contains(&name.as_str()))
    {
        metrics = std::mem::take(&mut nodes);
    }
    if let Some(other) = nodes
        .iter()
        .chain(&metrics)
        .find(|name| OTHERS.contains(&name.as_str()))
    {
        return Err(Failure::illegal_argument(format!(
            "[{other}] of nodes is not supported"
        )));
    }
    let form = request.form.clone();
    let action = NodesInfoRequest { nodes };
    node.run::<NodesInfo, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| render(out, &answer, &metrics, flat)))
    })
    .await
}

fn render(out: &mut Render, answer: &NodesInfoResponse, metrics: &[String], flat: bool) {
    out.object();
    heading(
        out,
        answer.nodes.len(),
        &answer.failures,
        &answer.cluster_name,
    );
    out.field_object("nodes");
    let all = metrics.is_empty() || metrics.iter().any(|metric| metric == "_all");
    let wanted = |metric: &str| all || metrics.iter().any(|wanted| wanted == metric);
    for node in &answer.nodes {
        out.key(node.info.id.as_str());
        render_node(out, node, &answer.cluster_name, &wanted, flat);
    }
    out.end_object();
    out.end_object();
}

fn render_node(
    out: &mut Render,
    node: &NodeDetails,
    cluster: &str,
    wanted: &impl Fn(&str) -> bool,
    flat: bool,
) {
    let info = &node.info;
    out.object();
    out.field_str("name", &info.name);
    out.field_str("transport_address", &info.transport_address);
    out.field_str("host", &info.host);
    out.field_str("ip", &info.host);
    out.field_str("version", &info.version);
    out.field_str("build_type", "tar");
    out.field_str("build_hash", BUILD_HASH);
    if wanted("indices") {
        let buffer = node.memory_limit / 10;
        if out.human() {
            out.field_str("total_indexing_buffer", &size_text(buffer));
        }
        out.field_unsigned("total_indexing_buffer_in_bytes", buffer);
    }
    out.field_strings("roles", &info.roles);
    out.field_object("attributes");
    for (name, value) in &info.attributes {
        out.field_str(name, value);
    }
    out.end_object();
    if wanted("settings") {
        out.key("settings");
        let settings = settings(node, cluster);
        if flat {
            settings.render_flat(out);
        } else {
            settings.render(out);
        }
    }
    if wanted("os") {
        render_os(out, node);
    }
    if wanted("process") {
        out.field_object("process");
        if out.human() {
            out.field_str("refresh_interval", "1s");
        }
        out.field_long("refresh_interval_in_millis", 1_000);
        out.field_unsigned("id", node.process_id.into());
        out.field_bool("mlockall", false);
        out.end_object();
    }
    if wanted("thread_pool") {
        render_pools(out, node);
    }
    if wanted("transport") {
        out.field_object("transport");
        out.field_strings("bound_address", [&info.transport_address]);
        out.field_str("publish_address", &info.transport_address);
        out.field_object("profiles");
        out.end_object();
        out.end_object();
    }
    if wanted("http") {
        render_http(out, node);
    }
    if wanted("plugins") {
        for key in ["plugins", "modules"] {
            out.field_array(key);
            out.end_array();
        }
    }
    if wanted("ingest") {
        out.field_object("ingest");
        out.field_array("processors");
        out.end_array();
        out.end_object();
    }
    if wanted("aggregations") {
        render_aggregations(out);
    }
    if wanted("search_pipelines") {
        out.field_object("search_pipelines");
        for key in ["request_processors", "response_processors"] {
            out.field_array(key);
            out.end_array();
        }
        out.end_object();
    }
    out.end_object();
}

/// The settings that the node was started with, and what it is called.
fn settings(node: &NodeDetails, cluster: &str) -> Settings {
    let mut settings = Settings::new();
    settings.set("client.type", "node");
    settings.set("cluster.name", cluster);
    settings.set("node.name", &*node.info.name);
    for (name, value) in &node.info.attributes {
        settings.set(format!("node.attr.{name}"), value);
    }
    for (name, value) in &node.settings {
        // What protects the node is not told.
        if !name.contains("password") {
            settings.set(name, value);
        }
    }
    settings
}

fn render_os(out: &mut Render, node: &NodeDetails) {
    out.field_object("os");
    if out.human() {
        out.field_str("refresh_interval", "1s");
    }
    out.field_long("refresh_interval_in_millis", 1_000);
    out.field_str("name", &node.system.0);
    out.field_str("pretty_name", &node.system.1);
    out.field_str("arch", &node.architecture);
    out.field_unsigned("available_processors", node.processors as u64);
    out.field_unsigned("allocated_processors", node.processors as u64);
    out.end_object();
}

fn render_pools(out: &mut Render, node: &NodeDetails) {
    out.field_object("thread_pool");
    for pool in &node.pools {
        out.field_object(&pool.name);
        out.field_str("type", "fixed");
        out.field_unsigned("size", pool.threads as u64);
        out.field_unsigned("queue_size", pool.queue as u64);
        out.end_object();
    }
    out.end_object();
}

fn render_http(out: &mut Render, node: &NodeDetails) {
    let given = node.settings.get("http.max_content_length");
    let limit = given.and_then(|text| parse_size(text, "http.max_content_length").ok());
    let limit = limit.unwrap_or(100 << 20);
    out.field_object("http");
    out.field_strings("bound_address", [&node.info.http_address]);
    out.field_str("publish_address", &node.info.http_address);
    if out.human() {
        out.field_str("max_content_length", &size_text(limit.unsigned_abs()));
    }
    out.field_long("max_content_length_in_bytes", limit);
    out.end_object();
}

/// Each aggregation and the kinds of fields that it tells apart.
const AGGREGATIONS: [(&str, &[&str]); 15] = [
    ("avg", &["boolean", "date", "numeric"]),
    (
        "cardinality",
        &["boolean", "bytes", "date", "ip", "numeric"],
    ),
    ("date_histogram", &["boolean", "date", "numeric"]),
    ("date_range", &["boolean", "date", "numeric"]),
    ("extended_stats", &["boolean", "date", "numeric"]),
    ("filter", &["other"]),
    ("global", &["other"]),
    ("histogram", &["boolean", "date", "numeric"]),
    ("max", &["boolean", "date", "numeric"]),
    ("min", &["boolean", "date", "numeric"]),
    ("range", &["boolean", "date", "numeric"]),
    ("stats", &["boolean", "date", "numeric"]),
    ("sum", &["boolean", "date", "numeric"]),
    ("terms", &["boolean", "bytes", "date", "ip", "numeric"]),
    (
        "value_count",
        &["boolean", "bytes", "date", "ip", "numeric"],
    ),
];

fn render_aggregations(out: &mut Render) {
    out.field_object("aggregations");
    for (name, types) in AGGREGATIONS {
        out.field_object(name);
        out.field_strings("types", types.iter().copied());
        out.end_object();
    }
    out.end_object();
}
