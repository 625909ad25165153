//! Functions of classes, and constructors of collections.

use super::{collection, date, format, score, text_argument};
use crate::machine::scene::{Scene, Trouble, failed, illegal};
use crate::machine::{access, dynamic, telling};
use crate::statics::StaticMethod;
use crate::table::Table;
use crate::value::Value;
use glasswork_content::{Failure, Kind};

/// Calls a function.
pub(crate) fn call_static(
    scene: &mut Scene<'_>,
    method: StaticMethod,
    args: &[Value],
) -> Result<Value, Trouble> {
    match (method, args) {
        (StaticMethod::ParseInt, [value]) => {
            parsed(value, |text| text.parse().ok().map(Value::Int))
        }
        (StaticMethod::ParseLong, [value]) => {
            parsed(value, |text| text.parse().ok().map(Value::Long))
        }
        (StaticMethod::ParseDouble, [value]) => parsed(value, |text| {
            glasswork_content::json::parse_double(text)
                .ok()
                .map(Value::Double)
        }),
        (StaticMethod::ParseFloat, [value]) => parsed(value, |text| {
            glasswork_content::json::parse_double(text)
                .ok()
                .map(|number| Value::Float(number as f32))
        }),
        (StaticMethod::ParseBoolean, [Value::Bool(flag)]) => Ok(Value::Bool(*flag)),
        (StaticMethod::ParseBoolean, [value]) => Ok(Value::Bool(
            text_argument(value)?.eq_ignore_ascii_case("true"),
        )),
        (StaticMethod::TextValueOf, [value]) => {
            let told = telling::text_of(scene, value)?;
            Ok(scene.heap.text(told)?)
        }
        (StaticMethod::TextJoin, [source]) => join(scene, "", source),
        (StaticMethod::TextJoin, [separator, source]) => {
            join(scene, text_argument(separator)?, source)
        }
        (StaticMethod::TextFormat, [pattern, values @ ..]) => {
            format::format(scene, text_argument(pattern)?, values)
        }
        (
            StaticMethod::IntegerCompare | StaticMethod::LongCompare | StaticMethod::DoubleCompare,
            [a, b],
        ) => dynamic::order(a, b).map(|order| Value::Int(order as i32)),
        (StaticMethod::DoubleIsNaN, [value]) => {
            let number = value
                .as_double()
                .ok_or_else(|| failed(Kind::ClassCast, "a number was expected"))?;
            Ok(Value::Bool(number.is_nan()))
        }
        (
            StaticMethod::IsDigit
            | StaticMethod::IsLetter
            | StaticMethod::IsWhitespace
            | StaticMethod::IsUpperCase
            | StaticMethod::IsLowerCase,
            [value],
        ) => character(method, value),
        (StaticMethod::ObjectsEquals, [a, b]) => {
            dynamic::equal(scene, a, b, false).map(Value::Bool)
        }
        (StaticMethod::ObjectsIsNull, [value]) => Ok(Value::Bool(matches!(value, Value::Null))),
        (StaticMethod::ObjectsNonNull, [value]) => Ok(Value::Bool(!matches!(value, Value::Null))),
        (StaticMethod::ListOf, []) => Ok(scene.heap.list(Vec::new())?),
        (StaticMethod::ListOf, [source]) => access::elements(scene, source),
        (StaticMethod::MapOf, []) => Ok(scene.heap.map(Table::default())?),
        (StaticMethod::MapOf, [Value::Map(source)]) => {
            let table = scene.heap.table(*source);
            let (count, copy) = (table.len(), table.clone());
            scene.burn(count / 16)?;
            Ok(scene.heap.map(copy)?)
        }
        (StaticMethod::SetOf, []) => Ok(scene.heap.set(Table::default())?),
        (StaticMethod::SetOf, [source]) => {
            let table = collection::set_of(scene, source)?;
            Ok(scene.heap.set(table)?)
        }
        (StaticMethod::AsList, values) => Ok(scene.heap.list(values.to_vec())?),
        (StaticMethod::Sort, [Value::List(handle)]) => {
            collection::sort(scene, *handle).map(|()| Value::Null)
        }
        (StaticMethod::Reverse, [Value::List(handle)]) => {
            scene.burn(scene.heap.elements(*handle).len() / 16)?;
            scene.heap.elements_mut(*handle)?.reverse();
            Ok(Value::Null)
        }
        (StaticMethod::ParseDate, [text]) => {
            let text = text_argument(text)?;
            let parsed = date::parsed(text).map(Value::Date);
            parsed.ok_or_else(|| illegal(format!("Text '{text}' could not be parsed")))
        }
        (StaticMethod::DateOfMillis, [millis]) if millis.as_long().is_some() => {
            Ok(Value::Date(millis.as_long().unwrap_or_default()))
        }
        (StaticMethod::CurrentTimeMillis, []) => {
            let since = std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap_or_default();
            Ok(Value::Long(
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            ))
        }
        (StaticMethod::Keep, [object, Value::List(kept)]) => {
            let kept = scene.heap.elements(*kept).to_vec();
            scene.burn(kept.len() / 16)?;
            collection::replace(scene, object, kept).map(Value::Bool)
        }
        (StaticMethod::ListMax, [source]) => collection::extreme(scene, source, true),
        (StaticMethod::ListMin, [source]) => collection::extreme(scene, source, false),
        (
            StaticMethod::Saturation
            | StaticMethod::Sigmoid
            | StaticMethod::DecayNumericLinear
            | StaticMethod::DecayNumericExp
            | StaticMethod::DecayNumericGauss
            | StaticMethod::DecayDateLinear
            | StaticMethod::DecayDateExp
            | StaticMethod::DecayDateGauss,
            args,
        ) => score::call(method, args),
        _ => {
            let classes: Vec<&str> = args.iter().map(Value::java_class).collect();
            Err(illegal(format!(
                "cannot call this function with [{}]",
                classes.join(", ")
            )))
        }
    }
}

