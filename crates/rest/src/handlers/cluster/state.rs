//! `GET /_cluster/state[/{metric}[/{index}]]`: the cluster as its manager sees it.

use std::{collections::BTreeMap, sync::Arc};

use glasswork_content::{failure::Failure, render::Render};
use glasswork_node::{
    Node,
    actions::cluster::state::{
        ClusterState, ClusterStateRequest, ClusterStateResponse, IndexState,
    },
    metadata::{Expand, ExpressionOptions, Place},
};

use crate::{
    handler,
    handlers::indices::{EXPRESSION, INDEX, manager_times, target},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, list, time},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/_cluster/state", &[INDEX, EXPRESSION, PARAMS, METRIC]),
    row("/_cluster/state/{metric}", &[INDEX, EXPRESSION, PARAMS]),
    row("/_cluster/state/{metric}/{index}", &[EXPRESSION, PARAMS]),
];

const METRIC: &[Param] = &[list("metric")];
const PARAMS: &[Param] = &[
    flag("flat_settings"),
    flag("local"),
    time("cluster_manager_timeout", "30s"),
    time("master_timeout", ""),
    time("timeout", "30s"),
];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Get,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(state),
        action: "cluster:monitor/state",
    }
}

/// The parts that may be asked for.
const METRICS: [&str; 9] = [
    "cluster_manager_node",
    "master_node",
    "blocks",
    "nodes",
    "metadata",
    "routing_table",
    "routing_nodes",
    "version",
    "customs",
];

/// Which parts are wanted.
struct Wanted(Vec<String>);

impl Wanted {
    fn has(&self, metric: &str) -> bool {
        self.0.is_empty()
            || self
                .0
                .iter()
                .any(|wanted| wanted == metric || wanted == "_all")
    }
}

async fn state(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let options = ExpressionOptions {
        expand: Expand::ALL,
        ..ExpressionOptions::METADATA
    };
    let indices = target(params, options)?;
    let wanted = Wanted(params.list("metric"));
    let flat = params.flag("flat_settings")?;
    // Every node has all metadata: its own copy is the answer in any case.
    params.flag("local")?;
    let deprecated = manager_times(params)?;
    params.refuse_unknown()?;
    if let Some(unknown) = wanted
        .0
        .iter()
        .find(|metric| *metric != "_all" && !METRICS.contains(&metric.as_str()))
    {
        let known: Vec<&str> = METRICS.to_vec();
        return Err(params.unrecognized("metric", &[unknown], &known));
    }
    let form = request.form.clone();
    let action = ClusterStateRequest { indices };
    node.run::<ClusterState, _>(action, request.caller(), move |answer| {
        let state = answer?;
        let reply = form.try_reply(200, |out| render(out, &state, &wanted, flat))?;
        Ok(deprecated.warn(reply))
    })
    .await
}

fn render(
    out: &mut Render,
    state: &ClusterStateResponse,
    wanted: &Wanted,
    flat: bool,
) -> Result<(), Failure> {
    out.object();
    out.field_str("cluster_name", &state.cluster_name);
    out.field_str("cluster_uuid", &state.cluster_uuid);
    if let Some(manager) = &state.manager {
        for key in ["master_node", "cluster_manager_node"] {
            if wanted.has(key) {
                out.field_str(key, manager.as_str());
            }
        }
    }
    if wanted.has("blocks") {
        render_blocks(out, &state.indices);
    }
    if wanted.has("nodes") {
        out.field_object("nodes");
        for node in &state.nodes {
            out.field_object(node.id.as_str());
            out.field_str("name", &node.name);
            out.field_str("ephemeral_id", node.id.as_str());
            out.field_str("transport_address", &node.transport_address);
            out.field_object("attributes");
            for (name, value) in &node.attributes {
                out.field_str(name, value);
            }
            out.end_object();
            out.end_object();
        }
        out.end_object();
    }
    if wanted.has("metadata") {
        render_metadata(out, state, flat)?;
    }
    if wanted.has("routing_table") {
        out.field_object("routing_table");
        out.field_object("indices");
        for index in &state.indices {
            out.field_object(&index.name);
            out.field_object("shards");
            for (number, place) in index.shards.iter().enumerate() {
                out.field_array(&number.to_string());
                render_copies(out, state, index, number, place);
                out.end_array();
            }
            out.end_object();
            out.end_object();
        }
        out.end_object();
        out.end_object();
    }
    if wanted.has("routing_nodes") {
        render_routing_nodes(out, state);
    }
    out.end_object();
    Ok(())
}

