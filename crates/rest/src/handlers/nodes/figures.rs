//! The figures of one node, as `/_nodes/stats` shows them.

use glasswork_content::{
    render::Render,
    text::{duration_text, size_text},
};
use glasswork_node::{Late, actions::cluster::nodes_stats::NodeFigures};

/// Which are wanted; all, where none are named.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) metrics: Option<Vec<String>>,
    /// Parts of `indices`.
    pub(super) of_indices: Option<Vec<String>>,
}

impl Wanted {
    fn has(&self, metric: &str) -> bool {
        has(self.metrics.as_deref(), metric)
    }
}

/// Writes one part.
type Write = fn(&mut Render, &NodeFigures);

fn has(names: Option<&[String]>, wanted: &str) -> bool {
    names.is_none_or(|names| names.iter().any(|name| name == wanted))
}

/// Writes `{"timestamp":…,"name":…,…}`.
pub(super) fn figures(out: &mut Render, node: &NodeFigures, wanted: &Wanted) {
    let info = &node.info;
    out.object();
    out.field_long("timestamp", node.timestamp_millis);
    out.field_str("name", &info.name);
    out.field_str("transport_address", &info.transport_address);
    out.field_str("host", &info.host);
    out.field_str("ip", &info.transport_address);
    out.field_strings("roles", &info.roles);
    if !info.attributes.is_empty() {
        out.field_object("attributes");
        for (name, value) in &info.attributes {
            out.field_str(name, value);
        }
        out.end_object();
    }
    let parts: [(&str, Write); 8] = [
        ("os", os),
        ("process", process),
        ("jvm", jvm),
        ("thread_pool", pools),
        ("fs", disk),
        ("http", http),
        ("breaker", breakers),
        ("task_cancellation", late),
    ];
    if wanted.has("indices") {
        indices(out, node, wanted.of_indices.as_deref());
    }
    for (metric, write) in parts {
        if wanted.has(metric) {
            write(out, node);
        }
    }
    out.end_object();
}

/// `"total":"1gb"` for people, and `"total_in_bytes":1073741824`.
fn bytes(out: &mut Render, name: &str, bytes: u64) {
    if out.human() {
        out.field_str(name, &size_text(bytes));
    }
    out.field_unsigned(&format!("{name}_in_bytes"), bytes);
}

fn millis(out: &mut Render, name: &str, millis: u64) {
    if out.human() {
        out.field_str(name, &duration_text(u128::from(millis) * 1_000_000));
    }
    out.field_unsigned(&format!("{name}_in_millis"), millis);
}

fn indices(out: &mut Render, node: &NodeFigures, parts: Option<&[String]>) {
    let shards = &node.shards;
    out.field_object("indices");
    if has(parts, "docs") {
        out.field_object("docs");
        out.field_unsigned("count", shards.docs);
        out.field_unsigned("deleted", shards.deleted);
        out.end_object();
    }
    if has(parts, "store") {
        out.field_object("store");
        bytes(out, "size", shards.store_bytes);
        out.end_object();
    }
    if has(parts, "search") {
        out.field_object("search");
        out.field_unsigned("open_contexts", shards.open_contexts);
        out.end_object();
    }
    if has(parts, "segments") {
        out.field_object("segments");
        out.field_unsigned("count", shards.segments);
        bytes(out, "index_writer_memory", shards.memory_bytes);
        out.end_object();
    }
    if has(parts, "translog") {
        out.field_object("translog");
        bytes(out, "uncommitted_size", shards.log_bytes);
        out.end_object();
    }
    out.end_object();
}

fn os(out: &mut Render, node: &NodeFigures) {
    let host = &node.host;
    out.field_object("os");
    out.field_long("timestamp", node.timestamp_millis);
    out.field_object("cpu");
    out.field_unsigned("percent", host.cpu_percent.into());
    out.field_object("load_average");
    for (name, load) in ["1m", "5m", "15m"].into_iter().zip(host.load) {
        out.field_double(name, load);
    }
    out.end_object();
    out.end_object();
    out.field_object("mem");
    let used = host.memory_total.saturating_sub(host.memory_available);
    bytes(out, "total", host.memory_total);
    bytes(out, "free", host.memory_available);
    bytes(out, "used", used);
    let percent = host.memory_percent();
    out.field_unsigned("free_percent", u64::from(100 - percent));
    out.field_unsigned("used_percent", percent.into());
    out.end_object();
    out.field_object("swap");
    bytes(out, "total", host.swap_total);
    bytes(out, "free", host.swap_free);
    bytes(out, "used", host.swap_total.saturating_sub(host.swap_free));
    out.end_object();
    out.end_object();
}

