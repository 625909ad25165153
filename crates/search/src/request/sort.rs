//! `sort`: `"year"`, `{"year": "desc"}`, `{"year": {"order": "desc", "missing": "_first", …}}`, `_score`, `_doc`.

use glasswork_content::{Failure, Node, Object, Position, Render, Value};
use serde::{Deserialize, Serialize};

use super::ScriptSort;
use crate::query::Literal;

/// One key of the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SortKey {
    /// What is compared.
    pub target: SortTarget,
    /// Smallest or greatest first.
    pub order: Order,
    /// Where documents without a value come.
    pub missing: Option<Missing>,
    /// Which of several values counts.
    pub mode: Option<Mode>,
    /// The type of the field where it is not mapped.
    pub unmapped_type: Option<String>,
    /// As what numbers and dates are compared.
    pub numeric_type: Option<NumericType>,
}

/// What a key compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortTarget {
    /// `_score`
    Score,
    /// `_doc`: the order of the index.
    Doc,
    /// A field's values.
    Field(String),
    /// `_script`: what a script gives.
    Script(Box<ScriptSort>),
}

/// Direction of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Smallest first.
    Asc,
    /// Greatest first.
    Desc,
}

/// What stands for the value of a document that has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Missing {
    /// Before all others, whatever the direction.
    First,
    /// After all others, whatever the direction.
    Last,
    /// As if it had this value.
    Value(Literal),
}

/// Which of a document's several values counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// The smallest; the default of ascending keys.
    Min,
    /// The greatest; the default of descending keys.
    Max,
    /// The sum.
    Sum,
    /// The mean.
    Avg,
    /// The middle.
    Median,
}

/// As what numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NumericType {
    /// Whole numbers.
    Long,
    /// Doubles.
    Double,
    /// Milliseconds.
    Date,
    /// Nanoseconds.
    DateNanos,
}

impl Order {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        match text.to_ascii_lowercase().as_str() {
            "asc" => Ok(Self::Asc),
            "desc" => Ok(Self::Desc),
            _ => Err(Failure::illegal_argument(format!(
                "No enum constant org.opensearch.search.sort.SortOrder.{}",
                text.to_uppercase()
            ))),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }
}

impl Mode {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        match text.to_ascii_lowercase().as_str() {
            "min" => Ok(Self::Min),
            "max" => Ok(Self::Max),
            "sum" => Ok(Self::Sum),
            "avg" => Ok(Self::Avg),
            "median" => Ok(Self::Median),
            other => Err(Failure::illegal_argument(format!(
                "Unknown SortMode [{other}]"
            ))),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Median => "median",
        }
    }
}

impl NumericType {
    fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "long" => Ok(Self::Long),
            "double" => Ok(Self::Double),
            "date" => Ok(Self::Date),
            "date_nanos" => Ok(Self::DateNanos),
            other => Err(Failure::illegal_argument(format!(
                "invalid value for [numeric_type], must be [long, double, date, date_nanos], got {other}"
            ))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Double => "double",
            Self::Date => "date",
            Self::DateNanos => "date_nanos",
        }
    }
}

impl SortKey {
    /// A key with all defaults: scores descend, everything else ascends.
    pub fn new(name: &str) -> Self {
        let (target, order) = match name {
            "_score" => (SortTarget::Score, Order::Desc),
            "_doc" => (SortTarget::Doc, Order::Asc),
            field => (SortTarget::Field(field.to_owned()), Order::Asc),
        };
        Self {
            target,
            order,
            missing: None,
            mode: None,
            unmapped_type: None,
            numeric_type: None,
        }
    }

    /// `year:desc` of the `sort` parameter.
    ///
    /// # Errors
    /// An order that is neither `asc` nor `desc`.
    pub fn parse_parameter(text: &str) -> Result<Self, Failure> {
        let Some((field, order)) = text.rsplit_once(':') else {
            return Ok(Self::new(text));
        };
        let mut key = Self::new(field);
        match order {
            "asc" => key.order = Order::Asc,
            "desc" => key.order = Order::Desc,
            _ => {
                return Err(Failure::illegal_argument(format!(
                    "Unknown sort order in [{text}], must be [asc] or [desc]"
                )));
            }
        }
        Ok(key)
    }

