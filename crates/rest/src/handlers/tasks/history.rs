//! `GET /_tasks/_history`: what ran, and how it ended.

use std::sync::Arc;

use glasswork_content::{
    failure::Failure,
    render::Render,
    text::{TimeValue, iso_millis},
};
use glasswork_node::{
    Node,
    actions::tasks::{HistoryResponse, TasksHistory, history::History, show},
};
use glasswork_tasks::{EndedTask, HistoryFilter, Outcome};

use super::extensions;
use crate::{
    handler,
    params::Params,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, int, list, text, time},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_tasks/_history",
    params: &[PARAMS, extensions::FILTERS],
    body: Body::Ignored,
    handler: handler!(history),
    action: "cluster:monitor/tasks/history",
}];

const PARAMS: &[Param] = &[
    list("nodes"),
    list("actions"),
    text("parent_task_id", ""),
    list("outcome"),
    text("since", ""),
    text("until", ""),
    int("size", "100"),
    text("after", ""),
    time("timeout", ""),
];

/// Tasks of a page when nothing is said, and at most.
const PAGE: usize = 100;
const LARGEST: usize = 10_000;

/// Answers `{"next": "…"?, "tasks": [{"task": {…}, "outcome": "…", …}]}`, those that ended last first.
///
/// # Errors
/// 400 for a parameter that makes no sense.
async fn history(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let action = read(&mut request.params)?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<History, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        form.try_reply(200, |out| page(out, &answer))
    })
    .await
}

fn read(params: &mut Params) -> Result<TasksHistory, Failure> {
    let nodes = params.list("nodes");
    let filter = super::filter(params, false)?;
    let chosen = extensions::filters(params, filter)?;
    let outcomes = params
        .list("outcome")
        .iter()
        .map(|name| outcome(name))
        .collect::<Result<_, _>>()?;
    let since_millis = moment(params, "since")?;
    let until_millis = moment(params, "until")?;
    let size = params.int("size")?;
    let size = size.map_or(Ok(PAGE), |size| {
        let size = usize::try_from(size).ok();
        size.filter(|size| (1..=LARGEST).contains(size))
            .ok_or_else(|| {
                Failure::illegal_argument(format!("[size] must be between [1] and [{LARGEST}]"))
            })
    })?;
    let after = match params.text("after") {
        None => None,
        Some(text) => {
            let cursor = text.parse();
            Some(cursor.map_err(
                |error: glasswork_node::actions::tasks::history::BadHistoryCursor| {
                    Failure::illegal_argument(error.to_string())
                },
            )?)
        }
    };
    Ok(TasksHistory {
        nodes,
        filter: HistoryFilter {
            actions: chosen.actions,
            parent: chosen.parent,
            root: chosen.root,
            opaque_id: chosen.opaque_id,
            user: chosen.user,
            cancelled: chosen.cancelled,
            cancellable: chosen.cancellable,
            overdue: chosen.overdue,
            outcomes,
            min_running: chosen.min_running,
            since_millis,
            until_millis,
            internal: chosen.internal,
            after: None,
            size,
        },
        after,
        timeout: super::timeout(params)?,
    })
}

fn outcome(name: &str) -> Result<Outcome, Failure> {
    Outcome::ALL
        .into_iter()
        .find(|outcome| outcome.as_str() == name)
        .ok_or_else(|| {
            let names = Outcome::ALL.map(|outcome| format!("[{}]", outcome.as_str()));
            Failure::illegal_argument(format!(
                "[outcome] must be one of {} but was [{name}]",
                names.join(", ")
            ))
        })
}

/// A moment: milliseconds since 1970, or a time with a unit that says how long ago it was.
fn moment(params: &mut Params, name: &'static str) -> Result<Option<i64>, Failure> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    if let Ok(millis) = text.parse() {
        return Ok(Some(millis));
    }
    let ago = params
        .time(name)?
        .as_ref()
        .and_then(TimeValue::duration)
        .unwrap_or_default();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let millis = now.saturating_sub(ago).as_millis();
    Ok(Some(i64::try_from(millis).unwrap_or(i64::MAX)))
}

fn page(out: &mut Render, answer: &HistoryResponse) -> Result<(), Failure> {
    out.object();
    if !answer.node_failures.is_empty() {
        out.field_array("node_failures");
        for failure in &answer.node_failures {
            failure.render(out);
        }
        out.end_array();
    }
    if let Some(next) = &answer.next {
        out.field_str("next", &next.to_string());
    }
    out.field_array("tasks");
    for ended in &answer.tasks {
        entry(out, ended)?;
    }
    out.end_array();
    out.end_object();
    Ok(())
}

fn entry(out: &mut Render, ended: &EndedTask) -> Result<(), Failure> {
    out.object();
    out.key("task");
    show::task(out, &ended.task)?;
    out.field_str("outcome", ended.outcome.as_str());
    if let Some(error) = &ended.error {
        out.field_object("error");
        out.field_str("type", &error.kind);
        out.field_str("reason", &error.reason);
        out.end_object();
    }
    if let Some(user) = &ended.user {
        out.field_str("user", user);
    }
    if let Some(reason) = &ended.cancel_reason {
        out.field_object("cancel");
        if let Some(user) = &ended.cancelled_by {
            out.field_str("requested_by", user);
        }
        out.field_str("reason", reason);
        if let Some(millis) = ended.cancel_latency_millis {
            out.field_unsigned("latency_in_millis", millis);
        }
        out.field_bool("overdue", ended.overdue);
        out.end_object();
    }
    if out.human() {
        out.field_str("ended", &iso_millis(ended.ended_millis));
    }
    out.field_long("ended_in_millis", ended.ended_millis);
    out.field_object("tree");
    out.field_unsigned("cpu_time_in_nanos", ended.tree_cpu_nanos);
    out.end_object();
    out.end_object();
    Ok(())
}
