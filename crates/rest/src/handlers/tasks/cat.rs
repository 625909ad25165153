//! `GET /_cat/tasks`: what runs, as a table.

use std::sync::Arc;

use glasswork_content::{
    failure::Failure,
    render::{Options, Render},
};
use glasswork_node::{
    Node,
    actions::tasks::{TasksResponse, list::List},
    members::NodeInfo,
};
use glasswork_tasks::{
    NodeId, Resources, Snapshot,
    wire::{Forest, Step, show},
};

use super::list;
use crate::{
    cat::{self, Cell, Column, Show, Table},
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_cat/tasks",
    params: &[list::PARAMS, cat::PARAMS],
    body: Body::Ignored,
    handler: handler!(cat_tasks),
    action: "cluster:monitor/tasks/lists",
}];

const COLUMNS: [Column; 15] = [
    Column::new("id", "", "id of the task with the node").hidden(),
    Column::new("action", "ac", "task action"),
    Column::new("task_id", "ti", "unique task id"),
    Column::new("parent_task_id", "pti", "parent task id"),
    Column::new("type", "ty", "task type"),
    Column::new("start_time", "start", "start time in ms"),
    Column::new("timestamp", "ts,hms,hhmmss", "start time in HH:MM:SS"),
    Column::new("running_time_ns", "time", "running time ns").hidden(),
    Column::new("running_time", "time", "running time"),
    Column::new("node_id", "ni", "unique node id").hidden(),
    Column::new("ip", "i", "ip address"),
    Column::new("port", "po", "bound transport port").hidden(),
    Column::new("node", "n", "node name"),
    Column::new("version", "v", "es version").hidden(),
    Column::new("x_opaque_id", "x", "X-Opaque-ID header").hidden(),
];

/// What `detailed` adds.
const DETAILS: [Column; 2] = [
    Column::new("description", "desc", "task action"),
    Column::new(
        "resource_stats",
        "",
        "resource consumption info of the task",
    )
    .hidden(),
];

async fn cat_tasks(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let action = list::read(&node, &mut request)?;
    let show = Show::of(&mut request.params)?;
    request.params.refuse_unknown()?;
    let detailed = action.view.detailed;
    let columns: Vec<Column> = COLUMNS
        .into_iter()
        .chain(
            DETAILS
                .into_iter()
                .take(if detailed { DETAILS.len() } else { 0 }),
        )
        .collect();
    if show.wants_help() {
        return Ok(show.help(&columns));
    }
    let form = request.form.clone();
    node.run::<List, _>(action, request.caller(), move |answer| {
        show.reply(&form, &table(&columns, &answer?, detailed)?)
    })
    .await
}

/// A row a task, children below their parents. Nodes that failed are not told, as in the reference.
fn table(columns: &[Column], answer: &TasksResponse, detailed: bool) -> Result<Table, Failure> {
    let node = |id: &NodeId| {
        answer
            .nodes
            .iter()
            .map(|entry| &entry.node)
            .find(|node| node.id == *id)
    };
    let mut table = Table::new(columns);
    let forest = Forest::of(answer.nodes.iter().flat_map(|entry| &entry.tasks)).by_start();
    forest.walk(|step| match step {
        Step::Enter { task, .. } => table.push(row(task, node(&task.id.node), detailed)),
        Step::Leave { .. } => Ok(()),
    })?;
    Ok(table)
}

fn row(task: &Snapshot, node: Option<&NodeInfo>, detailed: bool) -> Vec<Cell> {
    let id = task.id.node.as_str();
    let address = node.and_then(|node| node.transport_address.rsplit_once(':'));
    let mut row = vec![
        Cell::text(task.id.number.to_string()),
        Cell::text(task.action.to_string()),
        Cell::text(task.id.to_string()),
        Cell::or_dash(task.parent.as_ref().map(ToString::to_string)),
        Cell::text(task.origin.as_str()),
        Cell::Long(task.start_millis),
        Cell::text(time_of_day(task.start_millis)),
        Cell::Long(i64::try_from(task.running_nanos).unwrap_or(i64::MAX)),
        Cell::Nanos(task.running_nanos),
        Cell::text(id.chars().take(4).collect::<String>()),
        Cell::or_dash(address.map(|(host, _)| host.trim_matches(['[', ']']).to_owned())),
        Cell::or_dash(address.map(|(_, port)| port.to_owned())),
        Cell::or_dash(node.map(|node| node.name.clone())),
        Cell::or_dash(node.map(|node| node.version.clone())),
        Cell::or_dash(task.headers.opaque_id().map(str::to_owned)),
    ];
    if detailed {
        row.push(Cell::text(
            task.description
                .as_ref()
                .map(show::described)
                .unwrap_or_default(),
        ));
        row.push(Cell::text(resources(task.resources.as_ref())));
    }
    row
}

/// `HH:MM:SS` of a moment, in UTC.
fn time_of_day(millis: i64) -> String {
    let seconds = millis.div_euclid(1000).rem_euclid(86_400);
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The JSON that stands in the last column.
fn resources(resources: Option<&Resources>) -> String {
    let Some(resources) = resources else {
        return String::new();
    };
    let mut out = Render::new(Options {
        pretty: true,
        ..Options::default()
    });
    show::resource_stats(&mut out, resources);
    String::from_utf8_lossy(out.finish().trim_ascii_end()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_as_its_time_of_day() {
        assert_eq!(time_of_day(1_795_509_593_797), "08:39:53");
        assert_eq!(time_of_day(0), "00:00:00");
        assert_eq!(time_of_day(-1), "23:59:59");
    }
}
