//! Durations: their text for people and the parser of time values in settings and parameters (`TimeValue`).

use crate::Failure;
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

    /// The length of time; `None` for −1. Saturates.
    pub fn duration(&self) -> Option<Duration> {
        todo!()
    }

    /// As it is written in a setting: `30s`, `-1`.
    pub fn setting_text(&self) -> String {
        todo!()
    }
}

/// A duration in nanoseconds as people read it: the largest unit among `d h m s ms micros nanos`, one decimal, truncated:
/// `1.9s`, `695.5micros`, `0s`.
pub fn duration_text(_nanos: u128) -> String {
    todo!()
}

/// Parses a time value as `TimeValue.parseTimeValue` does; `name` is the setting or parameter for the messages.
///
/// # Errors
/// 400 `illegal_argument_exception` without a unit, for negative (other than −1) and fractional values and for garbage.
pub fn parse_time(_text: &str, _name: &str) -> Result<TimeValue, Failure> {
    todo!()
}
