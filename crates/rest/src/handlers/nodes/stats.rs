//! `GET /_nodes[/{node}]/stats[/{metric}[/{index_metric}]]`: figures of nodes.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::cluster::nodes_stats::{NodesStats, NodesStatsRequest},
};

use super::{
    figures::{Wanted, figures},
    heading,
};
use crate::{
    handler,
    params::Params,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, choice, list, time},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/_nodes/stats", &[PARAMS, NODES, METRIC, INDEX_METRIC]),
    row("/_nodes/stats/{metric}", &[PARAMS, NODES, INDEX_METRIC]),
    row("/_nodes/stats/{metric}/{index_metric}", &[PARAMS, NODES]),
    row("/_nodes/{node_id}/stats", &[PARAMS, METRIC, INDEX_METRIC]),
    row("/_nodes/{node_id}/stats/{metric}", &[PARAMS, INDEX_METRIC]),
    row("/_nodes/{node_id}/stats/{metric}/{index_metric}", &[PARAMS]),
];

const PARAMS: &[Param] = &[
    time("timeout", ""),
    choice("level", &["indices", "node", "shards"], "node"),
];
const NODES: &[Param] = &[list("node_id")];
const METRIC: &[Param] = &[list("metric")];
const INDEX_METRIC: &[Param] = &[list("index_metric")];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Get,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(stats),
        action: "cluster:monitor/nodes/stats",
    }
}

/// Names that may be asked for: those with figures here, and those of the reference without. The latter are refused when they
/// are named, and left out when all are asked for.
struct Names {
    what: &'static str,
    here: &'static [&'static str],
    elsewhere: &'static [&'static str],
}

const METRICS: Names = Names {
    what: "metric",
    here: &[
        "breaker",
        "fs",
        "http",
        "indices",
        "jvm",
        "os",
        "process",
        "task_cancellation",
        "thread_pool",
    ],
    elsewhere: &[
        "adaptive_selection",
        "admission_control",
        "caches",
        "cluster_manager_throttling",
        "discovery",
        "file_cache",
        "indexing_pressure",
        "ingest",
        "native_memory",
        "remote_store",
        "repositories",
        "resource_usage_stats",
        "script",
        "script_cache",
        "search_backpressure",
        "search_pipeline",
        "segment_replication_backpressure",
        "shard_indexing_pressure",
        "transport",
        "weighted_routing",
    ],
};

const INDEX_METRICS: Names = Names {
    what: "index metric",
    here: &["docs", "search", "segments", "store", "translog"],
    elsewhere: &[
        "completion",
        "fielddata",
        "flush",
        "get",
        "indexing",
        "merge",
        "query_cache",
        "recovery",
        "refresh",
        "request_cache",
        "warmer",
    ],
};

impl Names {
    fn check(&self, params: &Params, given: &[String]) -> Result<(), Failure> {
        let is = |names: &[&str], name: &str| names.contains(&name);
        let mut unknown: Vec<&str> = given
            .iter()
            .map(String::as_str)
            .filter(|name| !is(self.here, name) && !is(self.elsewhere, name))
            .collect();
        if !unknown.is_empty() {
            unknown.sort_unstable();
            unknown.dedup();
            let known = [self.here, self.elsewhere].concat();
            return Err(params.unrecognized(self.what, &unknown, &known));
        }
        match given.iter().find(|name| is(self.elsewhere, name)) {
            None => Ok(()),
            Some(other) => Err(Failure::illegal_argument(format!(
                "{} [{other}] of nodes is not supported",
                self.what
            ))),
        }
    }
}

async fn stats(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let nodes = params.list("node_id");
    let wanted = wanted(params)?;
    let timeout = params.time("timeout")?.and_then(|time| time.duration());
    match params.text("level") {
        None | Some("node") => {}
        Some(other @ ("indices" | "shards")) => {
            return Err(Failure::illegal_argument(format!(
                "[level={other}] is not supported: figures are of whole nodes"
            )));
        }
        Some(other) => {
            return Err(Failure::illegal_argument(format!(
                "level parameter must be one of [indices] or [node] or [shards] but was [{other}]"
            )));
        }
    }
    params.refuse_unknown()?;
    let form = request.form.clone();
    let action = NodesStatsRequest { nodes, timeout };
    node.run::<NodesStats, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| {
            out.object();
            let cluster = &answer.cluster_name;
            heading(out, answer.nodes.len(), &answer.failures, cluster);
            out.field_object("nodes");
            for node in &answer.nodes {
                out.key(node.info.id.as_str());
                figures(out, node, &wanted);
            }
            out.end_object();
            out.end_object();
        }))
    })
    .await
}

/// Which figures a request wants.
fn wanted(params: &mut Params) -> Result<Wanted, Failure> {
    let path = params.uri_path().to_owned();
    let metrics = params.list("metric");
    let of_indices = params.list_if_given("index_metric");
    let refuse = |why: String| Err(Failure::illegal_argument(format!("request [{path}] {why}")));
    if metrics.is_empty() || metrics == ["_all"] {
        if let Some(of_indices) = of_indices {
            let names = of_indices.join(",");
            return refuse(format!(
                "contains index metrics [{names}] but all stats requested"
            ));
        }
        return Ok(Wanted::default());
    }
    if metrics.iter().any(|name| name == "_all") {
        let names = metrics.join(",");
        return refuse(format!("contains _all and individual metrics [{names}]"));
    }
    METRICS.check(params, &metrics)?;
    let has_indices = metrics.iter().any(|name| name == "indices");
    match of_indices {
        Some(names) if !has_indices => {
            let names = names.join(",");
            refuse(format!(
                "contains index metrics [{names}] but indices stats not requested"
            ))
        }
        Some(names) if names != ["_all"] => {
            INDEX_METRICS.check(params, &names)?;
            Ok(Wanted {
                metrics: Some(metrics),
                of_indices: Some(names),
            })
        }
        _ => Ok(Wanted {
            metrics: Some(metrics),
            of_indices: None,
        }),
    }
}