/// Settings that block something, with the number and the text that they have upstream.
const BLOCKS: [(&str, &str, &str, &[&str]); 5] = [
    (
        "index.blocks.read_only",
        "5",
        "index read-only (api)",
        &["write", "metadata_write"],
    ),
    ("index.blocks.read", "7", "index read (api)", &["read"]),
    ("index.blocks.write", "8", "index write (api)", &["write"]),
    (
        "index.blocks.metadata",
        "9",
        "index metadata (api)",
        &["metadata_read", "metadata_write"],
    ),
    (
        "index.blocks.read_only_allow_delete",
        "12",
        "disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
        &["write", "metadata_write"],
    ),
];

fn render_blocks(out: &mut Render, indices: &[IndexState]) {
    out.field_object("blocks");
    let blocked = |index: &IndexState| {
        let is_set = |name: &str| index.settings.text(name) == Some("true");
        BLOCKS
            .into_iter()
            .filter(|(name, ..)| is_set(name))
            .collect::<Vec<_>>()
    };
    let blocked: Vec<_> = indices
        .iter()
        .map(|index| (&index.name, blocked(index)))
        .filter(|(_, blocks)| !blocks.is_empty())
        .collect();
    if !blocked.is_empty() {
        out.field_object("indices");
        for (name, blocks) in blocked {
            out.field_object(name);
            for (_, number, description, levels) in blocks {
                out.field_object(number);
                out.field_str("description", description);
                out.field_bool("retryable", false);
                out.field_strings("levels", levels.iter().copied());
                out.end_object();
            }
            out.end_object();
        }
        out.end_object();
    }
    out.end_object();
}

fn render_metadata(
    out: &mut Render,
    state: &ClusterStateResponse,
    flat: bool,
) -> Result<(), Failure> {
    out.field_object("metadata");
    out.field_str("cluster_uuid", &state.cluster_uuid);
    out.field_object("templates");
    out.end_object();
    out.field_object("indices");
    for index in &state.indices {
        out.field_object(&index.name);
        out.field_unsigned("mapping_version", index.mapping_version);
        out.field_unsigned("routing_num_shards", index.routing_shards.into());
        out.field_str("state", if index.open { "open" } else { "close" });
        out.key("settings");
        if flat {
            index.settings.render_flat(out);
        } else {
            index.settings.render(out);
        }
        out.field_object("mappings");
        if index.mapping != b"{}" {
            out.key("_doc");
            out.raw(&index.mapping)?;
        }
        out.end_object();
        out.field_strings("aliases", &index.aliases);
        out.field_object("primary_terms");
        for (number, place) in index.shards.iter().enumerate() {
            out.field_unsigned(&number.to_string(), place.term);
        }
        out.end_object();
        out.end_object();
    }
    out.end_object();
    out.end_object();
    Ok(())
}

fn render_copies(
    out: &mut Render,
    state: &ClusterStateResponse,
    index: &IndexState,
    number: usize,
    place: &Place,
) {
    let is_there = state.node_ids().contains(place.primary.as_str());
    render_copy(
        out,
        index,
        number,
        true,
        is_there.then_some(place.primary.as_str()),
    );
    for _ in 0..index.replicas {
        render_copy(out, index, number, false, None);
    }
}

fn render_copy(
    out: &mut Render,
    index: &IndexState,
    number: usize,
    primary: bool,
    node: Option<&str>,
) {
    out.object();
    out.field_str(
        "state",
        if node.is_some() {
            "STARTED"
        } else {
            "UNASSIGNED"
        },
    );
    out.field_bool("primary", primary);
    out.field_bool("searchOnly", false);
    match node {
        Some(node) => out.field_str("node", node),
        None => out.field_null("node"),
    }
    out.field_null("relocating_node");
    out.field_unsigned("shard", number as u64);
    out.field_str("index", &index.name);
    out.end_object();
}

fn render_routing_nodes(out: &mut Render, state: &ClusterStateResponse) {
    let ids = state.node_ids();
    let mut placed: BTreeMap<&str, Vec<(&IndexState, usize)>> =
        ids.iter().map(|id| (*id, Vec::new())).collect();
    let mut missing = Vec::new();
    for index in &state.indices {
        for (number, place) in index.shards.iter().enumerate() {
            match placed.get_mut(place.primary.as_str()) {
                Some(shards) => shards.push((index, number)),
                None => missing.push((index, number, true)),
            }
            missing.extend((0..index.replicas).map(|_| (index, number, false)));
        }
    }
    out.field_object("routing_nodes");
    out.field_array("unassigned");
    for (index, number, primary) in missing {
        render_copy(out, index, number, primary, None);
    }
    out.end_array();
    out.field_object("nodes");
    for (node, shards) in placed {
        out.field_array(node);
        for (index, number) in shards {
            render_copy(out, index, number, true, Some(node));
        }
        out.end_array();
    }
    out.end_object();
    out.end_object();
}
