//! A value that a hit is sorted by, as it travels between nodes and is shown in `sort`.

use std::cmp::Ordering;

use glasswork_content::Render;
use serde::{Deserialize, Serialize};

use crate::request::{Missing, Order, SortKey};

/// One sort value of a hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SortValue {
    /// The document has no value (strings only; numbers have a substitute).
    Null,
    /// A whole number, a date in milliseconds, `_doc`.
    Long(i64),
    /// `unsigned_long`
    Unsigned(u64),
    /// `double`
    Double(f64),
    /// `float`, `half_float`, `_score`
    Float(f32),
    /// `keyword`
    Text(Box<str>),
}

impl SortValue {
    /// Writes it as JSON.
    pub fn render(&self, out: &mut Render) {
        match self {
            Self::Null => out.null(),
            Self::Long(value) => out.long(*value),
            Self::Unsigned(value) => out.unsigned(*value),
            Self::Double(value) => out.double(*value),
            Self::Float(value) => out.float(*value),
            Self::Text(value) => out.string(value),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Null | Self::Text(_) => f64::NAN,
            Self::Long(value) => *value as f64,
            Self::Unsigned(value) => *value as f64,
            Self::Double(value) => *value,
            Self::Float(value) => f64::from(*value),
        }
    }

    fn natural(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Long(left), Self::Long(right)) => left.cmp(right),
            (Self::Unsigned(left), Self::Unsigned(right)) => left.cmp(right),
            _ => self.number().total_cmp(&other.number()),
        }
    }
}

/// Compares the sort values of two hits by the keys of the request; less comes first.
pub(crate) fn compare(keys: &[SortKey], left: &[SortValue], right: &[SortValue]) -> Ordering {
    for ((key, left), right) in keys.iter().zip(left).zip(right) {
        let nulls_first = matches!(key.missing, Some(Missing::First));
        let ordering = match (left, right) {
            (SortValue::Null, SortValue::Null) => Ordering::Equal,
            (SortValue::Null, _) if nulls_first => Ordering::Less,
            (SortValue::Null, _) => Ordering::Greater,
            (_, SortValue::Null) if nulls_first => Ordering::Greater,
            (_, SortValue::Null) => Ordering::Less,
            (left, right) if key.order == Order::Desc => right.natural(left),
            (left, right) => left.natural(right),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}
