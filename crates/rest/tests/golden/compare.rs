//! What has to be the same in two answers.

use glasswork_content::json::{Limits, Node, Value, parse};

use crate::{recording::Answer, server::NODE};

/// Says the first difference that matters.
pub(crate) fn answers(expected: &Answer, actual: &Answer) -> Result<(), String> {
    if expected.status != actual.status {
        return Err(format!(
            "status {:?}, not {:?}: {}",
            actual.status, expected.status, actual.body
        ));
    }
    for name in [
        "x-opensearch-version",
        "x-opaque-id",
        "content-type",
        "warning",
    ] {
        // The reference leaves some out where it refuses a body; more is no harm.
        if expected.header(name).is_some() && expected.header(name) != actual.header(name) {
            return Err(format!(
                "{name}: {:?}, not {:?}",
                actual.header(name),
                expected.header(name)
            ));
        }
    }
    let allowed = |answer: &Answer| {
        let mut methods: Vec<String> = answer
            .header("allow")
            .unwrap_or("")
            .split(',')
            .map(str::to_owned)
            .collect();
        methods.sort();
        methods
    };
    if allowed(expected) != allowed(actual) {
        return Err(format!(
            "allow: {:?}, not {:?}",
            actual.header("allow"),
            expected.header("allow")
        ));
    }
    let is_json = expected
        .header("content-type")
        .is_some_and(|value| value.contains("json"));
    if is_json && !expected.body.trim().is_empty() {
        let read = |text: &str| {
            parse(text.as_bytes(), &Limits::DEFAULT).map_err(|error| format!("{error}: {text}"))
        };
        return trees(&read(&expected.body)?, &read(&actual.body)?, "");
    }
    let (expected, actual) = (lines(&expected.body), lines(&actual.body));
    if expected == actual {
        Ok(())
    } else {
        Err(format!(
            "\n{}\nnot\n{}",
            actual.join("\n"),
            expected.join("\n")
        ))
    }
}

/// The lines of a text with what differs from time to time made equal, in alphabetical order: the reference lists in
/// the order of a hash.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.trim_end().lines().map(calmed).collect();
    lines.sort();
    lines
}

fn calmed(line: &str) -> String {
    line.split_whitespace()
        .map(|word| {
            let bare = word.trim_matches('"');
            let changes = bare.starts_with(NODE) && bare.len() > NODE.len()
                || bare.starts_with(|first: char| first.is_ascii_digit());
            if changes { "#" } else { word }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Keys whose values are moments, durations and numbers of tasks.
const CHANGING: &[&str] = &[
    "cluster_uuid",
    "ephemeral_id",
    "id",
    "parent_task_id",
    "port",
    "running_time",
    "running_time_in_nanos",
    "running_time_ns",
    "start_time",
    "start_time_in_millis",
    "task_id",
    "timestamp",
];

fn trees(expected: &Node, actual: &Node, path: &str) -> Result<(), String> {
    match (&expected.value, &actual.value) {
        (Value::Object(one), Value::Object(other)) => {
            let tasks = path.ends_with(".tasks");
            let entries = |object: &glasswork_content::json::Object| {
                let mut entries: Vec<(String, Node)> = object
                    .iter()
                    .map(|(key, node)| (key.to_owned(), node.clone()))
                    .collect();
                if tasks {
                    entries
                        .iter_mut()
                        .for_each(|(key, node)| *key = action(node));
                    entries.sort_by(|a, b| a.0.cmp(&b.0));
                }
                entries
            };
            let (one, other) = (entries(one), entries(other));
            let keys = |entries: &[(String, Node)]| {
                entries
                    .iter()
                    .map(|(key, _)| key.clone())
                    .collect::<Vec<_>>()
            };
            if keys(&one) != keys(&other) {
                return Err(format!(
                    "{path}: keys {:?}, not {:?}",
                    keys(&other),
                    keys(&one)
                ));
            }
            one.iter()
                .zip(&other)
                .try_for_each(|((key, one), (_, other))| {
                    trees(one, other, &format!("{path}.{key}"))
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            if one.len() != other.len() {
                return Err(format!(
                    "{path}: {} elements, not {}",
                    other.len(),
                    one.len()
                ));
            }
            let sorted = |nodes: &[Node]| {
                let mut nodes = nodes.to_vec();
                nodes.sort_by_key(action);
                nodes
            };
            sorted(one)
                .iter()
                .zip(&sorted(other))
                .try_for_each(|(one, other)| trees(one, other, &format!("{path}[]")))
        }
        _ if expected.value == actual.value => Ok(()),
        (one, other)
            if std::mem::discriminant(one) == std::mem::discriminant(other) && changes(path) =>
        {
            Ok(())
        }
        (one, other) if methods(one).is_some() && methods(one) == methods(other) => Ok(()),
        (one, other) => Err(format!("{path}: {other:?}, not {one:?}")),
    }
}

fn changes(path: &str) -> bool {
    path.rsplit('.')
        .next()
        .is_some_and(|key| CHANGING.contains(&key))
}

/// The text of a refused method up to the order of the methods that are allowed.
fn methods(value: &Value) -> Option<(String, Vec<String>)> {
    let Value::String(text) = value else {
        return None;
    };
    let (text, methods) = text.split_once("allowed: [")?;
    let mut methods: Vec<String> = methods
        .trim_end_matches(']')
        .split(", ")
        .map(str::to_owned)
        .collect();
    methods.sort();
    Some((text.to_owned(), methods))
}

/// By what a task is found in both answers.
fn action(node: &Node) -> String {
    node.get("action")
        .and_then(Node::as_str)
        .unwrap_or("")
        .to_owned()
}
