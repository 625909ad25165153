//! `_source` of a search: all, nothing, or what patterns include and exclude.

use glasswork_content::{Failure, Node, Render, Value};
use serde::{Deserialize, Serialize};

/// What of `_source` a hit shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFilter {
    /// Whether to show it at all.
    pub fetch: bool,
    /// Only these; all when empty.
    pub includes: Vec<String>,
    /// Not these.
    pub excludes: Vec<String>,
}

impl SourceFilter {
    /// All of it.
    pub fn everything() -> Self {
        Self {
            fetch: true,
            includes: Vec::new(),
            excludes: Vec::new(),
        }
    }

    /// Nothing of it.
    pub fn nothing() -> Self {
        Self {
            fetch: false,
            ..Self::everything()
        }
    }

    /// What matches any of `includes` and none of `excludes`.
    ///
    /// # Errors
    /// 400 when the same pattern is included and excluded.
    pub fn of(includes: Vec<String>, excludes: Vec<String>) -> Result<Self, Failure> {
        if let Some(both) = includes.iter().find(|pattern| excludes.contains(pattern)) {
            return Err(Failure::illegal_argument(format!(
                "The same entry [{both}] cannot be both included and excluded in _source."
            )));
        }
        Ok(Self {
            fetch: true,
            includes,
            excludes,
        })
    }

    /// Whether the source is shown byte for byte.
    pub fn is_everything(&self) -> bool {
        self.fetch && self.includes.is_empty() && self.excludes.is_empty()
    }

    /// Reads `true`, `"title"`, `["t*"]`, `{"includes": […], "excludes": […]}`.
    ///
    /// # Errors
    /// OpenSearch's complaints.
    pub fn parse(node: &Node) -> Result<Self, Failure> {
        match &node.value {
            Value::Bool(fetch) => Ok(Self {
                fetch: *fetch,
                ..Self::everything()
            }),
            Value::String(pattern) => Self::of(vec![pattern.clone()], Vec::new()),
            Value::Array(nodes) => Self::of(strings("_source", nodes)?, Vec::new()),
            Value::Object(object) => {
                let (mut includes, mut excludes) = (Vec::new(), Vec::new());
                for (key, node) in object.iter() {
                    let list = match key {
                        "includes" | "include" => &mut includes,
                        "excludes" | "exclude" => &mut excludes,
                        _ => return Err(unknown(key, node)),
                    };
                    match &node.value {
                        Value::Array(nodes) => *list = strings(key, nodes)?,
                        Value::String(pattern) => list.push(pattern.clone()),
                        _ => return Err(unknown(key, node)),
                    }
                }
                Self::of(includes, excludes)
            }
            _ => Err(Failure::parsing(
                format!(
                    "Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] but found [{}]",
                    node.token_name()
                ),
                node.at,
            )),
        }
    }

    pub(crate) fn render(&self, out: &mut Render) {
        if !self.fetch {
            out.boolean(false);
            return;
        }
        out.object();
        for (key, patterns) in [("includes", &self.includes), ("excludes", &self.excludes)] {
            if !patterns.is_empty() {
                out.field_strings(key, patterns);
            }
        }
        out.end_object();
    }
}

fn strings(key: &str, nodes: &[Node]) -> Result<Vec<String>, Failure> {
    nodes
        .iter()
        .map(|node| match &node.value {
            Value::String(text) => Ok(text.clone()),
            _ => Err(unknown(key, node)),
        })
        .collect()
}

fn unknown(key: &str, node: &Node) -> Failure {
    Failure::parsing(
        format!("Unknown key for a {} in [{key}].", node.token_name()),
        node.at,
    )
}
