//! Times and sizes as people write them: `5s`, `100mb`.

use std::time::Duration;

/// A time with its unit: `300ms`, `5s`, `2m`, `1h`, `7d`; a fraction is taken.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let units = [
        ("nanos", 1e-9),
        ("micros", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("d", 86_400.0),
    ];
    let seconds = scaled(text, &units)
        .ok_or_else(|| format!("`{text}` is no time: a number with ms, s, m, h or d, as in 5s"))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{text}` is too long a time"))
}

/// A size in bytes with its unit: `512kb`, `100mb`, `2g`; units are powers of 1024, a bare number is bytes.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let units = [
        ("", 1.0),
        ("b", 1.0),
        ("k", 1024.0),
        ("kb", 1024.0),
        ("m", 1_048_576.0),
        ("mb", 1_048_576.0),
        ("g", 1_073_741_824.0),
        ("gb", 1_073_741_824.0),
        ("t", 1_099_511_627_776.0),
        ("tb", 1_099_511_627_776.0),
    ];
    let bytes = scaled(&text.to_ascii_lowercase(), &units)
        .filter(|bytes| *bytes < 9e18)
        .ok_or_else(|| format!("`{text}` is no size: a number with kb, mb or gb, as in 100mb"))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is positive and below the largest"
    )]
    Ok(bytes as u64)
}

fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    Some(number.parse::<f64>().ok()? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        for bad in [
            "",
            "5",
            "s",
            "5 s",
            "-5s",
            "5x",
            "1.2.3s",
            "99999999999999999999999d",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_may_have_units() {
        assert_eq!(bytes("2G"), Ok(2 << 30));
        assert_eq!(bytes("100mb"), Ok(100 << 20));
        assert_eq!(bytes("7"), Ok(7));
        for bad in ["", "mb", "1e9", "-1", "99999999999tb"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
