//! The lenient conversions of OpenSearch's parsers (`AbstractXContentParser`): a number may come as a string, a fraction is
//! cut off, a boolean may come as `"true"`.

use super::{Node, Value};
use crate::{Failure, Kind, number};
use std::borrow::Cow;

impl Node {
    /// A boolean: `true`, `false`, or one of these as a string.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` for anything else.
    pub fn to_bool(&self) -> Result<bool, Failure> {
        match &self.value {
            Value::Bool(flag) => Ok(*flag),
            Value::String(text) => parse_bool(text),
            _ => Err(Failure::illegal_argument(format!(
                "Current token ({}) not of boolean type",
                self.token_name()
            ))),
        }
    }

    /// A whole number of 64 bits: also from a string; a fraction is cut off.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` out of range or for what is no number, `number_format_exception` for other text.
    pub fn to_i64(&self) -> Result<i64, Failure> {
        let out_of_range = |text: &str| {
            Failure::illegal_argument(format!("Value [{text}] is out of range for a long"))
        };
        match &self.value {
            Value::Long(number) => Ok(*number),
            Value::Unsigned(number) => Err(out_of_range(&number.to_string())),
            Value::Big(digits) => Err(out_of_range(digits)),
            Value::Double(number) => {
                cut_off(*number).ok_or_else(|| out_of_range(&number::double_text(*number)))
            }
            Value::String(text) => match text.trim().parse::<i64>() {
                Ok(number) => Ok(number),
                Err(_) => cut_off(parse_double(text)?).ok_or_else(|| out_of_range(text)),
            },
            _ => Err(self.not_numeric()),
        }
    }

    /// A whole number of 32 bits, read as [`Node::to_i64`].
    ///
    /// # Errors
    /// As [`Node::to_i64`].
    pub fn to_i32(&self) -> Result<i32, Failure> {
        let out_of_range = || {
            let text = self.to_text().unwrap_or_default();
            Failure::illegal_argument(format!("Value [{text}] is out of range for an integer"))
        };
        match self.to_i64() {
            Ok(number) => i32::try_from(number).map_err(|_| out_of_range()),
            Err(_) if self.as_f64().is_some() => Err(out_of_range()),
            Err(failure) => Err(failure),
        }
    }

    /// A number: also from a string.
    ///
    /// # Errors
    /// 400 `number_format_exception` for other text, `illegal_argument_exception` for what is no number.
    pub fn to_f64(&self) -> Result<f64, Failure> {
        match &self.value {
            Value::String(text) => parse_double(text),
            _ => self.as_f64().ok_or_else(|| self.not_numeric()),
        }
    }

    /// The text of a scalar (string, number, boolean); `None` for null, arrays and objects.
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        Some(match &self.value {
            Value::String(text) | Value::Big(text) => Cow::Borrowed(text),
            Value::Bool(true) => Cow::Borrowed("true"),
            Value::Bool(false) => Cow::Borrowed("false"),
            Value::Long(number) => Cow::Owned(number.to_string()),
            Value::Unsigned(number) => Cow::Owned(number.to_string()),
            Value::Double(number) => Cow::Owned(number::double_text(*number)),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        })
    }

    fn not_numeric(&self) -> Failure {
        Failure::illegal_argument(format!(
            "Current token ({}) not numeric, can not use numeric value accessors",
            self.token_name()
        ))
    }
}

/// `true` or `false`, nothing else (`Booleans.parseBoolean`).
///
/// # Errors
/// 400 `illegal_argument_exception`.
pub fn parse_bool(text: &str) -> Result<bool, Failure> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Failure::illegal_argument(format!(
            "Failed to parse value [{text}] as only [true] or [false] are allowed."
        ))),
    }
}

/// A double as `Double.parseDouble` reads it.
///
/// # Errors
/// 400 `number_format_exception`.
pub fn parse_double(text: &str) -> Result<f64, Failure> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Failure::new(Kind::NumberFormat, "empty String"));
    }
    let number = match trimmed.trim_start_matches(['+', '-']) {
        "NaN" | "Infinity" => trimmed,
        unsigned if unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
            trimmed
                .strip_suffix(['d', 'D', 'f', 'F'])
                .unwrap_or(trimmed)
        }
        _ => return Err(Failure::number_format(text)),
    };
    number.parse().map_err(|_| Failure::number_format(text))
}

/// Without its fraction, when the rest fits into 64 bits.
fn cut_off(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&number).then_some(number as i64)
}
