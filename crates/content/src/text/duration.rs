//! Durations: their text for people and the parser of time values in settings and parameters (`TimeValue`).

use crate::Failure;
use crate::json::parse_double;
use std::time::Duration;

/// The unit in which a time value was given.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum TimeUnit {
    /// `nanos`
    Nanoseconds,
    /// `micros`
    Microseconds,
    /// `ms`
    Milliseconds,
    /// `s`
    Seconds,
    /// `m`
    Minutes,
    /// `h`
    Hours,
    /// `d`
    Days,
}

impl TimeUnit {
    /// Every unit, the smallest first. This is also the order in which the parser tries their suffixes.
    const ALL: [TimeUnit; 7] = [
        TimeUnit::Nanoseconds,
        TimeUnit::Microseconds,
        TimeUnit::Milliseconds,
        TimeUnit::Seconds,
        TimeUnit::Minutes,
        TimeUnit::Hours,
        TimeUnit::Days,
    ];

    /// `ms`, `s`, …
    pub const fn suffix(self) -> &'static str {
        match self {
            TimeUnit::Nanoseconds => "nanos",
            TimeUnit::Microseconds => "micros",
            TimeUnit::Milliseconds => "ms",
            TimeUnit::Seconds => "s",
            TimeUnit::Minutes => "m",
            TimeUnit::Hours => "h",
            TimeUnit::Days => "d",
        }
    }

    /// How many nanoseconds one is.
    pub const fn nanos(self) -> u64 {
        match self {
            TimeUnit::Nanoseconds => 1,
            TimeUnit::Microseconds => 1_000,
            TimeUnit::Milliseconds => 1_000_000,
            TimeUnit::Seconds => 1_000_000_000,
            TimeUnit::Minutes => 60_000_000_000,
            TimeUnit::Hours => 3_600_000_000_000,
            TimeUnit::Days => 86_400_000_000_000,
        }
    }
}

/// A time value as it was given: `30s`, `-1`, `0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct TimeValue {
    /// How many units; −1 means none or unlimited.
    pub amount: i64,
    /// The unit.
    pub unit: TimeUnit,
}

impl TimeValue {
    /// −1: no time.
    pub const MINUS_ONE: TimeValue = TimeValue {
        amount: -1,
        unit: TimeUnit::Milliseconds,
    };

    /// So many seconds.
    pub const fn seconds(amount: i64) -> Self {
        Self {
            amount,
            unit: TimeUnit::Seconds,
        }
    }

    /// So many minutes.
    pub const fn minutes(amount: i64) -> Self {
        Self {
            amount,
            unit: TimeUnit::Minutes,
        }
    }

    /// So many milliseconds.
    pub const fn millis(amount: i64) -> Self {
        Self {
            amount,
            unit: TimeUnit::Milliseconds,
        }
    }

    /// The length of time; `None` for −1. Saturates at some 584 years.
    pub fn duration(&self) -> Option<Duration> {
        let amount = u64::try_from(self.amount).ok()?;
        Some(Duration::from_nanos(
            amount.saturating_mul(self.unit.nanos()),
        ))
    }

    /// As it is written in a setting (`TimeValue.getStringRep`): `30s`, `-1`.
    pub fn setting_text(&self) -> String {
        if self.amount < 0 {
            return self.amount.to_string();
        }
        format!("{}{}", self.amount, self.unit.suffix())
    }
}

/// For people (`TimeValue.toString`): `1.5m` for 90 seconds, `-1` for none.
impl std::fmt::Display for TimeValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match u128::try_from(self.amount) {
            Ok(amount) => f.write_str(&duration_text(amount * u128::from(self.unit.nanos()))),
            Err(_) => write!(f, "{}", self.amount),
        }
    }
}

/// A duration in nanoseconds as people read it: the largest unit among `d h m s ms micros nanos`, one decimal, truncated:
/// `1.9s`, `695.5micros`, `0s`.
pub fn duration_text(nanos: u128) -> String {
    if nanos == 0 {
        return "0s".to_owned();
    }
    let unit = TimeUnit::ALL
        .into_iter()
        .rev()
        .find(|unit| nanos >= u128::from(unit.nanos()))
        .unwrap_or(TimeUnit::Nanoseconds);
    super::with_one_decimal(nanos, u128::from(unit.nanos()), unit.suffix())
}

