//! `date` (milliseconds) and `date_nanos` (nanoseconds).

use super::{Scalar, query_text};
use crate::mapping::dates::{DateFormat, Moment, Rounding, Zone};
use crate::mapping::field_type::{FieldType, Kind};
use crate::mapping::values::{DateContext, Matches, RangeBound};
use glasswork_content::{Failure, Node};
use glasswork_engine::FieldValue;
use std::ops::Bound;

pub(super) fn read(field: &FieldType, value: &Scalar<'_>) -> Result<FieldValue, Failure> {
    let text = value.text();
    let format = format_of(field);
    let moment = format.parse(text, Rounding::Down, Zone::utc())?;
    if field.kind == Kind::Date {
        return Ok(FieldValue::I64(moment.millis));
    }
    match moment.to_nanos() {
        Some(nanos) => Ok(FieldValue::I64(nanos)),
        None if moment.millis < 0 => Err(Failure::illegal_argument(format!(
            "date[{}] is before the epoch in 1970 and cannot be stored in nanosecond resolution",
            DateFormat::default_format().format(moment.millis, Zone::utc())
        ))),
        None => Err(Failure::illegal_argument(format!(
            "date[{}] is after 2262-04-11T23:47:16.854775807 and cannot be stored in nanosecond resolution",
            DateFormat::default_format().format(moment.millis, Zone::utc())
        ))),
    }
}

fn format_of(field: &FieldType) -> &DateFormat {
    field
        .date_format()
        .expect("every date field has a format: FieldType::new gives it one")
}

/// A moment as the field counts it, kept within what it can hold.
fn count(field: &FieldType, moment: Moment) -> i64 {
    if field.kind == Kind::Date {
        return moment.millis;
    }
    moment
        .to_nanos()
        .unwrap_or(if moment.millis < 0 { 0 } else { i64::MAX })
}

fn query_count(
    field: &FieldType,
    value: &Node,
    dates: &DateContext<'_>,
    rounding: Rounding,
) -> Result<i64, Failure> {
    let text = query_text(value)?;
    let format = dates.format.unwrap_or_else(|| format_of(field));
    let zone = dates.zone.unwrap_or(Zone::utc());
    Ok(count(
        field,
        format.parse_maths(&text, dates.now, rounding, zone)?,
    ))
}

pub(super) fn term(
    field: &FieldType,
    value: &Node,
    dates: &DateContext<'_>,
) -> Result<Matches, Failure> {
    let end = RangeBound {
        value,
        inclusive: true,
    };
    range(field, Some(end), Some(end), dates)
}

pub(super) fn range(
    field: &FieldType,
    lower: Option<RangeBound<'_>>,
    upper: Option<RangeBound<'_>>,
    dates: &DateContext<'_>,
) -> Result<Matches, Failure> {
    let lower = match lower {
        None => Bound::Unbounded,
        Some(RangeBound {
            value,
            inclusive: true,
        }) => Bound::Included(FieldValue::I64(query_count(
            field,
            value,
            dates,
            Rounding::Down,
        )?)),
        Some(RangeBound {
            value,
            inclusive: false,
        }) => Bound::Excluded(FieldValue::I64(query_count(
            field,
            value,
            dates,
            Rounding::Up,
        )?)),
    };
    let upper = match upper {
        None => Bound::Unbounded,
        Some(RangeBound {
            value,
            inclusive: true,
        }) => Bound::Included(FieldValue::I64(query_count(
            field,
            value,
            dates,
            Rounding::Up,
        )?)),
        Some(RangeBound {
            value,
            inclusive: false,
        }) => Bound::Excluded(FieldValue::I64(query_count(
            field,
            value,
            dates,
            Rounding::Down,
        )?)),
    };
    Ok(Matches::Range(lower, upper))
}
