//! Numbers: `long`, `integer`, `short`, `byte`, `unsigned_long`, `double`, `float`, `half_float`.

use super::{Scalar, query_text};
use crate::mapping::field_type::Kind;
use crate::mapping::values::{Matches, RangeBound};
use glasswork_content::number::{double_text, float_text};
use glasswork_content::{Failure, Kind as FailureKind, Node};
use glasswork_engine::FieldValue;
use std::ops::Bound;

/// The value of a document's value; `None` for an empty string, which counts as null.
pub(super) fn read(
    kind: Kind,
    value: &Scalar<'_>,
    coerce: bool,
) -> Result<Option<FieldValue>, Failure> {
    let (text, quoted) = match value {
        Scalar::Number(text) => (*text, false),
        Scalar::Text("") if coerce => return Ok(None),
        Scalar::Text(text) => (*text, true),
        Scalar::Bool(_) => {
            return Err(Failure::new(
                FailureKind::JsonParse,
                format!(
                    "Current token ({}) not numeric, can not use numeric value accessors",
                    value.token_name()
                ),
            ));
        }
    };
    if quoted && !coerce && kind != Kind::UnsignedLong {
        return Err(Failure::illegal_argument(format!(
            "{} value passed as String",
            java_class(kind)
        )));
    }
    let number = if kind.is_floating() {
        floating(kind, text)?
    } else if quoted {
        whole(kind, text, coerce)?
    } else {
        whole_number(kind, text, coerce)?
    };
    Ok(Some(number))
}

fn java_class(kind: Kind) -> &'static str {
    match kind {
        Kind::Long => "Long",
        Kind::Short => "Short",
        Kind::Double => "Double",
        Kind::Float | Kind::HalfFloat => "Float",
        _ => "Integer",
    }
}

/// A whole number from a number of a document: Jackson's refusals for what is out of range.
fn whole_number(kind: Kind, text: &str, coerce: bool) -> Result<FieldValue, Failure> {
    if let Ok(number) = text.parse::<i64>() {
        if let Some(value) = fit(kind, number) {
            return Ok(value);
        }
        if matches!(kind, Kind::Byte | Kind::UnsignedLong) && i32::try_from(number).is_ok() {
            return Err(out_of_range(kind, text));
        }
    }
    if !text.contains(['.', 'e', 'E']) {
        if kind == Kind::UnsignedLong {
            return text
                .parse()
                .map(FieldValue::U64)
                .map_err(|_| out_of_range(kind, text));
        }
        let range = match kind {
            Kind::Long => "long (-9223372036854775808 - 9223372036854775807)",
            Kind::Short => "Java short",
            _ => "int (-2147483648 - 2147483647)",
        };
        return Err(Failure::new(
            FailureKind::InputCoercion,
            format!("Numeric value ({text}) out of range of {range}"),
        ));
    }
    let number = parse_double(text)?;
    if !coerce && number.fract() != 0.0 {
        return Err(Failure::illegal_argument(format!(
            "{} cannot be converted to {} without data loss",
            double_text(number),
            java_class(kind)
        )));
    }
    whole(kind, text, coerce)
}

/// A whole number from a text or from a number with a fraction, which is cut off.
fn whole(kind: Kind, text: &str, coerce: bool) -> Result<FieldValue, Failure> {
    if let Ok(number) = text.parse::<i64>() {
        return fit(kind, number).ok_or_else(|| out_of_range(kind, text));
    }
    if kind == Kind::UnsignedLong
        && let Ok(number) = text.parse::<u64>()
    {
        return Ok(FieldValue::U64(number));
    }
    let number = parse_double(text)?;
    if !coerce && number.fract() != 0.0 {
        return Err(Failure::illegal_argument(format!(
            "Value [{text}] has a decimal part"
        )));
    }
    let truncated = number.trunc();
    // 2^63 and 2^64 as doubles: the first values beyond the types.
    if kind == Kind::UnsignedLong {
        if (0.0..18_446_744_073_709_551_616.0).contains(&truncated) {
            return Ok(FieldValue::U64(truncated as u64));
        }
        return Err(out_of_range(kind, text));
    }
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&truncated) {
        return Err(out_of_range(kind, text));
    }
    fit(kind, truncated as i64).ok_or_else(|| out_of_range(kind, text))
}

