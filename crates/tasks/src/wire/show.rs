//! A task as it stands in every answer about tasks, and in stored results.

use glasswork_content::{
    failure::Failure,
    render::Render,
    text::{duration_text, iso_millis, size_text},
};

use crate::{Description, Extended, Progress, Resources, Snapshot, Usage};

/// Writes a task without its closing brace, so that children can follow.
///
/// # Errors
/// Its status is no JSON.
pub fn open(out: &mut Render, task: &Snapshot) -> Result<(), Failure> {
    out.object();
    out.field_str("node", task.id.node.as_str());
    out.field_unsigned("id", task.id.number);
    out.field_str("type", task.origin.as_str());
    out.field_str("action", &task.action);
    if let Some(status) = &task.status {
        out.key("status");
        out.raw(status)?;
    }
    if let Some(description) = &task.description {
        out.field_str("description", &described(description));
    }
    if out.human() {
        out.field_str("start_time", &iso_millis(task.start_millis));
    }
    out.field_long("start_time_in_millis", task.start_millis);
    if out.human() {
        out.field_str(
            "running_time",
            &duration_text(u128::from(task.running_nanos)),
        );
    }
    out.field_unsigned("running_time_in_nanos", task.running_nanos);
    out.field_bool("cancellable", task.cancellable);
    out.field_bool("cancelled", task.cancelled());
    if let Some(parent) = &task.parent {
        out.field_str("parent_task_id", &parent.to_string());
    }
    out.field_object("headers");
    for (name, value) in task.headers.iter() {
        out.field_str(name, value);
    }
    out.end_object();
    if let Some(resources) = &task.resources {
        out.key("resource_stats");
        resource_stats(out, resources);
    }
    if let Some(millis) = task.cancelled_millis {
        if out.human() {
            // The moment, told as a duration: what clients of the reference have always been given.
            let nanos = u128::from(millis.unsigned_abs()) * 1_000_000;
            out.field_str("cancellation_time", &duration_text(nanos));
        }
        out.field_long("cancellation_time_millis", millis);
    }
    if let Some(extended) = &task.extended {
        self::extended(out, extended);
    }
    Ok(())
}

/// Writes a task.
///
/// # Errors
/// Its status is no JSON.
pub fn task(out: &mut Render, task: &Snapshot) -> Result<(), Failure> {
    open(out, task)?;
    out.end_object();
    Ok(())
}

/// The description, with a note where it was cut.
#[must_use]
pub fn described(description: &Description) -> String {
    if description.is_cut() {
        format!("{}… [{}]", description.text, size_text(description.length))
    } else {
        description.text.clone()
    }
}

/// Writes what a task used.
pub fn resource_stats(out: &mut Render, resources: &Resources) {
    out.object();
    for (name, usage) in [
        ("average", &resources.average),
        ("total", &resources.total),
        ("min", &resources.min),
        ("max", &resources.max),
    ] {
        out.key(name);
        used(out, usage);
    }
    out.field_object("thread_info");
    out.field_unsigned("thread_executions", resources.thread_executions);
    out.field_unsigned("active_threads", resources.active_threads);
    out.end_object();
    out.end_object();
}

fn used(out: &mut Render, usage: &Usage) {
    out.object();
    out.field_unsigned("cpu_time_in_nanos", usage.cpu_nanos);
    out.field_unsigned("memory_in_bytes", usage.memory_bytes);
    out.end_object();
}

/// Writes why a task is still there.
fn extended(out: &mut Render, task: &Extended) {
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
        self::progress(out, progress);
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

/// Writes how far a task is.
pub fn progress(out: &mut Render, progress: &Progress) {
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