fn process(out: &mut Render, node: &NodeFigures) {
    let process = &node.process;
    out.field_object("process");
    out.field_long("timestamp", node.timestamp_millis);
    out.field_unsigned("open_file_descriptors", process.open_files);
    out.field_unsigned("max_file_descriptors", process.max_files);
    out.field_object("cpu");
    out.field_unsigned("percent", process.cpu_percent.into());
    millis(out, "total", process.cpu_millis);
    out.end_object();
    out.field_object("mem");
    bytes(out, "total_virtual", process.virtual_bytes);
    out.end_object();
    out.end_object();
}

/// There is no virtual machine: the heap is the resident memory, out of what the node may use, as in `/_cat/nodes`.
fn jvm(out: &mut Render, node: &NodeFigures) {
    let (used, limit) = (node.host.process_resident, node.memory_limit);
    let percent = used.saturating_mul(100).checked_div(limit).unwrap_or(0);
    out.field_object("jvm");
    out.field_long("timestamp", node.timestamp_millis);
    millis(out, "uptime", node.uptime_millis);
    out.field_object("mem");
    bytes(out, "heap_used", used);
    out.field_unsigned("heap_used_percent", percent.min(100));
    bytes(out, "heap_max", limit);
    out.end_object();
    out.field_object("threads");
    out.field_unsigned("count", node.process.threads);
    out.end_object();
    out.end_object();
}

fn pools(out: &mut Render, node: &NodeFigures) {
    out.field_object("thread_pool");
    for (name, pool) in &node.pools {
        out.field_object(name);
        out.field_unsigned("threads", pool.threads as u64);
        out.field_unsigned("queue", pool.queued as u64);
        out.field_unsigned("active", pool.active as u64);
        out.field_unsigned("rejected", pool.rejected);
        // Threads stay, so there were never more.
        out.field_unsigned("largest", pool.threads as u64);
        out.field_unsigned("completed", pool.completed);
        // The reference measures it where searches wait, and nowhere else.
        if name == "search" {
            if out.human() {
                out.field_str("total_wait_time", &duration_text(pool.waited_nanos.into()));
            }
            out.field_unsigned("total_wait_time_in_nanos", pool.waited_nanos);
        }
        out.end_object();
    }
    out.end_object();
}

fn disk(out: &mut Render, node: &NodeFigures) {
    out.field_object("fs");
    out.field_long("timestamp", node.timestamp_millis);
    if let Some(disk) = &node.disk {
        let space = |out: &mut Render| {
            bytes(out, "total", disk.total);
            bytes(out, "free", disk.free);
            bytes(out, "available", disk.available);
        };
        out.field_object("total");
        space(out);
        out.end_object();
        out.field_array("data");
        out.object();
        out.field_str("path", &disk.path);
        space(out);
        out.end_object();
        out.end_array();
    }
    out.end_object();
}

fn http(out: &mut Render, node: &NodeFigures) {
    let (open, opened) = node.connections;
    out.field_object("http");
    out.field_unsigned("current_open", open);
    out.field_unsigned("total_opened", opened);
    out.end_object();
}

fn breakers(out: &mut Render, node: &NodeFigures) {
    let breaker = &node.breaker;
    out.field_object("breakers");
    out.field_object("request");
    out.field_unsigned("limit_size_in_bytes", breaker.limit);
    out.field_str("limit_size", &size_text(breaker.limit));
    out.field_unsigned("estimated_size_in_bytes", breaker.used);
    out.field_str("estimated_size", &size_text(breaker.used));
    out.field_double("overhead", 1.0);
    out.field_unsigned("tripped", breaker.tripped);
    out.end_object();
    out.end_object();
}

fn late(out: &mut Render, node: &NodeFigures) {
    out.field_object("task_cancellation");
    late_of(out, "search_task", node.late.searches);
    late_of(out, "search_shard_task", node.late.shards);
    out.end_object();
}

fn late_of(out: &mut Render, name: &str, late: Late) {
    out.field_object(name);
    out.field_unsigned("current_count_post_cancel", late.current);
    out.field_unsigned("total_count_post_cancel", late.total);
    out.end_object();
}
