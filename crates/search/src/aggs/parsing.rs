//! Reading the tree of aggregations from a request, with OpenSearch's words for what is wrong.

use glasswork_content::{Failure, Kind, Node, json::Entry, text::did_you_mean};

use super::{
    Aggregation, Aggregations,
    table::{AggregationKind, NAMES},
};

/// How deep aggregations nest.
const MAX_DEPTH: usize = 32;

impl Aggregations {
    /// Reads `{"name": {"terms": {…}, "aggs": {…}, "meta": {…}}, …}`.
    ///
    /// # Errors
    /// 400 in OpenSearch's words, with line and column.
    pub fn parse(node: &Node) -> Result<Self, Failure> {
        parse_level(node, 0)
    }
}

fn parse_level(node: &Node, depth: usize) -> Result<Aggregations, Failure> {
    if depth >= MAX_DEPTH {
        return Err(Failure::illegal_argument(format!(
            "The depth of nested aggregations has exceeded the allowed maximum of [{MAX_DEPTH}]"
        )));
    }
    let Some(object) = node.as_object() else {
        return Err(Failure::parsing(
            format!(
                "Unexpected token {} in [aggs]: aggregations definitions must start with the name of the aggregation.",
                node.token_name()
            ),
            node.at,
        ));
    };
    object
        .entries()
        .iter()
        .map(|entry| parse_one(entry, depth))
        .collect::<Result<_, _>>()
        .map(Aggregations)
}

fn parse_one(entry: &Entry, depth: usize) -> Result<Aggregation, Failure> {
    let (name, body) = (&entry.key, &entry.node);
    if name.is_empty() || name.contains(['[', ']', '>']) {
        return Err(Failure::parsing(
            format!(
                "Invalid aggregation name [{name}]. Aggregation names can contain any character except '[', ']', and '>'"
            ),
            entry.at,
        ));
    }
    let Some(object) = body.as_object() else {
        let token = body.token_name();
        return Err(Failure::parsing(
            format!(
                "Aggregation definition for [{name} starts with a [{token}], expected a [START_OBJECT]."
            ),
            body.at,
        ));
    };
    let (mut meta, mut kind, mut below) = (None, None::<AggregationKind>, None);
    for part in object.entries() {
        let (key, node) = (part.key.as_str(), &part.node);
        if node.as_object().is_none() {
            let token = node.token_name();
            return Err(Failure::parsing(
                format!("Expected [START_OBJECT] under [{key}], but got a [{token}] in [{name}]"),
                node.at,
            ));
        }
        match key {
            "meta" => meta = String::from_utf8(node.to_json()).ok(),
            "aggs" | "aggregations" => {
                if below.is_some() {
                    let reason = format!("Found two sub aggregation definitions under [{name}]");
                    return Err(Failure::parsing(reason, node.at));
                }
                below = Some(parse_level(node, depth + 1)?);
            }
            _ => {
                if let Some(first) = &kind {
                    let first = first.name();
                    let reason = format!(
                        "Found two aggregation type definitions in [{name}]: [{first}] and [{key}]"
                    );
                    return Err(Failure::parsing(reason, node.at));
                }
                kind = Some(
                    AggregationKind::parse(key, node, name)
                        .unwrap_or_else(|| Err(unknown(key, node)))?,
                );
            }
        }
    }
    let Some(kind) = kind else {
        return Err(Failure::parsing(
            format!("Missing definition for aggregation [{name}]"),
            body.at,
        ));
    };
    let below = below.unwrap_or_default();
    if !below.is_empty() && !kind.definition().has_buckets() {
        return Err(Failure::new(
            Kind::AggregationInitialization,
            format!(
                "Aggregator [{name}] of type [{}] cannot accept sub-aggregations",
                kind.name()
            ),
        ));
    }
    Ok(Aggregation {
        name: name.clone(),
        meta,
        kind,
        below,
    })
}

fn unknown(name: &str, node: &Node) -> Failure {
    let guess = did_you_mean(name, NAMES.iter().copied());
    let cause = Failure::new(
        Kind::NamedObjectNotFound,
        format!("[{}] unknown field [{name}]", node.at),
    );
    Failure::parsing(format!("Unknown aggregation type [{name}]{guess}"), node.at).caused_by(cause)
}
