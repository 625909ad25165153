//! Values of queries as the engine looks them up, and values of columns as answers show them.

use super::dates::{DateFormat, Zone};
use super::field_type::{FieldType, Kind};
use super::field_types::DecimalFormat;
use glasswork_content::{Failure, Node, Render, number};
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
        Self {
            now,
            zone: None,
            format: None,
        }
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
    Decimal(DecimalFormat),
}

impl FieldType {
    /// How its values are shown, with a `format` and a `time_zone` of the request if there are any.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` when the type takes no format (`Field [f] of type [t] does not support custom
    /// formats`) or no time zone, or the pattern is malformed.
    pub fn value_format(
        &self,
        format: Option<&str>,
        zone: Option<&Zone>,
    ) -> Result<ValueFormat, Failure> {
        if self.kind.is_date() {
            let format = match (format, &self.format) {
                (Some(format), _) => Arc::new(DateFormat::new(format)?),
                (None, Some(own)) => Arc::clone(own),
                (None, None) => DateFormat::default_format(),
            };
            let zone = zone.unwrap_or(Zone::utc()).clone();
            return Ok(ValueFormat::Date {
                format,
                zone,
                nanos: self.kind == Kind::DateNanos,
            });
        }
        let unsupported = |what: &str| {
            Failure::illegal_argument(format!(
                "Field [{}] of type [{}] does not support custom {what}",
                self.path,
                self.type_name()
            ))
        };
        if zone.is_some() {
            return Err(unsupported("time zones"));
        }
        match (self.kind, format) {
            (kind, Some(format)) if kind.is_number() => {
                DecimalFormat::new(format).map(ValueFormat::Decimal)
            }
            (_, Some(_)) => Err(unsupported("formats")),
            (Kind::Boolean, None) => Ok(ValueFormat::Boolean),
            (Kind::Ip, None) => Ok(ValueFormat::Ip),
            (_, None) => Ok(ValueFormat::Raw),
        }
    }
}

impl ValueFormat {
    /// The text of a whole number (long, boolean as 0/1, date), where it has one beside the number itself.
    #[must_use]
    pub fn long_text(&self, value: i64) -> Option<String> {
        match self {
            Self::Raw | Self::Ip => None,
            Self::Boolean => Some(if value == 0 { "false" } else { "true" }.to_owned()),
            Self::Date {
                format,
                zone,
                nanos: false,
            } => Some(format.format(value, zone)),
            Self::Date {
                format,
                zone,
                nanos: true,
            } => Some(format.format_nanos(value, zone)),
            Self::Decimal(format) => Some(format.format(value as f64)),
        }
    }

    /// The text of a double (an average, a bucket's key), where it has one beside the number itself.
    #[must_use]
    pub fn double_text(&self, value: f64) -> Option<String> {
        match self {
            Self::Raw | Self::Ip => None,
            Self::Boolean => Some(if value == 0.0 { "false" } else { "true" }.to_owned()),
            Self::Date { .. } => self.long_text(value as i64),
            Self::Decimal(format) => Some(format.format(value)),
        }
    }

    /// The text of any value: keys of terms, `docvalue_fields`.
    #[must_use]
    pub fn text(&self, value: &FieldValue) -> String {
        match value {
            FieldValue::Keyword(text) => text.to_string(),
            FieldValue::Text(tokens) => tokens
                .iter()
                .map(|(token, _)| token)
                .collect::<Vec<_>>()
                .join(" "),
            FieldValue::I64(number) => self
                .long_text(*number)
                .unwrap_or_else(|| number.to_string()),
            FieldValue::U64(number) => match self {
                Self::Decimal(format) => format.format(*number as f64),
                _ => number.to_string(),
            },
            FieldValue::F64(number) => self
                .double_text(*number)
                .unwrap_or_else(|| number::double_text(*number)),
            FieldValue::Bool(flag) => flag.to_string(),
            FieldValue::Ip(address) => super::field_types::address_text(*address),
        }
    }

    /// Writes a value as `docvalue_fields` shows it: formatted where there is a text form, else as a number or a flag.
    pub fn render(&self, value: &FieldValue, out: &mut Render) {
        match (self, value) {
            (Self::Date { .. } | Self::Decimal(_), _) => out.string(&self.text(value)),
            (_, FieldValue::I64(number)) => out.long(*number),
            (_, FieldValue::U64(number)) => out.unsigned(*number),
            (_, FieldValue::F64(number)) => out.double(*number),
            (_, FieldValue::Bool(flag)) => out.boolean(*flag),
            _ => out.string(&self.text(value)),
        }
    }
}
