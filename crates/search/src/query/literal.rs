//! A scalar of a query body, kept as it was written: it is printed again in the task's description and turned into an
//! engine value only where the field is known.

use std::fmt;

use glasswork_content::{Node, Render, Value, number};
use serde::{Deserialize, Serialize};

/// A JSON scalar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A whole number above the signed range.
    Unsigned(u64),
    /// A number that fits neither, as its digits.
    Big(String),
    /// A number with a fraction or an exponent.
    Double(f64),
    /// A string.
    Text(String),
}

impl Literal {
    /// The scalar that `node` holds; none for arrays and objects.
    pub fn of(node: &Node) -> Option<Self> {
        Some(match &node.value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Long(value) => Self::Long(*value),
            Value::Unsigned(value) => Self::Unsigned(*value),
            Value::Big(digits) => Self::Big(digits.clone()),
            Value::Double(value) => Self::Double(*value),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(_) | Value::Object(_) => return None,
        })
    }

    /// The same scalar as a JSON value.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Long(value) => Value::Long(*value),
            Self::Unsigned(value) => Value::Unsigned(*value),
            Self::Big(digits) => Value::Big(digits.clone()),
            Self::Double(value) => Value::Double(*value),
            Self::Text(text) => Value::String(text.clone()),
        }
    }

    /// Writes it as JSON.
    pub fn render(&self, out: &mut Render) {
        match self {
            Self::Null => out.null(),
            Self::Bool(value) => out.boolean(*value),
            Self::Long(value) => out.long(*value),
            Self::Unsigned(value) => out.unsigned(*value),
            Self::Big(_) => out.node(&Node::from(self.to_value())),
            Self::Double(value) => out.double(*value),
            Self::Text(text) => out.string(text),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => value.fmt(formatter),
            Self::Long(value) => value.fmt(formatter),
            Self::Unsigned(value) => value.fmt(formatter),
            Self::Big(digits) => formatter.write_str(digits),
            Self::Double(value) => formatter.write_str(&number::double_text(*value)),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}
