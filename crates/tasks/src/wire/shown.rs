//! The three shapes of a list of tasks: by nodes, by parents, flat.

use glasswork_content::{failure::Failure, render::Render};

use super::{
    NodeInfo, NodeTasks, Preview, TasksResponse,
    forest::{Forest, Step},
    show,
};
use crate::Snapshot;

/// Bytes that a list may take that can't be told piece by piece, `tasks.list.max_bytes`.
pub const MAX_BYTES: usize = 64 << 20;

/// How a list is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// By node, tasks by their ids.
    Nodes,
    /// By root, children within.
    Parents,
    /// Not at all.
    Nothing,
}

impl GroupBy {
    /// Reads `group_by`.
    ///
    /// # Errors
    /// 400 for another word.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "nodes" => Ok(Self::Nodes),
            "parents" => Ok(Self::Parents),
            "none" => Ok(Self::Nothing),
            other => Err(Failure::illegal_argument(format!(
                "[group_by] must be one of [nodes], [parents] or [none] but was [{other}]"
            ))),
        }
    }
}

/// Writes the whole answer.
///
/// # Errors
/// 429 when it is longer than a list may be.
pub fn tasks(out: &mut Render, answer: &TasksResponse, group_by: GroupBy) -> Result<(), Failure> {
    out.object();
    failures(out, answer);
    if let Some(next) = &answer.next {
        out.field_str("next", &next.to_string());
    }
    if let Some(preview) = &answer.preview {
        previewed(out, preview);
    }
    match group_by {
        GroupBy::Nodes => by_nodes(out, answer)?,
        GroupBy::Parents => by_parents(out, answer)?,
        GroupBy::Nothing => flat(out, answer)?,
    }
    out.end_object();
    Ok(())
}

/// What went wrong, when something did.
fn failures(out: &mut Render, answer: &TasksResponse) {
    if !answer.task_failures.is_empty() {
        out.field_array("task_failures");
        for failed in &answer.task_failures {
            out.object();
            out.field_unsigned("task_id", failed.task.number);
            out.field_str("node_id", failed.task.node.as_str());
            out.field_str("status", status_name(failed.reason.status()));
            out.key("reason");
            failed.reason.render(out);
            out.end_object();
        }
        out.end_array();
    }
    if !answer.node_failures.is_empty() {
        out.field_array("node_failures");
        for failure in &answer.node_failures {
            failure.render(out);
        }
        out.end_array();
    }
}

/// What a cancel would end, in sums, and the token that ends exactly that.
fn previewed(out: &mut Render, preview: &Preview) {
    out.field_object("preview");
    out.field_str("token", &preview.token);
    out.field_unsigned("tasks", preview.tasks as u64);
    out.field_strings("users", &preview.users);
    out.field_unsigned("cpu_time_in_nanos", preview.cpu_nanos);
    let millis = u64::try_from(preview.expires.as_millis()).unwrap_or(u64::MAX);
    out.field_unsigned("expires_in_millis", millis);
    out.end_object();
}

/// The name that the reference has for a status.
fn status_name(status: u16) -> &'static str {
    match status {
        400 => "BAD_REQUEST",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        409 => "CONFLICT",
        429 => "TOO_MANY_REQUESTS",
        503 => "SERVICE_UNAVAILABLE",
        504 => "GATEWAY_TIMEOUT",
        _ => "INTERNAL_SERVER_ERROR",
    }
}

/// Writes the first page of an answer up to its last task, whose node stays open.
///
/// # Errors
/// When a task can't be written.
pub fn begin(out: &mut Render, answer: &TasksResponse, group_by: GroupBy) -> Result<(), Failure> {
    out.object();
    failures(out, answer);
    match group_by {
        GroupBy::Nodes => out.field_object("nodes"),
        GroupBy::Parents | GroupBy::Nothing => out.field_array("tasks"),
    }
    for (at, NodeTasks { node, tasks }) in answer.nodes.iter().enumerate() {
        if group_by == GroupBy::Nodes {
            if at > 0 {
                close_node(out);
            }
            open_node(out, node);
        }
        for task in tasks {
            one(out, task, group_by)?;
        }
    }
    Ok(())
}

