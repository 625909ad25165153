//! `GET /_cat/health`: the cluster's health in a line.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::cluster::health::{Health, HealthRequest, HealthResponse},
    metadata::{Expand, ExpressionOptions, IndexExpression},
};

use crate::{
    cat::{self, Cell, Column, Show, Table},
    handler,
    handlers::cluster::health::percent_text,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_cat/health",
    params: &[cat::PARAMS],
    body: Body::Ignored,
    handler: handler!(health),
    action: "cluster:monitor/health",
}];

const COLUMNS: &[Column] = &[
    Column::new("epoch", "t,time", "seconds since 1970-01-01 00:00:00"),
    Column::new("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS"),
    Column::new("cluster", "cl", "cluster name"),
    Column::new("status", "st", "health status"),
    Column::new("node.total", "nt,nodeTotal", "total number of nodes").right(),
    Column::new(
        "node.data",
        "nd,nodeData",
        "number of nodes that can store data",
    )
    .right(),
    Column::new(
        "discovered_cluster_manager",
        "dcm",
        "cluster manager is discovered",
    )
    .right(),
    Column::new(
        "shards",
        "t,sh,shards.total,shardsTotal",
        "total number of shards",
    )
    .right(),
    Column::new(
        "pri",
        "p,shards.primary,shardsPrimary",
        "number of primary shards",
    )
    .right(),
    Column::new(
        "relo",
        "r,shards.relocating,shardsRelocating",
        "number of relocating nodes",
    )
    .right(),
    Column::new(
        "init",
        "i,shards.initializing,shardsInitializing",
        "number of initializing nodes",
    )
    .right(),
    Column::new(
        "unassign",
        "u,shards.unassigned,shardsUnassigned",
        "number of unassigned shards",
    )
    .right(),
    Column::new(
        "pending_tasks",
        "pt,pendingTasks",
        "number of pending tasks",
    )
    .right(),
    Column::new(
        "max_task_wait_time",
        "mtwt,maxTaskWaitTime",
        "wait time of longest task pending",
    )
    .right(),
    Column::new(
        "active_shards_percent",
        "asp,activeShardsPercent",
        "active number of shards in percent",
    )
    .right(),
];

async fn health(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let show = Show::of(&mut request.params)?;
    request.params.refuse_unknown()?;
    if show.wants_help() {
        return Ok(show.help(COLUMNS));
    }
    let everything = ExpressionOptions {
        expand: Expand::ALL,
        ..ExpressionOptions::METADATA
    };
    let action = HealthRequest {
        indices: IndexExpression::all(everything),
        timeout: Duration::from_secs(30),
        status: None,
        nodes: None,
        active_shards: None,
    };
    let form = request.form.clone();
    node.run::<Health, _>(action, request.caller(), move |answer| {
        show.reply(&form, &table(&answer?)?)
    })
    .await
}

fn table(health: &HealthResponse) -> Result<Table, Failure> {
    let long = |number: usize| Cell::Long(i64::try_from(number).unwrap_or(i64::MAX));
    let (seconds, time) = now();
    let mut table = Table::new(COLUMNS);
    table.push(vec![
        Cell::Long(seconds),
        Cell::text(time),
        Cell::text(health.cluster_name.clone()),
        Cell::text(health.status.name()),
        long(health.nodes),
        long(health.data_nodes),
        Cell::text(health.has_manager.to_string()),
        Cell::Long(health.active().into()),
        long(health.active_primaries()),
        Cell::Long(0),
        Cell::Long(0),
        Cell::Long(health.unassigned().into()),
        Cell::Long(0),
        Cell::text("-"),
        Cell::text(percent_text(health.active_percent())),
    ])?;
    Ok(table)
}

/// The seconds since 1970 and the time of day in UTC.
pub(super) fn now() -> (i64, String) {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let time = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60
    );
    (seconds, time)
}
