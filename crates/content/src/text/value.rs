//! Values of parameters, as the reference reads them.

use std::{fmt::Display, str::FromStr};

use crate::failure::Failure;

/// A flag as it was given; blank is as if it were not.
///
/// # Errors
/// 400 for anything but `true`, `false` or nothing.
pub fn parse_flag(value: &str) -> Result<Option<bool>, Failure> {
    match value {
        "" | "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        other if other.trim().is_empty() => Ok(None),
        other => Err(Failure::illegal_argument(format!(
            "Failed to parse value [{other}] as only [true] or [false] are allowed."
        ))),
    }
}

/// A number of the kind that Java calls `kind` (`int`, `long`, `float`), given for `name`.
///
/// # Errors
/// 400 naming the parameter and the value.
pub fn parse_number<N: FromStr>(value: &str, name: &str, kind: impl Display) -> Result<N, Failure> {
    value.parse().map_err(|_| {
        Failure::illegal_argument(format!(
            "Failed to parse {kind} parameter [{name}] with value [{value}]"
        ))
        .caused_by(Failure::number_format(value))
    })
}

/// Splits at commas; trailing empty values are dropped, as Java's `split` does.
#[must_use]
pub fn split_list(text: &str) -> Vec<String> {
    let mut values: Vec<String> = text.split(',').map(str::to_owned).collect();
    while values.last().is_some_and(String::is_empty) {
        values.pop();
    }
    values
}
