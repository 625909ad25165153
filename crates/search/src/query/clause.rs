//! Reading the body of a query: the walks and conversions that the query kinds share, with OpenSearch's texts for what
//! is wrong and where.

use std::borrow::Cow;

use glasswork_content::{Failure, Meta, Node, Object, Position, Render, number};
use serde::{Deserialize, Serialize};

/// What every query may carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Common {
    /// Factor on the score.
    pub boost: f32,
    /// `_name`, told in `matched_queries` of the hits.
    pub name: Option<String>,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            boost: 1.0,
            name: None,
        }
    }
}

impl Common {
    /// Takes `boost` and `_name`; false when `key` is neither.
    pub(crate) fn take(&mut self, key: &str, node: &Node) -> Result<bool, Failure> {
        match key {
            "boost" => self.boost = float(node)?,
            "_name" => self.name = Some(text(node)?),
            _ => return Ok(false),
        }
        if !self.boost.is_finite() || self.boost < 0.0 {
            let shown = number::float_text(self.boost);
            return Err(Failure::illegal_argument(format!(
                "negative [boost] are not allowed in query, use a value between 0 and 1 to deboost, but was [{shown}]"
            )));
        }
        Ok(true)
    }

    /// Writes `boost`, and `_name` if there is one.
    pub(crate) fn render(&self, out: &mut Render) {
        out.key("boost");
        out.float(self.boost);
        if let Some(name) = &self.name {
            out.field_str("_name", name);
        }
    }
}

/// A query whose body names one field: `{"field": value}` or `{"field": {options}}`.
pub(crate) struct FieldClause<'a> {
    pub(crate) field: &'a str,
    pub(crate) node: &'a Node,
}

/// The single field of a query body; `kind` is the name of the query.
pub(crate) fn single_field<'a>(
    kind: &str,
    body: &'a Object,
) -> Result<Option<FieldClause<'a>>, Failure> {
    let mut found: Option<FieldClause<'a>> = None;
    for (field, node) in body.iter() {
        if let Some(first) = &found {
            return Err(two_fields(kind, first.field, field, node.at));
        }
        found = Some(FieldClause { field, node });
    }
    Ok(found)
}

pub(crate) fn two_fields(kind: &str, first: &str, second: &str, at: Position) -> Failure {
    Failure::parsing(
        format!("[{kind}] query doesn't support multiple fields, found [{first}] and [{second}]"),
        at,
    )
}

/// `[match] query does not support [foo]`
pub(crate) fn unsupported(kind: &str, key: &str, at: Position) -> Failure {
    Failure::parsing(format!("[{kind}] query does not support [{key}]"), at)
}

/// `[match] unknown token [START_ARRAY] after [query]`
pub(crate) fn unknown_token(kind: &str, key: &str, node: &Node) -> Failure {
    Failure::parsing(
        format!(
            "[{kind}] unknown token [{}] after [{key}]",
            node.token_name()
        ),
        node.at,
    )
}

/// What OpenSearch's declarative parsers say of a key they don't know.
pub(crate) fn unknown_field(kind: &str, key: &str, at: Position) -> Failure {
    Failure::content_parse(format!("[{kind}] unknown field [{key}]"), at)
}

/// What OpenSearch's declarative parsers say when the value of a known key is wrong.
pub(crate) fn failed_field(kind: &str, key: &str, at: Position, cause: Failure) -> Failure {
    let at = position(&cause).unwrap_or(at);
    Failure::content_parse(format!("[{kind}] failed to parse field [{key}]"), at).caused_by(cause)
}

fn position(failure: &Failure) -> Option<Position> {
    let part = |key| match failure.meta(key) {
        Some(Meta::Long(value)) => u32::try_from(*value).ok(),
        _ => None,
    };
    Some(Position {
        line: part("line")?,
        column: part("col")?,
    })
}

/// A scalar as text, as OpenSearch's parsers read it.
pub(crate) fn text(node: &Node) -> Result<String, Failure> {
    node.to_text().map(Cow::into_owned).ok_or_else(|| {
        Failure::parsing(
            format!("Can't get text on a {} at {}", node.token_name(), node.at),
            node.at,
        )
    })
}

/// A number, or a string that holds one.
pub(crate) fn float(node: &Node) -> Result<f32, Failure> {
    node.to_f64().map(|value| value as f32)
}

/// A whole number that may not be negative.
pub(crate) fn count(kind: &str, key: &str, node: &Node) -> Result<u32, Failure> {
    let value = node.to_i32()?;
    u32::try_from(value).map_err(|_| {
        Failure::illegal_argument(format!(
            "[{kind}] requires {key} to be non-negative, got [{value}]"
        ))
    })
}

/// Reads a body that may hold nothing but `boost` and `_name`.
pub(crate) fn only_common(kind: &str, body: &Object) -> Result<Common, Failure> {
    let mut common = Common::default();
    for entry in body.entries() {
        let at = entry.node.at;
        let taken = common
            .take(&entry.key, &entry.node)
            .map_err(|cause| wrapped(failed_field(kind, &entry.key, at, cause), at))?;
        if !taken {
            return Err(wrapped(unknown_field(kind, &entry.key, entry.at), at));
        }
    }
    Ok(common)
}

/// Where a body ends, as far as that is known: complaints about what is missing name that place.
pub(crate) fn end(body: &Object, at: &Node) -> Position {
    Position {
        line: at.at.line,
        column: at.at.column + u32::from(body.is_empty()),
    }
}

/// Some queries are read by a parser that OpenSearch wraps: its complaint becomes a `parsing_exception` at the value.
pub(crate) fn wrapped(cause: Failure, at: Position) -> Failure {
    Failure::parsing(cause.reason().to_owned(), at).caused_by(cause)
}
