//! Values of queries as the engine looks them up, and values of columns as answers show them.

use super::dates::{DateFormat, Zone};
use super::field_type::FieldType;
use glasswork_content::{Failure, Node, Render};
use glasswork_engine::FieldValue;
use std::ops::Bound;
use std::sync::Arc;

/// What a value of a query stands for in a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Matches {
    /// No document can have it (`1.5` in a whole number, a text that a keyword field never indexes).
    None,
    /// Exactly this value. Strings of text and keyword fields are [`FieldValue::Keyword`].
    Value(FieldValue),
    /// Everything between (a date without a time, an address block).
    Range(Bound<FieldValue>, Bound<FieldValue>),
}

/// One end of a range in a query.
#[derive(Clone, Copy, Debug)]
pub struct RangeBound<'a> {
    /// The value as the query gives it.
    pub value: &'a Node,
    /// `gte`, `lte`: the value itself belongs to the range.
    pub inclusive: bool,
}

/// What dates in a query are read with.
#[derive(Clone, Debug)]
pub struct DateContext<'a> {
    /// Milliseconds since 1970 that `now` stands for.
    pub now: i64,
    /// `time_zone` of the query, UTC otherwise.
    pub zone: Option<&'a Zone>,
    /// `format` of the query, the field's otherwise.
    pub format: Option<&'a DateFormat>,
}

impl DateContext<'_> {
    /// Only the time that `now` stands for.
    #[must_use]
    pub fn at(now: i64) -> Self {
        Self { now, zone: None, format: None }
    }
}

/// How values of a field are written as text: `key_as_string`, `value_as_string`, `docvalue_fields`, keys of terms.
#[derive(Clone, Debug)]
pub enum ValueFormat {
    /// Numbers as numbers, strings as strings; no text form beside them.
    Raw,
    /// 0 and 1 as `false` and `true`.
    Boolean,
    /// Milliseconds (or nanoseconds) as a date.
    Date {
        /// The pattern.
        format: Arc<DateFormat>,
        /// Where the clock hangs.
        zone: Zone,
        /// Whether the value counts nanoseconds.
        nanos: bool,
    },
    /// An address.
    Ip,
    /// A pattern of Java's `DecimalFormat`, such as `#,##0.00`.
    Decimal(super::types::DecimalFormat),
}

impl FieldType {
    /// What a `term` query with this value looks up.
    ///
    /// # Errors
    /// 400 as the type words it: `number_format_exception`, `illegal_argument_exception` (booleans, addresses),
    /// `parse_exception` (dates).
    pub fn term(&self, value: &Node, dates: &DateContext<'_>) -> Result<Matches, Failure> {
        let _ = (value, dates);
        todo!()
    }

    /// What a `range` query with these ends looks up.
    ///
    /// # Errors
    /// As [`FieldType::term`].
    pub fn range(&self, lower: Option<RangeBound<'_>>, upper: Option<RangeBound<'_>>, dates: &DateContext<'_>) -> Result<Matches, Failure> {
        let _ = (lower, upper, dates);
        todo!()
    }

    /// How its values are shown, with a `format` and a `time_zone` of the request if there are any.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` when the type takes no format (`Field [f] of type [t] does not support custom
    /// formats`) or no time zone, or the pattern is malformed.
    pub fn value_format(&self, format: Option<&str>, zone: Option<&Zone>) -> Result<ValueFormat, Failure> {
        let _ = (format, zone);
        todo!()
    }
}

impl ValueFormat {
    /// The text of a whole number (long, boolean as 0/1, date), where it has one beside the number itself.
    #[must_use]
    pub fn long_text(&self, value: i64) -> Option<String> {
        let _ = value;
        todo!()
    }

    /// The text of a double (an average, a bucket's key), where it has one beside the number itself.
    #[must_use]
    pub fn double_text(&self, value: f64) -> Option<String> {
        let _ = value;
        todo!()
    }

    /// Writes a value as `docvalue_fields` and `sort` show it: formatted where there is a text form, else as a number.
    pub fn render(&self, value: &FieldValue, out: &mut Render) {
        let _ = (value, out);
        todo!()
    }
}
