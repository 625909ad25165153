//! A task as it stands in every answer about tasks.

use glasswork_content::{
    failure::Failure,
    render::Render,
    text::{duration_text, iso_millis, size_text},
};
use glasswork_tasks::{Description, Resources, Snapshot, Usage};

use super::extensions;

/// Writes a task without its closing brace, so that children can follow.
pub(super) fn open(out: &mut Render, task: &Snapshot) -> Result<(), Failure> {
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
        extensions::object(out, extended);
    }
    Ok(())
}

/// Writes a task.
pub(super) fn task(out: &mut Render, task: &Snapshot) -> Result<(), Failure> {
    open(out, task)?;
    out.end_object();
    Ok(())
}

/// The description, with a note where it was cut.
pub(super) fn described(description: &Description) -> String {
    if description.is_cut() {
        format!("{}… [{}]", description.text, size_text(description.length))
    } else {
        description.text.clone()
    }
}

/// Writes what a task used.
pub(super) fn resource_stats(out: &mut Render, resources: &Resources) {
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
