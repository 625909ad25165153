//! Numbers: the span of one, and what it is worth.

use super::fault::{self, Fault};

/// A number as it stands in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    text: &'a str,
    fraction: bool,
}

impl<'a> Number<'a> {
    /// The characters of the number.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Whether it is written with a fraction or an exponent.
    pub fn is_fraction(&self) -> bool {
        self.fraction
    }

    /// The value, when it is written whole and fits.
    pub fn as_i64(&self) -> Option<i64> {
        if self.fraction {
            None
        } else {
            self.text.parse().ok()
        }
    }

    /// The value, when it is written whole, without sign, and fits.
    pub fn as_u64(&self) -> Option<u64> {
        if self.fraction {
            None
        } else {
            self.text.parse().ok()
        }
    }

    /// The nearest double; infinite beyond its range.
    pub fn as_f64(&self) -> f64 {
        self.text.parse().unwrap_or(f64::NAN)
    }
}

/// Reads the number that begins at `start` with a digit or a minus sign. Gives it and the byte behind it.
#[inline]
pub(super) fn read(text: &str, start: usize) -> Result<(Number<'_>, usize), Fault> {
    let bytes = text.as_bytes();
    let mut at = start;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
        match bytes.get(at) {
            None => return Err(fault::end_of_input(" in a Number value", at)),
            Some(b'0'..=b'9') => {}
            Some(_) => {
                let comment = "expected digit (0-9) to follow minus sign, for valid numeric value";
                return Err(fault::unexpected_number_character(
                    character_at(text, at),
                    comment,
                    at,
                ));
            }
        }
    }
    if bytes[at] == b'0' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        return Err(fault::syntax(
            "Invalid numeric value: Leading zeroes not allowed",
            at,
        ));
    }
    at = skip_digits(bytes, at);
    let mut fraction = false;
    if bytes.get(at) == Some(&b'.') {
        fraction = true;
        at = digits_required(text, at + 1, "Decimal point not followed by a digit")?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        fraction = true;
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = digits_required(
            text,
            at + 1 + sign,
            "Exponent indicator not followed by a digit",
        )?;
    }
    Ok((
        Number {
            text: &text[start..at],
            fraction,
        },
        at,
    ))
}

fn skip_digits(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

fn digits_required(text: &str, start: usize, comment: &str) -> Result<usize, Fault> {
    let end = skip_digits(text.as_bytes(), start);
    if end > start {
        return Ok(end);
    }
    if start >= text.len() {
        return Err(fault::end_of_input(" in a Number value", start));
    }
    Err(fault::unexpected_number_character(
        character_at(text, start),
        comment,
        start,
    ))
}

fn character_at(text: &str, at: usize) -> char {
    text.get(at..)
        .and_then(|rest| rest.chars().next())
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}