fn fit(kind: Kind, number: i64) -> Option<FieldValue> {
    match kind {
        Kind::Byte => i8::try_from(number).ok()?.into_value(),
        Kind::Short => i16::try_from(number).ok()?.into_value(),
        Kind::Integer => i32::try_from(number).ok()?.into_value(),
        Kind::UnsignedLong => return u64::try_from(number).ok().map(FieldValue::U64),
        _ => FieldValue::I64(number),
    }
    .into()
}

/// Any smaller number as the engine keeps it.
trait IntoValue {
    fn into_value(self) -> FieldValue;
}

impl<T: Into<i64>> IntoValue for T {
    fn into_value(self) -> FieldValue {
        FieldValue::I64(self.into())
    }
}

fn out_of_range(kind: Kind, text: &str) -> Failure {
    let name = match kind {
        Kind::Byte => "a byte",
        Kind::Short => "a short",
        Kind::Integer => "an integer",
        Kind::UnsignedLong => "an unsigned long",
        _ => "a long",
    };
    Failure::illegal_argument(format!("Value [{text}] is out of range for {name}"))
}

/// `Double.parseDouble`.
fn parse_double(text: &str) -> Result<f64, Failure> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Failure::new(FailureKind::NumberFormat, "empty String"));
    }
    let plain = trimmed
        .strip_suffix(['d', 'D', 'f', 'F'])
        .unwrap_or(trimmed);
    if plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'))
        && let Ok(number) = plain.parse()
    {
        return Ok(number);
    }
    match trimmed {
        "NaN" | "+NaN" | "-NaN" => Ok(f64::NAN),
        "Infinity" | "+Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        _ => Err(Failure::number_format(text)),
    }
}

/// A floating-point number, rounded to the precision of its type.
fn floating(kind: Kind, text: &str) -> Result<FieldValue, Failure> {
    let number = parse_double(text)?;
    let rounded = round(kind, number);
    if rounded.is_finite() {
        return Ok(FieldValue::F64(rounded));
    }
    let shown = match kind {
        Kind::Double => double_text(number),
        _ => float_text(number as f32),
    };
    Err(Failure::illegal_argument(format!(
        "[{}] supports only finite values, but got [{shown}]",
        kind.name()
    )))
}

fn round(kind: Kind, number: f64) -> f64 {
    match kind {
        Kind::Float => f64::from(number as f32),
        Kind::HalfFloat => f64::from(half(number as f32)),
        _ => number,
    }
}

/// The nearest half-precision number (ties to even), as a float.
fn half(number: f32) -> f32 {
    if !number.is_finite() || number == 0.0 {
        return number;
    }
    let exponent = ((number.to_bits() >> 23) & 0xff) as i32 - 127;
    // Ten bits of mantissa, fewer below the smallest normal number 2^-14.
    let step = 2f64.powi(exponent.max(-14) - 10);
    let scaled = f64::from(number) / step;
    let rounded = scaled.round_ties_even() * step;
    if rounded.abs() > 65_504.0 {
        f32::INFINITY.copysign(number)
    } else {
        rounded as f32
    }
}

pub(super) fn term(kind: Kind, value: &Node) -> Result<Matches, Failure> {
    let text = query_text(value)?;
    if kind.is_floating() {
        return floating(kind, &text).map(Matches::Value);
    }
    if has_fraction(&text) {
        return Ok(Matches::None);
    }
    whole(kind, &text, true).map(Matches::Value)
}

/// Whether a text is a number with a fraction other than zero.
fn has_fraction(text: &str) -> bool {
    text.contains(['.', 'e', 'E']) && parse_double(text).is_ok_and(|number| number.fract() != 0.0)
}

