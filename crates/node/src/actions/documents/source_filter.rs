//! `_source`, `_source_includes`, `_source_excludes`: what of a document to answer with.

use glasswork_content::{Failure, Node as Json, Value};
use serde::{Deserialize, Serialize};

/// What of the source to answer with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFilter {
    /// Whether to answer with a source at all.
    pub fetch: bool,
    /// Only these paths, when there are any; `*` stands for anything.
    pub includes: Vec<String>,
    /// Not these paths.
    pub excludes: Vec<String>,
}

impl Default for SourceFilter {
    fn default() -> Self {
        Self {
            fetch: true,
            includes: Vec::new(),
            excludes: Vec::new(),
        }
    }
}

impl SourceFilter {
    /// No source.
    #[must_use]
    pub fn none() -> Self {
        Self {
            fetch: false,
            ..Self::default()
        }
    }

    /// Whether the source is answered as it is.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.fetch && self.includes.is_empty() && self.excludes.is_empty()
    }

    /// Of the parameters `_source` (`true`, `false` or a list), `_source_includes` and `_source_excludes`; `None` when none
    /// is given.
    #[must_use]
    pub fn of_parameters(
        source: Option<&str>,
        includes: &[String],
        excludes: &[String],
    ) -> Option<Self> {
        if source.is_none() && includes.is_empty() && excludes.is_empty() {
            return None;
        }
        let mut filter = Self {
            fetch: true,
            includes: includes.to_vec(),
            excludes: excludes.to_vec(),
        };
        match source {
            Some("false") => filter.fetch = false,
            None | Some("true" | "") => {}
            Some(list) => filter.includes = list.split(',').map(str::to_owned).collect(),
        }
        Some(filter)
    }

    /// Of a body: `true`, `"path"`, `["path"]`, `{"includes":[…],"excludes":[…]}`.
    ///
    /// # Errors
    /// 400 `parsing_exception`.
    pub fn parse(node: &Json) -> Result<Self, Failure> {
        let mut filter = Self::default();
        match &node.value {
            Value::Bool(fetch) => filter.fetch = *fetch,
            Value::String(path) => filter.includes.push(path.clone()),
            Value::Array(_) => filter.includes = paths(node)?,
            Value::Object(object) => {
                for entry in object.entries() {
                    let target = match entry.key.as_str() {
                        "includes" | "include" => &mut filter.includes,
                        "excludes" | "exclude" => &mut filter.excludes,
                        key => {
                            let why = format!(
                                "Unknown key for a {} in [{key}].",
                                entry.node.token_name()
                            );
                            return Err(Failure::parsing(why, entry.node.at));
                        }
                    };
                    *target = match &entry.node.value {
                        Value::String(path) => vec![path.clone()],
                        _ => paths(&entry.node)?,
                    };
                }
            }
            _ => {
                let expected = "Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] but found";
                return Err(Failure::parsing(
                    format!("{expected} [{}]", node.token_name()),
                    node.at,
                ));
            }
        }
        Ok(filter)
    }
}

fn paths(node: &Json) -> Result<Vec<String>, Failure> {
    let unknown = |node: &Json| {
        Failure::parsing(
            format!("Unknown key for a {} in [_source].", node.token_name()),
            node.at,
        )
    };
    let nodes = node.as_array().ok_or_else(|| unknown(node))?;
    nodes
        .iter()
        .map(|path| {
            path.as_str()
                .map(str::to_owned)
                .ok_or_else(|| unknown(path))
        })
        .collect()
}
