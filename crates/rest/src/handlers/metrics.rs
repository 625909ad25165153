//! `GET /_prometheus/metrics`: the figures of the node that is asked, in the text format 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::{fmt::Write, sync::Arc};

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::metrics::{ActionFigures, Figures, Metrics, MetricsRequest},
};
use glasswork_tasks::{LATENCY_BUCKETS_MILLIS, Outcome};

use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_prometheus/metrics",
    params: &[],
    body: Body::Ignored,
    handler: handler!(metrics),
    action: "cluster:monitor/prometheus/metrics",
}];

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

async fn metrics(node: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<Metrics, _>(MetricsRequest, request.caller(), move |answer| {
        let text = exposition(&answer?);
        Ok(form.compress(Reply::new(200, CONTENT_TYPE, text.into_bytes())))
    })
    .await
}

/// All families. The values of labels are names of actions, outcomes, states and pools: there are only so many.
fn exposition(figures: &Figures) -> String {
    let mut text = Text::default();
    tasks(&mut text, &figures.actions);
    latencies(&mut text, &figures.actions);
    pools(&mut text, figures);
    shards(&mut text, figures);
    text.family(
        "tasks_history_bytes",
        Gauge,
        "Memory of tasks that have ended and are remembered.",
    );
    text.sample("", &[], figures.history_bytes);
    text.family(
        "tasks_results",
        Gauge,
        "Results of tasks that are stored on this node.",
    );
    text.sample("", &[], figures.results);
    text.family(
        "memory_reserved_bytes",
        Gauge,
        "Memory that tasks have reserved.",
    );
    text.sample("", &[], figures.reserved_bytes);
    text.family(
        "memory_resident_bytes",
        Gauge,
        "Resident memory of the process.",
    );
    text.sample("", &[], figures.host.process_resident);
    text.family("uptime_seconds", Gauge, "How long the node runs.");
    text.sample(
        "",
        &[],
        Seconds(u128::from(figures.uptime_millis) * 1_000_000),
    );
    text.family("build_info", Gauge, "The version, as a label; always 1.");
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("node", figures.node.as_str()),
    ];
    text.sample("", &labels, 1);
    text.0
}

fn tasks(text: &mut Text, actions: &[ActionFigures]) {
    text.family("tasks_started_total", Counter, "Tasks that began.");
    for action in actions {
        text.sample("", &[("action", &action.name)], action.started);
    }
    text.family("tasks_ended_total", Counter, "Tasks that ended.");
    for action in actions {
        for (outcome, count) in Outcome::ALL.iter().zip(action.ended) {
            let labels = [
                ("action", action.name.as_str()),
                ("outcome", outcome.as_str()),
            ];
            text.sample("", &labels, count);
        }
    }
    text.family("tasks_live", Gauge, "Tasks that live.");
    for action in actions {
        for (state, count) in ["running", "cancelled", "overdue"].iter().zip(action.live) {
            let labels = [("action", action.name.as_str()), ("state", state)];
            text.sample("", &labels, count);
        }
    }
    text.family(
        "tasks_cpu_seconds_total",
        Counter,
        "CPU time of tasks that ended.",
    );
    for action in actions {
        let nanos = u128::from(action.cpu_nanos);
        text.sample("", &[("action", &action.name)], Seconds(nanos));
    }
    text.family(
        "tasks_allocated_bytes_total",
        Counter,
        "Bytes that tasks that ended had allocated.",
    );
    for action in actions {
        text.sample("", &[("action", &action.name)], action.memory_bytes);
    }
}

/// Of actions whose tasks were ever cancelled.
fn latencies(text: &mut Text, actions: &[ActionFigures]) {
    let cancelled = || {
        let was_cancelled =
            |action: &&ActionFigures| action.latencies.iter().any(|count| *count > 0);
        actions.iter().filter(was_cancelled)
    };
    text.family(
        "tasks_cancel_latency_seconds",
        Histogram,
        "Time from the cancel of a task to its end.",
    );
    for action in cancelled() {
        let mut sum = 0;
        let ends = LATENCY_BUCKETS_MILLIS
            .map(|millis| Seconds(u128::from(millis) * 1_000_000).to_string());
        let ends = ends.iter().map(String::as_str).chain(["+Inf"]);
        for (count, end) in action.latencies.iter().zip(ends) {
            sum += count;
            text.sample("_bucket", &[("action", &action.name), ("le", end)], sum);
        }
        let labels = [("action", action.name.as_str())];
        text.sample("_sum", &labels, Seconds(u128::from(action.latency_nanos)));
        text.sample("_count", &labels, sum);
    }
    text.family(
        "tasks_overdue_total",
        Counter,
        "Tasks that ended later after their cancel than their action allows.",
    );
    for action in cancelled() {
        text.sample("", &[("action", &action.name)], action.overdue);
    }
}

fn pools(text: &mut Text, figures: &Figures) {
    for (name, kind, help, read) in [
        ("pool_threads", Gauge, "Threads of a pool.", 0),
        ("pool_active", Gauge, "Jobs that run.", 1),
        ("pool_queued", Gauge, "Jobs that wait.", 2),
        (
            "pool_rejected_total",
            Counter,
            "Jobs that were refused because the queue was full.",
            3,
        ),
        ("pool_completed_total", Counter, "Jobs that ended.", 4),
    ] {
        text.family(name, kind, help);
        for pool in &figures.pools {
            let values = [
                pool.threads,
                pool.active,
                pool.queued,
                pool.rejected,
                pool.completed,
            ];
            text.sample("", &[("pool", &pool.name)], values[read]);
        }
    }
}

