//! `GET /_cat/nodes`: the nodes, a line each.

use std::{sync::Arc, time::Duration};

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::cluster::nodes_info::{NodeDetails, NodesInfo, NodesInfoRequest},
};

use crate::{
    cat::{self, Cell, Column, Show, Table},
    handler,
    handlers::indices::manager_times,
    headers::BUILD_HASH,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route, flag, time},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_cat/nodes",
    params: &[
        cat::PARAMS,
        &[
            flag("full_id"),
            flag("local"),
            time("cluster_manager_timeout", "30s"),
            time("master_timeout", ""),
            time("timeout", "30s"),
        ],
    ],
    body: Body::Ignored,
    handler: handler!(nodes),
    action: "cluster:monitor/nodes/info",
}];

const COLUMNS: &[Column] = &[
    Column::new("id", "id,nodeId", "unique node id").hidden(),
    Column::new("pid", "p", "process id").hidden(),
    Column::new("ip", "i", "ip address"),
    Column::new("port", "po", "bound transport port").hidden(),
    Column::new("http_address", "http", "bound http address").hidden(),
    Column::new("version", "v", "os version").hidden(),
    Column::new("type", "t", "os distribution type").hidden(),
    Column::new("build", "b", "os build hash").hidden(),
    Column::new("heap.current", "hc,heapCurrent", "used heap")
        .hidden()
        .right(),
    Column::new("heap.percent", "hp,heapPercent", "used heap ratio").right(),
    Column::new("heap.max", "hm,heapMax", "max configured heap")
        .hidden()
        .right(),
    Column::new("ram.current", "rc,ramCurrent", "used machine memory")
        .hidden()
        .right(),
    Column::new("ram.percent", "rp,ramPercent", "used machine memory ratio").right(),
    Column::new("ram.max", "rm,ramMax", "total machine memory")
        .hidden()
        .right(),
    Column::new("cpu", "cpu", "recent cpu usage").right(),
    Column::new("load_1m", "l", "1m load avg").right(),
    Column::new("load_5m", "l", "5m load avg").right(),
    Column::new("load_15m", "l", "15m load avg").right(),
    Column::new("uptime", "u", "node uptime").hidden(),
    Column::new(
        "node.role",
        "r,role,nodeRole",
        "m:master eligible node, d:data node, i:ingest node, -:coordinating node only",
    ),
    Column::new("node.roles", "rs,all roles", "-:coordinating node only"),
    Column::new(
        "cluster_manager",
        "cm,m,master",
        "*:current cluster manager",
    ),
    Column::new("name", "n", "node name"),
];

async fn nodes(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let full_id = params.flag("full_id")?;
    // Every node knows all others: the local view is the answer in any case.
    params.flag("local")?;
    let deprecated = manager_times(params)?;
    let show = Show::of(params)?;
    params.refuse_unknown()?;
    if show.wants_help() {
        return Ok(show.help(COLUMNS));
    }
    let form = request.form.clone();
    node.run::<NodesInfo, _>(
        NodesInfoRequest::default(),
        request.caller(),
        move |answer| {
            let answer = answer?;
            let mut table = Table::new(COLUMNS);
            for node in &answer.nodes {
                let is_manager = answer.manager.as_ref() == Some(&node.info.id);
                table.push(row(node, is_manager, full_id))?;
            }
            Ok(deprecated.warn(show.reply(&form, &table)?))
        },
    )
    .await
}

fn row(node: &NodeDetails, is_manager: bool, full_id: bool) -> Vec<Cell> {
    let (info, host) = (&node.info, &node.host);
    let id = info.id.as_str();
    let port = info
        .transport_address
        .rsplit_once(':')
        .map(|(_, port)| port.to_owned());
    let load = |at: usize| Cell::text(format!("{:.2}", host.load[at]));
    let used = host.memory_total.saturating_sub(host.memory_available);
    let heap = host
        .process_resident
        .saturating_mul(100)
        .checked_div(node.memory_limit)
        .unwrap_or(0);
    let uptime = Duration::from_millis(node.uptime_millis).as_nanos();
    vec![
        Cell::text(if full_id {
            id.to_owned()
        } else {
            id.chars().take(4).collect()
        }),
        Cell::Long(node.process_id.into()),
        Cell::text(info.host.clone()),
        Cell::or_dash(port),
        Cell::text(info.http_address.clone()),
        Cell::text(info.version.clone()),
        Cell::text("tar"),
        Cell::text(BUILD_HASH),
        Cell::Bytes(host.process_resident),
        Cell::Long(heap.min(100) as i64),
        Cell::Bytes(node.memory_limit),
        Cell::Bytes(used),
        Cell::Long(host.memory_percent().into()),
        Cell::Bytes(host.memory_total),
        Cell::Long(host.cpu_percent.into()),
        load(0),
        load(1),
        load(2),
        Cell::Nanos(u64::try_from(uptime).unwrap_or(u64::MAX)),
        Cell::text(letters(&info.roles)),
        Cell::text(if info.roles.is_empty() {
            "-".to_owned()
        } else {
            info.roles.join(",")
        }),
        Cell::text(if is_manager { "*" } else { "-" }),
        Cell::text(info.name.clone()),
    ]
}

/// The letters of roles, sorted: `dimr`.
fn letters(roles: &[String]) -> String {
    let mut letters: Vec<char> = roles
        .iter()
        .filter_map(|role| match role.as_str() {
            "cluster_manager" => Some('m'),
            "data" => Some('d'),
            "ingest" => Some('i'),
            "remote_cluster_client" => Some('r'),
            "search" => Some('s'),
            "warm" => Some('w'),
            _ => None,
        })
        .collect();
    letters.sort_unstable();
    if letters.is_empty() {
        "-".to_owned()
    } else {
        letters.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn roles_have_letters_in_order() {
        let roles =
            ["cluster_manager", "data", "ingest", "remote_cluster_client"].map(str::to_owned);
        assert_eq!(letters(&roles), "dimr");
        assert_eq!(letters(&[]), "-");
    }
}