/// Writes a task among those of its node, or in a flat list.
///
/// # Errors
/// When its status can't be written.
pub fn one(out: &mut Render, one: &Snapshot, group_by: GroupBy) -> Result<(), Failure> {
    if group_by == GroupBy::Nodes {
        out.key(&one.id.to_string());
    }
    show::task(out, one)
}

/// Writes one task alone: `{"completed":…,"task":{…}}`.
///
/// # Errors
/// When its status can't be written.
pub fn one_alone(out: &mut Render, snapshot: &Snapshot, completed: bool) -> Result<(), Failure> {
    out.object();
    out.field_bool("completed", completed);
    out.key("task");
    show::task(out, snapshot)?;
    out.end_object();
    Ok(())
}

fn by_nodes(out: &mut Render, answer: &TasksResponse) -> Result<(), Failure> {
    out.field_object("nodes");
    for NodeTasks { node, tasks } in &answer.nodes {
        open_node(out, node);
        for task in tasks {
            one(out, task, GroupBy::Nodes)?;
            bounded(out)?;
        }
        close_node(out);
    }
    out.end_object();
    Ok(())
}

/// Writes a node up to the first of its tasks.
pub fn open_node(out: &mut Render, node: &NodeInfo) {
    out.field_object(node.id.as_str());
    out.field_str("name", &node.name);
    out.field_str("transport_address", &node.transport_address);
    out.field_str("host", &node.host);
    out.field_str("ip", &node.transport_address);
    out.field_strings("roles", &node.roles);
    if !node.attributes.is_empty() {
        out.field_object("attributes");
        for (name, value) in &node.attributes {
            out.field_str(name, value);
        }
        out.end_object();
    }
    out.field_object("tasks");
}

/// Writes what is left of a node after the last of its tasks.
pub fn close_node(out: &mut Render) {
    out.end_object();
    out.end_object();
}

fn by_parents(out: &mut Render, answer: &TasksResponse) -> Result<(), Failure> {
    out.field_object("tasks");
    let forest = Forest::of(answer.nodes.iter().flat_map(|node| &node.tasks));
    forest.walk(|step| {
        match step {
            Step::Enter {
                task: one,
                nested,
                has_children,
            } => {
                if !nested {
                    out.key(&one.id.to_string());
                }
                show::open(out, one)?;
                if has_children {
                    out.field_array("children");
                }
            }
            Step::Leave { had_children } => {
                if had_children {
                    out.end_array();
                }
                out.end_object();
            }
        }
        bounded(out)
    })?;
    out.end_object();
    Ok(())
}

fn flat(out: &mut Render, answer: &TasksResponse) -> Result<(), Failure> {
    out.field_array("tasks");
    // A page has its own order over the nodes.
    let paged = answer
        .order
        .iter()
        .map(|(node, task)| &answer.nodes[*node].tasks[*task]);
    let all = answer.nodes.iter().flat_map(|node| &node.tasks);
    let tasks: Vec<&Snapshot> = if answer.order.is_empty() {
        all.collect()
    } else {
        paged.collect()
    };
    for task in tasks {
        one(out, task, GroupBy::Nothing)?;
        bounded(out)?;
    }
    out.end_array();
    Ok(())
}

/// Refuses an answer that does not fit into the memory of a list.
fn bounded(out: &Render) -> Result<(), Failure> {
    if out.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(Failure::circuit_breaking(
        format!(
            "[tasks.list.max_bytes] the list would be larger than the limit of [{MAX_BYTES}] bytes: ask for less, or \
             group by [nodes] or [none]"
        ),
        out.len() as u64,
        MAX_BYTES as u64,
        "PERMANENT",
    ))
}
