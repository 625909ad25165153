//! Methods of strings. Indexes count UTF-16 units, as in Java.

use super::{Method, int, int_argument, text_argument};
use crate::machine::scene::{Scene, Trouble, failed, illegal};
use crate::value::Value;
use glasswork_content::Kind;
use std::sync::Arc;

/// `None` when there is no such method.
pub(super) fn call(
    scene: &mut Scene<'_>,
    text: &Arc<str>,
    method: Method,
    args: &[Value],
) -> Result<Option<Value>, Trouble> {
    scene.burn(text.len() / 64)?;
    Ok(Some(match (method, args) {
        (Method::Length, []) => int(length(text)),
        (Method::IsEmpty, []) => Value::Bool(text.is_empty()),
        (Method::CharAt, [index]) => char_at(text, int_argument(index)?)?,
        (Method::Substring, [from]) => {
            let part = substring(text, int_argument(from)?, None)?;
            scene.heap.text(part)?
        }
        (Method::Substring, [from, to]) => {
            let part = substring(text, int_argument(from)?, Some(int_argument(to)?))?;
            scene.heap.text(part)?
        }
        (Method::IndexOf, [part]) => index_of(text, text_argument(part)?, 0),
        (Method::IndexOf, [part, from]) => {
            index_of(text, text_argument(part)?, int_argument(from)?)
        }
        (Method::LastIndexOf, [part]) => match text.rfind(text_argument(part)?) {
            Some(at) => int(length(&text[..at])),
            None => Value::Int(-1),
        },
        (Method::Contains, [part]) => Value::Bool(text.contains(text_argument(part)?)),
        (Method::StartsWith, [part]) => Value::Bool(text.starts_with(text_argument(part)?)),
        (Method::EndsWith, [part]) => Value::Bool(text.ends_with(text_argument(part)?)),
        (Method::ToLowerCase, []) => scene.heap.text(text.to_lowercase())?,
        (Method::ToUpperCase, []) => scene.heap.text(text.to_uppercase())?,
        (Method::Trim, []) => scene
            .heap
            .text(text.trim_matches(|letter| letter <= ' ').to_owned())?,
        (Method::Strip, []) => scene.heap.text(text.trim().to_owned())?,
        (Method::EqualsIgnoreCase, [other]) => Value::Bool(match other {
            Value::Text(other) => text.to_lowercase() == other.to_lowercase(),
            _ => false,
        }),
        (Method::CompareToIgnoreCase, [other]) => Value::Int(difference(
            &text.to_lowercase(),
            &text_argument(other)?.to_lowercase(),
        )),
        (Method::Concat, [other]) => {
            let other = text_argument(other)?;
            scene.heap.charge(text.len() + other.len())?;
            scene.heap.text(format!("{text}{other}"))?
        }
        (Method::Repeat, [count]) => repeated(scene, text, int_argument(count)?)?,
        (Method::Replace, [from, to]) => replaced(scene, text, from, to)?,
        (Method::SplitOnToken, [token]) => split(scene, text, text_argument(token)?, -1)?,
        (Method::SplitOnToken, [token, limit]) => {
            split(scene, text, text_argument(token)?, int_argument(limit)?)?
        }
        _ => return Ok(None),
    }))
}

/// UTF-16 units.
pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

#[cold]
fn out_of_bounds(reason: String) -> Trouble {
    failed(Kind::StringIndexOutOfBounds, reason)
}

fn char_at(text: &str, index: i32) -> Result<Value, Trouble> {
    let unit = usize::try_from(index)
        .ok()
        .and_then(|at| match text.is_ascii() {
            true => text.as_bytes().get(at).map(|&byte| u16::from(byte)),
            false => text.encode_utf16().nth(at),
        });
    unit.map(Value::Char).ok_or_else(|| {
        out_of_bounds(format!(
            "Index {index} out of bounds for length {}",
            length(text)
        ))
    })
}

fn substring(text: &str, from: i32, to: Option<i32>) -> Result<String, Trouble> {
    let length = length(text);
    let to = to.unwrap_or(i32::try_from(length).unwrap_or(i32::MAX));
    let (Ok(start), Ok(end)) = (usize::try_from(from), usize::try_from(to)) else {
        return Err(out_of_bounds(format!(
            "begin {from}, end {to}, length {length}"
        )));
    };
    if start > end || end > length {
        return Err(out_of_bounds(format!(
            "begin {from}, end {to}, length {length}"
        )));
    }
    if text.is_ascii() {
        return Ok(text[start..end].to_owned());
    }
    let units: Vec<u16> = text.encode_utf16().skip(start).take(end - start).collect();
    Ok(String::from_utf16_lossy(&units))
}

fn index_of(text: &str, part: &str, from: i32) -> Value {
    let from = usize::try_from(from).unwrap_or(0);
    let start = byte_of_unit(text, from);
    match text[start..].find(part) {
        Some(at) => int(length(&text[..start + at])),
        None => Value::Int(-1),
    }
}

/// The byte at which a UTF-16 unit begins; the end of the text beyond it.
fn byte_of_unit(text: &str, unit: usize) -> usize {
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut units = 0;
    for (at, letter) in text.char_indices() {
        if units >= unit {
            return at;
        }
        units += letter.len_utf16();
    }
    text.len()
}

fn repeated(scene: &mut Scene<'_>, text: &str, count: i32) -> Result<Value, Trouble> {
    let count =
        usize::try_from(count).map_err(|_| illegal(format!("count is negative: {count}")))?;
    let bytes = text.len().saturating_mul(count);
    scene.heap.charge(bytes)?;
    scene.burn(bytes / 64)?;
    Ok(Value::text(text.repeat(count)))
}

fn replaced(scene: &mut Scene<'_>, text: &str, from: &Value, to: &Value) -> Result<Value, Trouble> {
    let as_text = |value: &Value| match value {
        Value::Char(unit) => Ok(String::from_utf16_lossy(&[*unit])),
        other => text_argument(other).map(str::to_owned),
    };
    let (from, to) = (as_text(from)?, as_text(to)?);
    let places = text.matches(from.as_str()).count();
    let bytes = text.len().saturating_add(places.saturating_mul(to.len()));
    scene.heap.charge(bytes)?;
    scene.burn(bytes / 64)?;
    Ok(Value::text(text.replace(from.as_str(), &to)))
}

/// `splitOnToken`: like `split`, but the token is no pattern; empty parts at the end are left out unless a limit is given.
fn split(scene: &mut Scene<'_>, text: &str, token: &str, limit: i32) -> Result<Value, Trouble> {
    if token.is_empty() {
        return Err(illegal("the token to split on must not be empty"));
    }
    let mut parts = Vec::new();
    let pieces: Box<dyn Iterator<Item = &str>> = match usize::try_from(limit) {
        Ok(limit) if limit > 0 => Box::new(text.splitn(limit, token)),
        _ => Box::new(text.split(token)),
    };
    for piece in pieces {
        scene.burn(1)?;
        parts.push(scene.heap.text(piece.to_owned())?);
    }
    Ok(scene.heap.list(parts)?)
}

/// `compareTo`: the difference of the first units that differ, else of the lengths.
pub(super) fn difference(a: &str, b: &str) -> i32 {
    let differing = a.encode_utf16().zip(b.encode_utf16()).find(|(a, b)| a != b);
    match differing {
        Some((a, b)) => i32::from(a) - i32::from(b),
        None => length(a) as i32 - length(b) as i32,
    }
}