fn shards(text: &mut Text, figures: &Figures) {
    let shards = figures.shards;
    for (name, help, value) in [
        ("shards_open", "Shards that are open here.", shards.open),
        ("shards_docs", "Documents that searches see.", shards.docs),
        (
            "shards_deleted_docs",
            "Deleted documents that still take space, until a merge.",
            shards.deleted,
        ),
        ("shards_segments", "Segments.", shards.segments),
        (
            "shards_store_bytes",
            "Bytes of segments.",
            shards.store_bytes,
        ),
        (
            "shards_buffer_bytes",
            "Bytes of documents that are in no segment, until a refresh.",
            shards.buffer_bytes,
        ),
        (
            "shards_log_bytes",
            "Bytes of the logs since the last flush.",
            shards.log_bytes,
        ),
    ] {
        text.family(name, Gauge, help);
        text.sample("", &[], value);
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

/// Nanoseconds, shown as seconds.
struct Seconds(u128);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, rest) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{rest:09}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// The text, with the family that is being written.
#[derive(Default)]
struct Text(String, &'static str);

impl Text {
    fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let kind = match kind {
            Counter => "counter",
            Gauge => "gauge",
            Histogram => "histogram",
        };
        self.1 = name;
        self.put(format_args!(
            "# HELP glasswork_{name} {help}\n# TYPE glasswork_{name} {kind}\n"
        ));
    }

    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let name = self.1;
        self.put(format_args!("glasswork_{name}{suffix}"));
        for (at, (label, value)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            self.put(format_args!("{before}{label}=\"{}\"", escaped(value)));
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        self.put(format_args!(" {value}\n"));
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.0
            .write_fmt(text)
            .expect("writing to a String does not fail");
    }
}

/// The value of a label.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    /// Reads a text as the format says, and gives the samples; what breaks a rule is a panic.
    fn parse(text: &str) -> HashMap<String, f64> {
        assert!(text.ends_with('\n'));
        let (mut samples, mut types) = (HashMap::new(), HashMap::new());
        let (mut closed, mut current) = (HashSet::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(
                    types.insert(name.to_owned(), kind.to_owned()).is_none(),
                    "{line}"
                );
                assert!(closed.insert(std::mem::replace(&mut current, name.to_owned())));
                continue;
            }
            if line.starts_with("# HELP ") {
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
            let name = series.split('{').next().unwrap();
            assert!(
                name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
                "{line}"
            );
            let histogram = types[&current] == "histogram";
            let suffix = name
                .strip_prefix(&current)
                .unwrap_or_else(|| panic!("{line} is not of {current}"));
            assert!(suffix.is_empty() != histogram, "{line}");
            assert!(
                !histogram || ["_bucket", "_sum", "_count"].contains(&suffix),
                "{line}"
            );
            assert_eq!(
                types[&current] == "counter",
                current.ends_with("_total"),
                "{line}"
            );
            if let Some(labels) = series
                .strip_prefix(name)
                .filter(|labels| !labels.is_empty())
            {
                labels_of(labels);
            }
            assert!(
                samples.insert(series.to_owned(), value).is_none(),
                "{line} twice"
            );
        }
        samples
    }

    fn labels_of(text: &str) {
        let mut rest = text.strip_prefix('{').unwrap();
        loop {
            let (name, after) = rest.split_once("=\"").unwrap();
            assert!(name.chars().all(|c| c.is_ascii_lowercase()), "{text}");
            let mut escaped = false;
            let end = after.find(|c| {
                let end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                end
            });
            let after = &after[end.unwrap_or_else(|| panic!("{text}")) + 1..];
            if after == "}" {
                return;
            }
            rest = after.strip_prefix(',').unwrap_or_else(|| panic!("{text}"));
        }
    }

    #[test]
    fn what_is_told_can_be_read() {
        let mut latencies = vec![0; LATENCY_BUCKETS_MILLIS.len() + 1];
        (latencies[0], latencies[7], latencies[14]) = (2, 3, 1);
        let figures = Figures {
            node: "a \"node\"\\ of\nmine".to_owned(),
            actions: vec![
                ActionFigures {
                    name: "indices:data/read/search".to_owned(),
                    started: 7,
                    ended: [1, 2, 3, 0],
                    live: [1, 0, 0],
                    latencies,
                    latency_nanos: 1_500_000_000,
                    overdue: 1,
                    cpu_nanos: 1_000_000_001,
                    memory_bytes: 5,
                },
                ActionFigures {
                    name: "other".to_owned(),
                    latencies: vec![0; LATENCY_BUCKETS_MILLIS.len() + 1],
                    ..ActionFigures::default()
                },
            ],
            pools: vec![Default::default()],
            ..Figures::default()
        };
        let samples = parse(&exposition(&figures));
        let search = "action=\"indices:data/read/search\"";
        let latency = "glasswork_tasks_cancel_latency_seconds";
        for (series, value) in [
            (format!("glasswork_tasks_started_total{{{search}}}"), 7.0),
            (
                format!("glasswork_tasks_ended_total{{{search},outcome=\"cancelled\"}}"),
                3.0,
            ),
            (format!("{latency}_bucket{{{search},le=\"0.001\"}}"), 2.0),
            (format!("{latency}_bucket{{{search},le=\"0.2\"}}"), 5.0),
            (format!("{latency}_bucket{{{search},le=\"30\"}}"), 5.0),
            (format!("{latency}_bucket{{{search},le=\"+Inf\"}}"), 6.0),
            (format!("{latency}_sum{{{search}}}"), 1.5),
            (format!("{latency}_count{{{search}}}"), 6.0),
            (
                format!("glasswork_tasks_cpu_seconds_total{{{search}}}"),
                1.000_000_001,
            ),
        ] {
            assert_eq!(samples.get(&series), Some(&value), "{series}");
        }
        assert!(!samples.contains_key(&format!("{latency}_count{{action=\"other\"}}")));
    }
}
