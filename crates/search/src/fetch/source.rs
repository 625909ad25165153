//! Filtering a `_source` by patterns of dotted paths.

use glasswork_content::{Node, Object, Value};

use crate::{aggs::java_order::hash_map_order, mapping::wildcard, request::SourceFilter};

/// What `filter` leaves of a source. Objects come back in the order of a Java `HashMap`, as OpenSearch's do.
#[must_use]
pub fn filter(source: &Node, filter: &SourceFilter) -> Node {
    let Value::Object(object) = &source.value else {
        return source.clone();
    };
    Node::from(Value::Object(object_left(
        object,
        "",
        filter,
        filter.includes.is_empty(),
    )))
}

fn object_left(object: &Object, path: &str, filter: &SourceFilter, included: bool) -> Object {
    let mut left: Vec<(String, Node)> = Vec::new();
    for (name, node) in object.iter() {
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        if let Some(node) = left_of(node, &path, filter, included) {
            left.push((name.to_owned(), node));
        }
    }
    let order = hash_map_order(left.iter().map(|(name, _)| name.as_str()));
    let mut left: Vec<Option<(String, Node)>> = left.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|place| left[place].take())
        .collect()
}

/// What is left of a value at `path`; nothing when it is not wanted.
fn left_of(node: &Node, path: &str, filter: &SourceFilter, included: bool) -> Option<Node> {
    if filter.excludes.iter().any(|pattern| matches(pattern, path)) {
        return None;
    }
    let included = included || filter.includes.iter().any(|pattern| matches(pattern, path));
    match &node.value {
        Value::Object(object) => {
            let left = object_left(object, path, filter, included);
            (included || !left.is_empty()).then(|| Node::from(Value::Object(left)))
        }
        Value::Array(nodes) => {
            let left: Vec<Node> = nodes
                .iter()
                .filter_map(|node| left_of(node, path, filter, included))
                .collect();
            (included || !left.is_empty()).then(|| Node::from(Value::Array(left)))
        }
        _ => included.then(|| node.clone()),
    }
}

/// A pattern fits a path, or the path of an object above it.
fn matches(pattern: &str, path: &str) -> bool {
    if wildcard(pattern, path) {
        return true;
    }
    path.match_indices('.')
        .any(|(end, _)| wildcard(pattern, &path[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(source: &str, includes: &[&str], excludes: &[&str]) -> String {
        let node =
            glasswork_content::parse(source.as_bytes(), &glasswork_content::Limits::default())
                .unwrap();
        let patterns = |patterns: &[&str]| {
            patterns
                .iter()
                .map(|pattern| (*pattern).to_owned())
                .collect()
        };
        let filtered = filter(
            &node,
            &SourceFilter::of(patterns(includes), patterns(excludes)).unwrap(),
        );
        String::from_utf8(filtered.to_json()).unwrap()
    }

    #[test]
    fn patterns_choose_paths() {
        let source = r#"{"title": "T", "year": 1990, "author": {"name": "N", "born": 1948}, "tags": [{"a": 1, "b": 2}]}"#;
        assert_eq!(
            left(source, &["title", "year"], &[]),
            r#"{"year":1990,"title":"T"}"#
        );
        assert_eq!(
            left(source, &["author.name"], &[]),
            r#"{"author":{"name":"N"}}"#
        );
        assert_eq!(
            left(source, &["author"], &["*.born"]),
            r#"{"author":{"name":"N"}}"#
        );
        assert_eq!(left(source, &["tags.a"], &[]), r#"{"tags":[{"a":1}]}"#);
        assert_eq!(left(source, &["nothing"], &[]), "{}");
        assert_eq!(left(source, &[], &["author", "t*"]), r#"{"year":1990}"#);
    }
}