    /// The keys of a body's `sort`.
    ///
    /// # Errors
    /// OpenSearch's complaints about malformed sorts.
    pub(crate) fn parse_all(node: &Node) -> Result<Vec<Self>, Failure> {
        let mut keys = Vec::new();
        let nodes = match &node.value {
            Value::Array(nodes) => nodes.as_slice(),
            Value::String(_) | Value::Object(_) => std::slice::from_ref(node),
            _ => {
                return Err(Failure::illegal_argument(
                    "malformed sort format, either start with array, object, or an actual string",
                ));
            }
        };
        for node in nodes {
            match &node.value {
                Value::String(name) => keys.push(Self::new(name)),
                Value::Object(object) => Self::parse_object(object, &mut keys)?,
                _ => {
                    return Err(Failure::illegal_argument(
                        "malformed sort format, within the sort array, an object, or an actual string are allowed",
                    ));
                }
            }
        }
        Ok(keys)
    }

    fn parse_object(object: &Object, keys: &mut Vec<Self>) -> Result<(), Failure> {
        for (name, node) in object.iter() {
            if name == ScriptSort::NAME && node.as_str().is_none() {
                keys.push(ScriptSort::parse(node)?);
                continue;
            }
            if name == "_geo_distance" {
                return Err(Failure::illegal_argument(format!(
                    "sorting by [{name}] is not supported"
                )));
            }
            let mut key = Self::new(name);
            match &node.value {
                Value::String(order) => key.order = Order::parse(order)?,
                Value::Object(options) => {
                    for entry in options.entries() {
                        key.option(&entry.key, &entry.node, entry.at)?;
                    }
                }
                _ => {
                    return Err(Failure::parsing(
                        format!(
                            "Expected [START_OBJECT] under [{name}], but got a [{}]",
                            node.token_name()
                        ),
                        node.at,
                    ));
                }
            }
            keys.push(key);
        }
        Ok(())
    }

    fn option(&mut self, key: &str, node: &Node, at: Position) -> Result<(), Failure> {
        let wrong_type = || {
            Failure::content_parse(
                format!(
                    "[field_sort] {key} doesn't support values of type: {}",
                    node.token_name()
                ),
                node.at,
            )
        };
        let text = || node.to_text().ok_or_else(wrong_type);
        match (key, &self.target) {
            ("order", _) => self.order = Order::parse(&text()?)?,
            (_, SortTarget::Score) => {
                return Err(Failure::content_parse(
                    format!("[_score] unknown field [{key}]"),
                    at,
                ));
            }
            ("missing", _) => {
                self.missing = Some(match Literal::of(node) {
                    Some(Literal::Text(text)) if text == "_first" => Missing::First,
                    Some(Literal::Text(text)) if text == "_last" => Missing::Last,
                    Some(value) if value != Literal::Null => Missing::Value(value),
                    _ => return Err(wrong_type()),
                });
            }
            ("mode", _) => {
                let failed = |cause| {
                    Failure::content_parse("[field_sort] failed to parse field [mode]", node.at)
                        .caused_by(cause)
                };
                self.mode = Some(Mode::parse(&text()?).map_err(failed)?);
            }
            ("unmapped_type", _) => self.unmapped_type = Some(text()?.into_owned()),
            ("numeric_type", _) => self.numeric_type = Some(NumericType::parse(&text()?)?),
            _ => {
                return Err(Failure::content_parse(
                    format!("[field_sort] unknown field [{key}]"),
                    at,
                ));
            }
        }
        Ok(())
    }

    /// The name under which it is asked for.
    pub fn name(&self) -> &str {
        match &self.target {
            SortTarget::Score => "_score",
            SortTarget::Doc => "_doc",
            SortTarget::Field(field) => field,
            SortTarget::Script(_) => ScriptSort::NAME,
        }
    }

    pub(crate) fn render(&self, out: &mut Render) {
        if let SortTarget::Script(script) = &self.target {
            return script.render(self, out);
        }
        out.object();
        out.field_object(self.name());
        out.field_str("order", self.order.name());
        match &self.missing {
            None => {}
            Some(Missing::First) => out.field_str("missing", "_first"),
            Some(Missing::Last) => out.field_str("missing", "_last"),
            Some(Missing::Value(value)) => {
                out.key("missing");
                value.render(out);
            }
        }
        if let Some(unmapped) = &self.unmapped_type {
            out.field_str("unmapped_type", unmapped);
        }
        if let Some(mode) = self.mode {
            out.field_str("mode", mode.name());
        }
        if let Some(numeric) = self.numeric_type {
            out.field_str("numeric_type", numeric.name());
        }
        out.end_object();
        out.end_object();
    }
}
