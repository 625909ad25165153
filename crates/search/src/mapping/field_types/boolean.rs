//! `boolean`.

use super::{Scalar, query_text};
use crate::mapping::values::{Matches, RangeBound};
use glasswork_content::{Failure, Kind, Node};
use glasswork_engine::FieldValue;
use std::ops::Bound;

pub(super) fn read(value: &Scalar<'_>) -> Result<FieldValue, Failure> {
    match value {
        Scalar::Bool(flag) => Ok(FieldValue::Bool(*flag)),
        Scalar::Text("true") => Ok(FieldValue::Bool(true)),
        Scalar::Text("false" | "") => Ok(FieldValue::Bool(false)),
        Scalar::Text(text) => Err(Failure::illegal_argument(format!(
            "Failed to parse value [{text}] as only [true] or [false] are allowed."
        ))),
        Scalar::Number(_) => Err(Failure::new(
            Kind::JsonParse,
            format!("Current token ({}) not of boolean type", value.token_name()),
        )),
    }
}

fn query_flag(value: &Node) -> Result<bool, Failure> {
    if value.is_null() {
        return Ok(false);
    }
    let text = query_text(value)?;
    match text.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Failure::illegal_argument(format!(
            "Can't parse boolean value [{text}], expected [true] or [false]"
        ))),
    }
}

pub(super) fn term(value: &Node) -> Result<Matches, Failure> {
    query_flag(value).map(|flag| Matches::Value(FieldValue::Bool(flag)))
}

pub(super) fn range(
    lower: Option<RangeBound<'_>>,
    upper: Option<RangeBound<'_>>,
) -> Result<Matches, Failure> {
    let bound = |bound: Option<RangeBound<'_>>| -> Result<Bound<FieldValue>, Failure> {
        let Some(bound) = bound else {
            return Ok(Bound::Unbounded);
        };
        let flag = FieldValue::Bool(query_flag(bound.value)?);
        Ok(if bound.inclusive {
            Bound::Included(flag)
        } else {
            Bound::Excluded(flag)
        })
    };
    Ok(Matches::Range(bound(lower)?, bound(upper)?))
}
