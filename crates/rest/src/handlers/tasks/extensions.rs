//! What goes beyond the reference: more filters, pages, background work, and why a task is still there. A request that
//! uses none of it is answered as the reference answers it; a strict node refuses it.

use std::sync::Arc;

use glasswork_content::{failure::Failure, render::Render, text::TimeValue};
use glasswork_node::actions::tasks::ListTasks;
use glasswork_tasks::{Extended, Filter, Pattern, Progress, Sort};

use crate::{
    params::Params,
    routes::{Param, flag, int, text, time},
};

/// More filters, the order and the page of a list.
pub(super) const LIST: &[Param] = &[
    text("x_opaque_id", ""),
    text("user", ""),
    flag("cancelled"),
    flag("cancellable"),
    flag("overdue"),
    time("min_running_time", ""),
    text("root_task_id", ""),
    flag("internal"),
    text("sort", "id"),
    int("size", ""),
    text("after", ""),
];

/// Adds to each task why it is still there.
pub(super) const EXTENDED: Param = flag("extended");

/// Tasks of a page in another order than that of their numbers.
const LARGEST_SORTED: usize = 10_000;

/// Reads [`LIST`] and [`EXTENDED`]. They are read only when they are given, so that no hint names them.
pub(super) fn read(params: &mut Params, list: &mut ListTasks) -> Result<(), Failure> {
    let filter = &mut list.filter;
    if params.has("x_opaque_id") {
        filter.opaque_id = params.text("x_opaque_id").map(Pattern::new);
    }
    if params.has("user") {
        filter.user = params.text("user").map(Arc::from);
    }
    for (name, asked) in [
        ("cancelled", &mut filter.cancelled),
        ("cancellable", &mut filter.cancellable),
        ("overdue", &mut filter.overdue),
    ] {
        if params.has(name) {
            *asked = params.flag_if_given(name)?;
        }
    }
    if params.has("min_running_time") {
        filter.min_running = params
            .time("min_running_time")?
            .as_ref()
            .and_then(TimeValue::duration);
    }
    if params.has("root_task_id") {
        filter.root = super::task_id(params.text("root_task_id").unwrap_or(""))?;
    }
    if params.has("internal") {
        filter.internal = params.flag("internal")?;
    }
    list.view.extended = extended(params)?;
    page(params, list)
}

/// Reads [`EXTENDED`].
pub(super) fn extended(params: &mut Params) -> Result<bool, Failure> {
    if params.has(EXTENDED.name) {
        params.flag(EXTENDED.name)
    } else {
        Ok(false)
    }
}

fn page(params: &mut Params, list: &mut ListTasks) -> Result<(), Failure> {
    let filter: &mut Filter = &mut list.filter;
    if params.has("size") {
        let size = params.int("size")?.unwrap_or_default();
        let size = usize::try_from(size).ok().filter(|size| *size > 0);
        filter.size =
            Some(size.ok_or_else(|| Failure::illegal_argument("[size] must be greater than 0"))?);
    }
    if params.has("sort") {
        let sort = params.text("sort").unwrap_or("");
        filter.sort = sort
            .parse::<Sort>()
            .map_err(|error| Failure::illegal_argument(error.to_string()))?;
        if filter.sort != Sort::default() && filter.size.is_none_or(|size| size > LARGEST_SORTED) {
            return Err(Failure::illegal_argument(format!(
                "[sort] needs a [size] of at most [{LARGEST_SORTED}]"
            )));
        }
    }
    if params.has("after") {
        let after = params.text("after").unwrap_or("");
        list.after = Some(after.parse().map_err(|_| {
            Failure::illegal_argument(format!(
                "[after] must be the [next] of an earlier list but was [{after}]"
            ))
        })?);
    }
    Ok(())
}

/// Writes the object.
pub(super) fn object(out: &mut Render, task: &Extended) {
    out.field_object("glasswork");
    if let Some(user) = &task.user {
        out.field_str("user", user);
    }
    if let Some(connection) = &task.connection {
        out.field_str("connection", connection);
    }
    if let Some((on, millis)) = &task.wait {
        out.field_object("wait");
        out.field_str("on", on);
        out.field_unsigned("since_in_millis", *millis);
        out.end_object();
    }
    if let Some(progress) = &task.progress {
        out.key("progress");
        progressed(out, progress);
    }
    out.field_object("cancel");
    out.field_unsigned("bound_in_millis", task.cancel_bound_millis);
    if let Some(user) = &task.cancelled_by {
        out.field_str("requested_by", user);
    }
    if let Some(reason) = &task.cancel_reason {
        out.field_str("reason", reason);
    }
    if let Some(millis) = task.cancel_latency_millis {
        out.field_unsigned("latency_in_millis", millis);
    }
    out.field_bool("overdue", task.overdue);
    out.end_object();
    if let Some((at, millis)) = &task.checkpoint {
        out.field_object("checkpoint");
        out.field_str("at", at);
        out.field_unsigned("age_in_millis", *millis);
        out.end_object();
    }
    out.field_object("resources");
    out.field_unsigned("cpu_time_in_nanos", task.cpu_nanos);
    out.field_unsigned("live_memory_in_bytes", task.traffic.live_bytes);
    out.field_unsigned("peak_memory_in_bytes", task.traffic.peak_bytes);
    out.field_unsigned("read_in_bytes", task.traffic.read_bytes);
    out.field_unsigned("written_in_bytes", task.traffic.written_bytes);
    out.end_object();
    out.field_object("tree");
    out.field_unsigned("tasks", task.tree.tasks);
    out.field_unsigned("cpu_time_in_nanos", task.tree.cpu_nanos);
    out.field_unsigned("live_memory_in_bytes", task.tree.live_bytes);
    out.end_object();
    if let Some(millis) = task.deadline_millis {
        out.field_long("deadline_in_millis", millis);
    }
    out.field_bool("durable", task.durable);
    out.end_object();
}

fn progressed(out: &mut Render, progress: &Progress) {
    out.object();
    out.field_unsigned("done", progress.done);
    if let Some(total) = progress.total {
        out.field_unsigned("total", total);
    }
    out.field_str("unit", &progress.unit);
    if let Some(permille) = progress.permille {
        out.field_double("percent", f64::from(permille) / 10.0);
    }
    if let Some((low, high)) = progress.eta_millis {
        out.field_object("eta_in_millis");
        out.field_unsigned("low", low);
        out.field_unsigned("high", high);
        out.end_object();
    }
    out.end_object();
}
