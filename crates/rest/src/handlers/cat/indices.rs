//! `GET /_cat/indices[/{index}]`: the indices, a line each.

use std::{collections::BTreeSet, sync::Arc};

use glasswork_content::{failure::Failure, text::iso_millis};
use glasswork_node::{
    Node,
    actions::{
        cluster::health::{IndexHealth, Status},
        indices::{IndexStats, IndicesStats, IndicesStatsRequest},
    },
    metadata::{Expand, ExpressionOptions, Index},
};

use crate::{
    cat::{self, Cell, Column, Show, Table},
    handler,
    handlers::indices::{INDEX, manager_times, target},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, choice, flag, flag_or, list, time},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/_cat/indices", &[INDEX, PARAMS, cat::PARAMS]),
    row("/_cat/indices/{index}", &[PARAMS, cat::PARAMS]),
];

const PARAMS: &[Param] = &[
    flag("ignore_unavailable"),
    flag_or("allow_no_indices", "true"),
    list("expand_wildcards"),
    choice("health", &["green", "yellow", "red"], ""),
    flag("include_unloaded_segments"),
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
        handler: handler!(indices),
        action: "indices:monitor/stats",
    }
}

const COLUMNS: &[Column] = &[
    Column::new("health", "h", "current health status"),
    Column::new("status", "s", "open/close status"),
    Column::new("index", "i,idx", "index name"),
    Column::new("uuid", "id,uuid", "index uuid"),
    Column::new(
        "pri",
        "p,shards.primary,shardsPrimary",
        "number of primary shards",
    )
    .right(),
    Column::new(
        "rep",
        "r,shards.replica,shardsReplica",
        "number of replica shards",
    )
    .right(),
    Column::new("docs.count", "dc,docsCount", "available docs").right(),
    Column::new("docs.deleted", "dd,docsDeleted", "deleted docs").right(),
    Column::new(
        "creation.date",
        "cd",
        "index creation date (millisecond value)",
    )
    .hidden(),
    Column::new(
        "creation.date.string",
        "cds",
        "index creation date (as string)",
    )
    .hidden(),
    Column::new(
        "store.size",
        "ss,storeSize",
        "store size of primaries & replicas",
    )
    .right()
    .sibling("pri"),
    Column::new("pri.store.size", "", "store size of primaries").right(),
    Column::new("segments.count", "sc,segmentsCount", "number of segments")
        .hidden()
        .right()
        .sibling("pri"),
    Column::new("pri.segments.count", "", "number of segments")
        .hidden()
        .right(),
    Column::new("memory.total", "tm,memoryTotal", "total used memory")
        .hidden()
        .right()
        .sibling("pri"),
    Column::new("pri.memory.total", "", "total user memory")
        .hidden()
        .right(),
];

async fn indices(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let options = ExpressionOptions {
        expand: Expand::OPEN_AND_CLOSED,
        ..ExpressionOptions::METADATA
    };
    let expression = target(params, options)?;
    let wanted = params
        .text("health")
        .filter(|text| !text.is_empty())
        .map(Status::parse)
        .transpose()?;
    // Segments are always loaded, and every node has all metadata.
    params.flag("include_unloaded_segments")?;
    params.flag("local")?;
    let deprecated = manager_times(params)?;
    let show = Show::of(params)?;
    params.refuse_unknown()?;
    if show.wants_help() {
        return Ok(show.help(COLUMNS));
    }
    let form = request.form.clone();
    let shown = Arc::clone(&node);
    let action = IndicesStatsRequest {
        target: expression.clone(),
    };
    node.run::<IndicesStats, _>(action, request.caller(), move |answer| {
        let stats = answer?;
        let members: BTreeSet<String> = shown
            .members()
            .iter()
            .map(|member| member.id.to_string())
            .collect();
        let mut table = Table::new(COLUMNS);
        for index in shown.metadata().resolve(&expression)? {
            let health = IndexHealth::of(&index, |id| members.contains(id));
            if wanted.is_some_and(|wanted| wanted != health.status) {
                continue;
            }
            let figures = stats.indices.iter().find(|stats| stats.uuid == *index.uuid);
            table.push(line(&index, &health, figures.filter(|_| index.open)))?;
        }
        Ok(deprecated.warn(show.reply(&form, &table)?))
    })
    .await
}

/// A closed index has no figures.
fn line(index: &Index, health: &IndexHealth, figures: Option<&IndexStats>) -> Vec<Cell> {
    let sum = |of: fn(&glasswork_node::actions::indices::ShardFigures) -> u64| {
        figures.map(|index| index.shards.iter().map(of).sum::<u64>())
    };
    let count = |number: Option<u64>| {
        number.map_or(Cell::Nothing, |number| {
            Cell::Long(i64::try_from(number).unwrap_or(i64::MAX))
        })
    };
    let bytes = |number: Option<u64>| number.map_or(Cell::Nothing, Cell::Bytes);
    let store = sum(|shard| shard.store_bytes);
    let segments = sum(|shard| shard.segments);
    let memory = sum(|shard| shard.memory_bytes);
    let created = index.options.created_millis;
    vec![
        Cell::text(health.status.name()),
        Cell::text(if index.open { "open" } else { "close" }),
        Cell::text(index.name.to_string()),
        Cell::text(index.uuid.to_string()),
        Cell::Long(index.options.number_of_shards.into()),
        Cell::Long(index.options.number_of_replicas.into()),
        count(sum(|shard| shard.docs)),
        count(sum(|shard| shard.deleted)),
        Cell::Long(created),
        Cell::text(iso_millis(created)),
        bytes(store),
        bytes(store),
        count(segments),
        count(segments),
        bytes(memory),
        bytes(memory),
    ]
}
