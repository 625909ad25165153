//! What is wrong with a malformed text, in Jackson's words: clients and tests compare them.

use crate::{Failure, Kind};

/// A failure on its way out of the reader: boxed, so that the results of the byte loops stay small.
pub(crate) type Fault = Box<Failure>;

/// Where in the source something is; upstream hides the source and shows the byte alone.
fn location(offset: impl std::fmt::Display) -> String {
    format!(
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); byte offset: #{offset}]"
    )
}

const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// A syntax error: 400 `json_parse_exception`, caused by Jackson's own exception of the same text.
#[cold]
pub(crate) fn syntax(message: impl std::fmt::Display, offset: usize) -> Fault {
    twofold(Kind::JsonParse, Kind::StreamRead, message, offset)
}

/// The text breaks off: 400 `unexpected_end_of_input_exception`.
#[cold]
pub(crate) fn end_of_input(message: impl std::fmt::Display, offset: usize) -> Fault {
    let message = format_args!("Unexpected end-of-input{message}").to_string();
    twofold(
        Kind::UnexpectedEndOfInput,
        Kind::UnexpectedEndOfInput,
        message,
        offset,
    )
}

/// A limit is broken: 400 `json_parse_exception` caused by `stream_constraints_exception`.
#[cold]
pub(crate) fn constraint(message: impl std::fmt::Display, offset: usize) -> Fault {
    twofold(Kind::JsonParse, Kind::StreamConstraints, message, offset)
}

fn twofold(outer: Kind, inner: Kind, message: impl std::fmt::Display, offset: usize) -> Fault {
    let text = format!("{message}\n at {}", location(offset));
    Box::new(Failure::new(outer, text.clone()).caused_by(Failure::new(inner, text)))
}

#[cold]
pub(crate) fn unexpected_character(character: char, comment: &str, offset: usize) -> Fault {
    syntax(
        format_args!("Unexpected character ({}): {comment}", describe(character)),
        offset,
    )
}

#[cold]
pub(crate) fn unexpected_number_character(character: char, comment: &str, offset: usize) -> Fault {
    syntax(
        format_args!(
            "Unexpected character ({}) in numeric value: {comment}",
            describe(character)
        ),
        offset,
    )
}

#[cold]
pub(crate) fn unexpected_value(character: char, offset: usize) -> Fault {
    unexpected_character(
        character,
        &format!("expected a valid value {VALUES}"),
        offset,
    )
}

#[cold]
pub(crate) fn unrecognized_token(token: &str, offset: usize) -> Fault {
    syntax(
        format_args!("Unrecognized token '{token}': was expecting {VALUES}"),
        offset,
    )
}

#[cold]
pub(crate) fn unquoted_character(character: char, place: &str, offset: usize) -> Fault {
    let description = describe(character);
    let message = format!(
        "Illegal unquoted character ({description}): has to be escaped using backslash to be included in {place}"
    );
    syntax(message, offset)
}

#[cold]
pub(crate) fn illegal_space(character: char, offset: usize) -> Fault {
    let description = describe(character);
    let message = format!(
        "Illegal character ({description}): only regular white space (\\r, \\n, \\t) is allowed between tokens"
    );
    syntax(message, offset)
}

#[cold]
pub(crate) fn unrecognized_escape(character: char, offset: usize) -> Fault {
    syntax(
        format_args!("Unrecognized character escape {}", describe(character)),
        offset,
    )
}

#[cold]
pub(crate) fn unclosed(kind: &str, offset: usize) -> Fault {
    let start = location("UNKNOWN");
    end_of_input(
        format_args!(": expected close marker for {kind} (start marker at {start})"),
        offset,
    )
}

#[cold]
pub(crate) fn mismatched_close(found: char, expected: char, kind: &str, offset: usize) -> Fault {
    let start = location("UNKNOWN");
    syntax(
        format_args!(
            "Unexpected close marker '{found}': expected '{expected}' (for {kind} starting at {start})"
        ),
        offset,
    )
}

#[cold]
pub(crate) fn duplicate_name(name: &str, offset: usize) -> Fault {
    syntax(format_args!("Duplicate Object property \"{name}\""), offset)
}

/// Invalid UTF-8 whose first bad sequence is `bytes` (the input from there on).
#[cold]
pub(crate) fn invalid_utf8(bytes: &[u8], offset: usize) -> Fault {
    let first = bytes.first().copied().unwrap_or_default();
    let length = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return syntax(format_args!("Invalid UTF-8 start byte 0x{first:x}"), offset),
    };
    for (index, &byte) in bytes.iter().enumerate().take(length).skip(1) {
        if byte & 0xC0 != 0x80 {
            return syntax(
                format_args!("Invalid UTF-8 middle byte 0x{byte:x}"),
                offset + index,
            );
        }
    }
    if bytes.len() < length {
        return end_of_input(" in VALUE_STRING", offset + bytes.len());
    }
    syntax(format_args!("Invalid UTF-8 start byte 0x{first:x}"), offset)
}

/// `'x' (code 120)`, `(CTRL-CHAR, code 9)`, `'→' (code 8594 / 0x2192)`.
fn describe(character: char) -> String {
    let code = u32::from(character);
    if character.is_control() {
        format!("(CTRL-CHAR, code {code})")
    } else if code > 255 {
        format!("'{character}' (code {code} / 0x{code:x})")
    } else {
        format!("'{character}' (code {code})")
    }
}
