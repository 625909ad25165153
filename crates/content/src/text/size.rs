//! Sizes in bytes: their text for people and the parser of settings (`ByteSizeValue`).

use crate::Failure;
use crate::json::parse_double;

/// Suffixes and what they stand for, the largest first.
const UNITS: [(&str, u64); 6] = [
    ("pb", 1 << 50),
    ("tb", 1 << 40),
    ("gb", 1 << 30),
    ("mb", 1 << 20),
    ("kb", 1 << 10),
    ("b", 1),
];

/// Bytes as people read them: `13.3kb`, `0b`; one decimal, truncated.
pub fn size_text(bytes: u64) -> String {
    let (suffix, unit) = UNITS
        .into_iter()
        .find(|&(_, unit)| bytes >= unit)
        .unwrap_or(("b", 1));
    super::with_one_decimal(u128::from(bytes), u128::from(unit), suffix)
}

/// Parses a size as `ByteSizeValue.parseBytesSizeValue` does; −1 is allowed. `name` is the setting for the messages.
///
/// # Errors
/// 400 `parse_exception` without a unit, for sizes below −1 and for garbage.
pub fn parse_size(text: &str, name: &str) -> Result<i64, Failure> {
    let lower = text.trim().to_lowercase();
    match lower.as_str() {
        "-1" => return Ok(-1),
        "0" => return Ok(0),
        _ => {}
    }
    for (suffix, unit) in UNITS {
        let amount = lower
            .strip_suffix(suffix)
            .or_else(|| lower.strip_suffix(suffix.trim_end_matches('b')));
        if let Some(amount) =
            amount.filter(|_| lower.ends_with(|last: char| last.is_ascii_alphabetic()))
        {
            return parse_amount(text, amount.trim(), unit, suffix, name);
        }
    }
    Err(Failure::parse(format!(
        "failed to parse setting [{name}] with value [{text}] as a size in bytes: unit is missing or unrecognized"
    )))
}

fn parse_amount(
    text: &str,
    amount: &str,
    unit: u64,
    suffix: &str,
    name: &str,
) -> Result<i64, Failure> {
    let whole = match amount.parse::<i64>() {
        Ok(whole) => whole,
        Err(_) => {
            let fraction = parse_double(amount).map_err(|_| {
                Failure::parse(format!(
                    "failed to parse setting [{name}] with value [{text}]"
                ))
                .caused_by(Failure::number_format(amount))
            })?;
            return Ok((fraction * unit as f64) as i64);
        }
    };
    let refused = |reason: String| {
        Failure::parse(format!(
            "failed to parse setting [{name}] with value [{text}] as a size in bytes"
        ))
        .caused_by(Failure::illegal_argument(reason))
    };
    if whole < -1 {
        return Err(refused(format!(
            "Values less than -1 are not supported: {whole}{suffix}"
        )));
    }
    if whole == -1 && unit != 1 {
        return Err(refused(format!(
            "Values less than -1 bytes are not supported: -1{suffix}"
        )));
    }
    whole.checked_mul(unit as i64).ok_or_else(|| {
        let most = i64::MAX / unit as i64;
        refused(format!(
            "Values greater than {most} bytes are not supported: {whole}{suffix}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::{parse_size, size_text};

    #[test]
    fn a_size_is_told_in_its_largest_unit_with_one_truncated_decimal() {
        for (bytes, text) in [
            (0, "0b"),
            (1023, "1023b"),
            (1024, "1kb"),
            (13_670, "13.3kb"),
            (1_048_575, "1023.9kb"),
            (100 << 20, "100mb"),
            (u64::MAX, "16383.9pb"),
        ] {
            assert_eq!(size_text(bytes), text);
        }
    }

    #[test]
    fn sizes_are_read_with_every_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("-1", -1),
            ("10b", 10),
            ("1k", 1024),
            ("1kb", 1024),
            (" 2 MB", 2 << 20),
            ("3g", 3 << 30),
            ("1tb", 1 << 40),
            ("1p", 1 << 50),
            ("1.5kb", 1536),
        ] {
            assert_eq!(parse_size(text, "s").unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn a_bad_size_is_refused_in_upstreams_words() {
        for (text, reason) in [
            (
                "12",
                "failed to parse setting [s] with value [12] as a size in bytes: unit is missing or unrecognized",
            ),
            (
                "",
                "failed to parse setting [s] with value [] as a size in bytes: unit is missing or unrecognized",
            ),
            ("xkb", "failed to parse setting [s] with value [xkb]"),
            (
                "-5b",
                "failed to parse setting [s] with value [-5b] as a size in bytes",
            ),
            (
                "-1kb",
                "failed to parse setting [s] with value [-1kb] as a size in bytes",
            ),
            (
                "9999999999pb",
                "failed to parse setting [s] with value [9999999999pb] as a size in bytes",
            ),
        ] {
            let failure = parse_size(text, "s").unwrap_err();
            assert_eq!((failure.reason(), failure.status()), (reason, 400));
        }
    }
}
