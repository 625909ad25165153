//! Strings and names: the span of one and its unescaped text.

use super::fault::{self, Fault};
use super::scan;

use std::borrow::Cow;

/// What a string is, for the messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A name in an object.
    Name,
    /// A value.
    Value,
}

impl Role {
    fn place(self) -> &'static str {
        match self {
            Role::Name => "name",
            Role::Value => "string value",
        }
    }

    fn end_of_input(self, offset: usize) -> Fault {
        match self {
            Role::Name => fault::end_of_input(" in property name", offset),
            Role::Value => fault::end_of_input(" in VALUE_STRING", offset),
        }
    }
}

/// Reads a string whose first character stands at `start` (behind the quote). Gives its text and the byte behind the closing
/// quote.
#[inline]
pub(super) fn read(text: &str, start: usize, role: Role) -> Result<(Cow<'_, str>, usize), Fault> {
    let bytes = text.as_bytes();
    let end = start + scan::plain_run(&bytes[start..]);
    match bytes.get(end) {
        Some(b'"') => Ok((Cow::Borrowed(&text[start..end]), end + 1)),
        _ => read_escaped(text, start, end, role),
    }
}

fn read_escaped(
    text: &str,
    start: usize,
    first: usize,
    role: Role,
) -> Result<(Cow<'_, str>, usize), Fault> {
    let bytes = text.as_bytes();
    let mut unescaped = String::with_capacity(first - start + 16);
    let (mut from, mut at) = (start, first);
    loop {
        unescaped.push_str(&text[from..at]);
        match bytes.get(at) {
            None => return Err(role.end_of_input(at)),
            Some(b'"') => return Ok((Cow::Owned(unescaped), at + 1)),
            Some(b'\\') => {
                let (character, end) = read_escape(text, at)?;
                unescaped.push(character);
                from = end;
                at = end + scan::plain_run(&bytes[end..]);
            }
            Some(&control) => {
                return Err(fault::unquoted_character(
                    char::from(control),
                    role.place(),
                    at,
                ));
            }
        }
    }
}

/// Reads the escape whose backslash stands at `at`. A surrogate without its other half becomes U+FFFD.
fn read_escape(text: &str, at: usize) -> Result<(char, usize), Fault> {
    let bytes = text.as_bytes();
    let Some(&letter) = bytes.get(at + 1) else {
        return Err(fault::end_of_input(" in character escape sequence", at + 1));
    };
    let plain = match letter {
        b'"' | b'\\' | b'/' => char::from(letter),
        b'b' => '\u{8}',
        b't' => '\t',
        b'n' => '\n',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'u' => return read_unicode_escape(text, at),
        _ => {
            let character = text[at + 1..]
                .chars()
                .next()
                .unwrap_or(char::REPLACEMENT_CHARACTER);
            return Err(fault::unrecognized_escape(character, at + 1));
        }
    };
    Ok((plain, at + 2))
}

fn read_unicode_escape(text: &str, at: usize) -> Result<(char, usize), Fault> {
    let unit = read_hex(text, at + 2)?;
    let end = at + 6;
    if let Some(character) = char::from_u32(unit) {
        return Ok((character, end));
    }
    let low_follows = unit < 0xDC00 && text.as_bytes()[end..].starts_with(b"\\u");
    if low_follows {
        let low = read_hex(text, end + 2)?;
        if (0xDC00..0xE000).contains(&low) {
            let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            return Ok((character, end + 6));
        }
    }
    Ok((char::REPLACEMENT_CHARACTER, end))
}

fn read_hex(text: &str, start: usize) -> Result<u32, Fault> {
    let mut value = 0;
    for at in start..start + 4 {
        let Some(&byte) = text.as_bytes().get(at) else {
            return Err(fault::end_of_input(" in character escape sequence", at));
        };
        let Some(digit) = char::from(byte).to_digit(16) else {
            let character = text
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .unwrap_or(char::from(byte));
            return Err(fault::unexpected_character(
                character,
                "expected a hex-digit for character escape sequence",
                at,
            ));
        };
        value = value << 4 | digit;
    }
    Ok(value)
}