/// Parses a time value as `TimeValue.parseTimeValue` does; `name` is the setting or parameter for the messages.
///
/// # Errors
/// 400 `illegal_argument_exception` without a unit, for negative (other than −1) and fractional values and for garbage.
pub fn parse_time(text: &str, name: &str) -> Result<TimeValue, Failure> {
    let trimmed = text.trim();
    let lower = trimmed.to_lowercase();
    for unit in TimeUnit::ALL {
        // a capital M would be months
        let haystack = if unit == TimeUnit::Minutes {
            trimmed
        } else {
            &lower
        };
        if haystack.ends_with(unit.suffix()) {
            let digits = lower[..lower.len() - unit.suffix().len()].trim();
            return parse_amount(text, digits, name).map(|amount| TimeValue { amount, unit });
        }
    }
    if lower
        .strip_prefix('-')
        .is_some_and(|digits| digits.trim_start_matches('0') == "1")
    {
        return Ok(TimeValue::MINUS_ONE);
    }
    if !lower.is_empty() && lower.bytes().all(|byte| byte == b'0') {
        return Ok(TimeValue::millis(0));
    }
    Err(Failure::illegal_argument(format!(
        "failed to parse setting [{name}] with value [{text}] as a time value: unit is missing or unrecognized"
    )))
}

fn parse_amount(text: &str, digits: &str, name: &str) -> Result<i64, Failure> {
    match digits.parse::<i64>() {
        Ok(amount) if amount < -1 => Err(Failure::illegal_argument(format!(
            "failed to parse setting [{name}] with value [{text}] as a time value: negative durations are not supported"
        ))),
        Ok(amount) => Ok(amount),
        Err(_) => {
            let fraction = parse_double(digits).is_ok();
            let why = if fraction {
                ", fractional time values are not supported"
            } else {
                ""
            };
            Err(
                Failure::illegal_argument(format!("failed to parse [{text}]{why}"))
                    .caused_by(Failure::number_format(digits)),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_its_largest_unit_with_one_truncated_decimal() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1nanos"),
            (999, "999nanos"),
            (1_000, "1micros"),
            (695_580, "695.5micros"),
            (1_990_000_000, "1.9s"),
            (60_000_000_000, "1m"),
            (90_000_000_000, "1.5m"),
            (3_600_000_000_000, "1h"),
            (86_400_000_000_000, "1d"),
            (86_400_000_000_000 * 100, "100d"),
            (5_000_000, "5ms"),
        ] {
            assert_eq!(duration_text(nanos), text);
        }
    }

    #[test]
    fn time_values_are_read_with_every_unit() {
        for (text, amount, unit) in [
            ("30s", 30, TimeUnit::Seconds),
            ("1m", 1, TimeUnit::Minutes),
            (" 5 MS ", 5, TimeUnit::Milliseconds),
            ("2H", 2, TimeUnit::Hours),
            ("7d", 7, TimeUnit::Days),
            ("3micros", 3, TimeUnit::Microseconds),
            ("3nanos", 3, TimeUnit::Nanoseconds),
            ("-1", -1, TimeUnit::Milliseconds),
            ("-01", -1, TimeUnit::Milliseconds),
            ("0", 0, TimeUnit::Milliseconds),
            ("000", 0, TimeUnit::Milliseconds),
            ("-1s", -1, TimeUnit::Seconds),
        ] {
            assert_eq!(
                parse_time(text, "timeout").unwrap(),
                TimeValue { amount, unit },
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_time_value_is_refused_in_upstreams_words() {
        let missing = "as a time value: unit is missing or unrecognized";
        for (text, reason, cause) in [
            ("10", format!("failed to parse setting [timeout] with value [10] {missing}"), None),
            ("soon", format!("failed to parse setting [timeout] with value [soon] {missing}"), None),
            ("1M", format!("failed to parse setting [timeout] with value [1M] {missing}"), None),
            ("", format!("failed to parse setting [timeout] with value [] {missing}"), None),
            (
                "-5s",
                "failed to parse setting [timeout] with value [-5s] as a time value: negative durations are not supported"
                    .to_owned(),
                None,
            ),
            (
                "1.5s",
                "failed to parse [1.5s], fractional time values are not supported".to_owned(),
                Some("For input string: \"1.5\""),
            ),
            ("bad", "failed to parse [bad]".to_owned(), Some("For input string: \"ba\"")),
        ] {
            let failure = parse_time(text, "timeout").unwrap_err();
            assert_eq!(failure.reason(), reason);
            assert_eq!(failure.status(), 400);
            assert_eq!(failure.cause.as_deref().map(Failure::reason), cause);
        }
    }

    #[test]
    fn a_time_value_tells_itself_as_setting_and_to_people() {
        assert_eq!(TimeValue::seconds(90).setting_text(), "90s");
        assert_eq!(TimeValue::seconds(90).to_string(), "1.5m");
        assert_eq!(TimeValue::MINUS_ONE.setting_text(), "-1");
        assert_eq!(TimeValue::MINUS_ONE.to_string(), "-1");
        assert_eq!(TimeValue::MINUS_ONE.duration(), None);
        assert_eq!(
            TimeValue::minutes(i64::MAX).duration(),
            Some(Duration::from_nanos(u64::MAX))
        );
    }
}