/// A number out of a string; numbers are taken through their text, as `valueOf` boxes them.
fn parsed(value: &Value, parse: impl FnOnce(&str) -> Option<Value>) -> Result<Value, Trouble> {
    let text = match value {
        Value::Text(text) => text.to_string(),
        other => match (other.as_long(), other.primitive()) {
            (Some(number), Some(kind)) if !kind.is_fraction() => number.to_string(),
            (Some(_), _) => other
                .as_double()
                .map(|number| number.to_string())
                .unwrap_or_default(),
            _ => text_argument(other)?.to_owned(),
        },
    };
    let digits = text.strip_prefix('+').unwrap_or(&text);
    parse(digits).ok_or_else(|| Failure::number_format(&text).into())
}

pub(super) fn join(
    scene: &mut Scene<'_>,
    separator: &str,
    source: &Value,
) -> Result<Value, Trouble> {
    let Value::List(handle) = access::elements(scene, source)? else {
        return Err(illegal("a collection was expected"));
    };
    let mut joined = String::new();
    for at in 0..scene.heap.elements(handle).len() {
        scene.burn(1)?;
        let element = scene.heap.elements(handle)[at].clone();
        if at > 0 {
            scene.heap.charge(separator.len())?;
            joined.push_str(separator);
        }
        joined.push_str(&telling::text_of(scene, &element)?);
    }
    Ok(scene.heap.text(joined)?)
}

fn character(method: StaticMethod, value: &Value) -> Result<Value, Trouble> {
    let unit = match value {
        Value::Char(unit) => u32::from(*unit),
        Value::Text(text) if text.encode_utf16().count() == 1 => {
            text.chars().next().map_or(0, u32::from)
        }
        other => {
            let code = other.as_long().and_then(|code| u32::try_from(code).ok());
            code.ok_or_else(|| {
                failed(
                    Kind::ClassCast,
                    format!("cannot cast [{}] to char", other.java_class()),
                )
            })?
        }
    };
    let letter = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
    Ok(Value::Bool(match method {
        StaticMethod::IsDigit => letter.is_numeric(),
        StaticMethod::IsLetter => letter.is_alphabetic(),
        StaticMethod::IsWhitespace => letter.is_whitespace(),
        StaticMethod::IsUpperCase => letter.is_uppercase(),
        _ => letter.is_lowercase(),
    }))
}
