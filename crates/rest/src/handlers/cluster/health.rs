//! `GET /_cluster/health[/{index}]`: whether every shard has its copies, waiting until they have if asked to.

use std::{sync::Arc, time::Duration};

use glasswork_content::{failure::Failure, render::Render, text::TimeValue};
use glasswork_node::{
    Node,
    actions::cluster::health::{
        Health, HealthRequest, HealthResponse, IndexHealth, NodeCount, ShardCount, ShardHealth,
        Status,
    },
    metadata::{Expand, ExpressionOptions},
};

use crate::{
    handler,
    handlers::indices::{INDEX, manager_times, target},
    params::Params,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, choice, flag, flag_or, int, list, text, time},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/_cluster/health", &[INDEX, PARAMS]),
    row("/_cluster/health/{index}", &[PARAMS]),
];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Get,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(health),
        action: "cluster:monitor/health",
    }
}

const PARAMS: &[Param] = &[
    list("expand_wildcards"),
    flag("ignore_unavailable"),
    flag_or("allow_no_indices", "true"),
    flag("local"),
    time("timeout", "30s"),
    time("cluster_manager_timeout", "30s"),
    time("master_timeout", ""),
    choice("level", &["cluster", "indices", "shards"], "cluster"),
    choice("wait_for_status", &["green", "yellow", "red"], ""),
    text("wait_for_nodes", ""),
    text("wait_for_active_shards", "0"),
    flag("wait_for_no_relocating_shards"),
    flag("wait_for_no_initializing_shards"),
    choice("wait_for_events", PRIORITIES, ""),
    int("wait_for_relocating_shards", ""),
];

const PRIORITIES: &[&str] = &["immediate", "urgent", "high", "normal", "low", "languid"];

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Cluster,
    Indices,
    Shards,
}

impl Level {
    fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "cluster" => Ok(Self::Cluster),
            "indices" => Ok(Self::Indices),
            "shards" => Ok(Self::Shards),
            _ => Err(Failure::illegal_argument(format!(
                "level parameter must be one of [cluster, indices, shards] but was [{text}]"
            ))),
        }
    }
}

async fn health(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let action = read(params)?;
    let level = params
        .text("level")
        .map_or(Ok(Level::Cluster), Level::parse)?;
    let deprecated = manager_times(params)?;
    params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<Health, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        let status = if answer.timed_out { 408 } else { 200 };
        Ok(deprecated.warn(form.reply(status, |out| render(out, &answer, level))))
    })
    .await
}

fn read(params: &mut Params) -> Result<HealthRequest, Failure> {
    let options = ExpressionOptions {
        expand: Expand::ALL,
        ..ExpressionOptions::METADATA
    };
    let indices = target(params, options)?;
    // Every node has all metadata: its own copy is the answer in any case.
    params.flag("local")?;
    let timeout = params.time("timeout")?.unwrap_or(TimeValue::seconds(30));
    let status = params
        .text("wait_for_status")
        .filter(|text| !text.is_empty())
        .map(Status::parse)
        .transpose()?;
    let nodes = params
        .text("wait_for_nodes")
        .filter(|text| !text.is_empty())
        .map(NodeCount::parse)
        .transpose()?;
    let active_shards = params
        .text("wait_for_active_shards")
        .filter(|text| !text.is_empty())
        .map(ShardCount::parse)
        .transpose()?;
    if params.int("wait_for_relocating_shards")?.is_some() {
        return Err(Failure::illegal_argument(
            "wait_for_relocating_shards has been removed, use wait_for_no_relocating_shards [true/false] instead",
        ));
    }
    // Shards stay where they are, and changes of the cluster's state are made at once: neither is ever waited for.
    params.flag("wait_for_no_relocating_shards")?;
    params.flag("wait_for_no_initializing_shards")?;
    if let Some(priority) = params.text("wait_for_events")
        && !PRIORITIES.contains(&priority.to_lowercase().as_str())
    {
        let name = priority.to_uppercase();
        return Err(Failure::illegal_argument(format!(
            "No enum constant org.opensearch.common.Priority.{name}"
        )));
    }
    Ok(HealthRequest {
        indices,
        timeout: timeout.duration().unwrap_or(Duration::ZERO),
        status,
        nodes,
        active_shards,
    })
}

fn render(out: &mut Render, health: &HealthResponse, level: Level) {
    let percent = health.active_percent();
    out.object();
    out.field_str("cluster_name", &health.cluster_name);
    out.field_str("status", health.status.name());
    out.field_bool("timed_out", health.timed_out);
    out.field_unsigned("number_of_nodes", health.nodes as u64);
    out.field_unsigned("number_of_data_nodes", health.data_nodes as u64);
    out.field_bool("discovered_master", health.has_manager);
    out.field_bool("discovered_cluster_manager", health.has_manager);
    out.field_unsigned("active_primary_shards", health.active_primaries() as u64);
    out.field_unsigned("active_shards", health.active().into());
    out.field_long("relocating_shards", 0);
    out.field_long("initializing_shards", 0);
    out.field_unsigned("unassigned_shards", health.unassigned().into());
    out.field_long("delayed_unassigned_shards", 0);
    out.field_long("number_of_pending_tasks", 0);
    out.field_long("number_of_in_flight_fetch", 0);
    if out.human() {
        out.field_str("task_max_waiting_in_queue", "0s");
    }
    out.field_long("task_max_waiting_in_queue_millis", 0);
    if out.human() {
        out.field_str("active_shards_percent", &percent_text(percent));
    }
    out.field_double("active_shards_percent_as_number", percent);
    if level >= Level::Indices {
        out.field_object("indices");
        for (name, index) in &health.indices {
            out.key(name);
            render_index(out, index, level);
        }
        out.end_object();
    }
    out.end_object();
}

/// One decimal, halves up, as `String.format` rounds.
pub(crate) fn percent_text(percent: f64) -> String {
    format!("{percent:.1}%")
}

fn render_index(out: &mut Render, index: &IndexHealth, level: Level) {
    out.object();
    out.field_str("status", index.status.name());
    out.field_unsigned("number_of_shards", index.shards.len() as u64);
    out.field_unsigned("number_of_replicas", index.replicas.into());
    out.field_unsigned("active_primary_shards", index.active_primaries() as u64);
    out.field_unsigned("active_shards", index.active().into());
    out.field_long("relocating_shards", 0);
    out.field_long("initializing_shards", 0);
    out.field_unsigned("unassigned_shards", index.unassigned().into());
    if level == Level::Shards {
        out.field_object("shards");
        for (number, shard) in index.shards.iter().enumerate() {
            out.key(&number.to_string());
            render_shard(out, *shard);
        }
        out.end_object();
    }
    out.end_object();
}

fn render_shard(out: &mut Render, shard: ShardHealth) {
    out.object();
    out.field_str("status", shard.status().name());
    out.field_bool("primary_active", shard.primary_active);
    out.field_unsigned("active_shards", shard.active.into());
    out.field_long("relocating_shards", 0);
    out.field_long("initializing_shards", 0);
    out.field_unsigned("unassigned_shards", shard.unassigned.into());
    out.end_object();
}