pub(super) fn range(
    kind: Kind,
    lower: Option<RangeBound<'_>>,
    upper: Option<RangeBound<'_>>,
) -> Result<Matches, Failure> {
    // Ranges over bytes and shorts may have the ends of integers.
    let parse_as = if matches!(kind, Kind::Byte | Kind::Short) {
        Kind::Integer
    } else {
        kind
    };
    let bound =
        |bound: Option<RangeBound<'_>>, is_lower: bool| -> Result<Bound<FieldValue>, Failure> {
            let Some(RangeBound { value, inclusive }) = bound else {
                return Ok(Bound::Unbounded);
            };
            let text = query_text(value)?;
            if kind.is_floating() {
                let number = floating(kind, &text)?;
                return Ok(if inclusive {
                    Bound::Included(number)
                } else {
                    Bound::Excluded(number)
                });
            }
            let number = whole(parse_as, &text, true)?;
            if has_fraction(&text) {
                // 1.5 was cut to 1 and −1.5 to −1: the side of zero says whether the cut number still belongs to the range.
                let negative = text.trim_start().starts_with('-');
                let belongs = negative == is_lower;
                return Ok(if belongs {
                    Bound::Included(number)
                } else {
                    Bound::Excluded(number)
                });
            }
            Ok(if inclusive {
                Bound::Included(number)
            } else {
                Bound::Excluded(number)
            })
        };
    Ok(Matches::Range(bound(lower, true)?, bound(upper, false)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(kind: Kind, value: Scalar<'_>) -> Result<FieldValue, String> {
        read(kind, &value, true)
            .map(Option::unwrap)
            .map_err(|failure| failure.reason().to_owned())
    }

    #[test]
    fn documents_numbers_are_read_as_the_reference_reads_them() {
        use Scalar::{Bool, Number, Text};
        assert_eq!(reads(Kind::Long, Number("5")), Ok(FieldValue::I64(5)));
        assert_eq!(reads(Kind::Long, Number("1.9")), Ok(FieldValue::I64(1)));
        assert_eq!(reads(Kind::Long, Text("-1.9")), Ok(FieldValue::I64(-1)));
        assert_eq!(
            reads(Kind::Integer, Text("long ago")),
            Err("For input string: \"long ago\"".into())
        );
        assert_eq!(
            reads(Kind::Integer, Number("3000000000")),
            Err("Numeric value (3000000000) out of range of int (-2147483648 - 2147483647)".into())
        );
        assert_eq!(
            reads(Kind::Integer, Text("3000000000")),
            Err("Value [3000000000] is out of range for an integer".into())
        );
        assert_eq!(
            reads(Kind::Byte, Number("300")),
            Err("Value [300] is out of range for a byte".into())
        );
        assert_eq!(
            reads(Kind::Short, Number("70000")),
            Err("Numeric value (70000) out of range of Java short".into())
        );
        assert_eq!(
            reads(Kind::UnsignedLong, Number("18446744073709551615")),
            Ok(FieldValue::U64(u64::MAX))
        );
        assert_eq!(
            reads(Kind::UnsignedLong, Number("-1")),
            Err("Value [-1] is out of range for an unsigned long".into())
        );
        assert_eq!(
            reads(Kind::Float, Number("0.1")),
            Ok(FieldValue::F64(f64::from(0.1f32)))
        );
        assert_eq!(
            reads(Kind::HalfFloat, Number("0.1")),
            Ok(FieldValue::F64(0.099_975_585_937_5))
        );
        assert_eq!(
            reads(Kind::HalfFloat, Number("65520")),
            Err("[half_float] supports only finite values, but got [65520.0]".into())
        );
        assert!(
            reads(Kind::Long, Bool(true))
                .unwrap_err()
                .starts_with("Current token (VALUE_TRUE) not numeric")
        );
        assert_eq!(read(Kind::Long, &Text(""), true).unwrap(), None);
        assert_eq!(
            read(Kind::Long, &Text("5"), false).unwrap_err().reason(),
            "Long value passed as String"
        );
    }
}
