//! Values as text, as Java tells them (`String.valueOf`).

use super::dynamic::{MAX_DEPTH, self_referencing};
use super::scene::{Scene, Trouble};
use crate::value::Value;
use glasswork_content::{number, text};
use std::fmt::Write as _;

/// A value as text (`String.valueOf`).
pub(crate) fn text_of(scene: &mut Scene<'_>, value: &Value) -> Result<String, Trouble> {
    let mut told = String::new();
    write(scene, value, &mut told, 0)?;
    Ok(told)
}

pub(super) fn write(
    scene: &mut Scene<'_>,
    value: &Value,
    out: &mut String,
    depth: usize,
) -> Result<(), Trouble> {
    if depth > MAX_DEPTH {
        return Err(self_referencing());
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Char(unit) => out.push_str(&String::from_utf16_lossy(&[*unit])),
        Value::Float(float) => out.push_str(&number::float_text(*float)),
        Value::Double(double) => out.push_str(&number::double_text(*double)),
        Value::Text(text) | Value::Huge(text) => {
            scene.heap.charge(text.len())?;
            out.push_str(text);
        }
        Value::Date(millis) => out.push_str(&date_text(*millis)),
        Value::List(handle) => {
            let count = scene.heap.elements(*handle).len();
            out.push('[');
            for index in 0..count {
                let Some(element) = scene.heap.elements(*handle).get(index).cloned() else {
                    break;
                };
                separate(scene, index, out)?;
                write(scene, &element, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Set(handle) | Value::Map(handle) => {
            let (open, close) = if matches!(value, Value::Set(_)) {
                ('[', ']')
            } else {
                ('{', '}')
            };
            let count = scene.heap.table(*handle).len();
            out.push(open);
            for index in 0..count {
                let Some((key, entry)) = scene.heap.table(*handle).entries().get(index).cloned()
                else {
                    break;
                };
                separate(scene, index, out)?;
                write(scene, &key, out, depth + 1)?;
                if open == '{' {
                    out.push('=');
                    write(scene, &entry, out, depth + 1)?;
                }
            }
            out.push(close);
        }
        Value::Entry(entry) => {
            write(scene, &entry.0, out, depth + 1)?;
            out.push('=');
            write(scene, &entry.1, out, depth + 1)?;
        }
        Value::Field(field) => {
            let values = scene.values(*field)?;
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                separate(scene, index, out)?;
                write(scene, value, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Document => out.push_str("doc"),
        Value::Exception(exception) => {
            out.push_str(exception.kind.name());
            if let Some(message) = &exception.message {
                out.push_str(": ");
                out.push_str(message);
            }
        }
        Value::Byte(_) | Value::Short(_) | Value::Int(_) | Value::Long(_) => {
            if let Some(number) = value.as_long() {
                // writing to a string cannot fail
                write!(out, "{number}").map_err(|_| self_referencing())?;
            }
        }
    }
    Ok(())
}

fn separate(scene: &mut Scene<'_>, index: usize, out: &mut String) -> Result<(), Trouble> {
    scene.burn(1)?;
    scene.heap.charge(4)?;
    if index > 0 {
        out.push_str(", ");
    }
    Ok(())
}

/// A date as Java tells it: without the parts that are zero at the end.
pub(crate) fn date_text(millis: i64) -> String {
    let iso = text::iso_millis(millis);
    match iso
        .strip_suffix(":00.000Z")
        .or_else(|| iso.strip_suffix(".000Z"))
    {
        Some(short) => format!("{short}Z"),
        None => iso,
    }
}
