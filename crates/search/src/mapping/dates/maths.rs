//! Date maths: `now-1d/d`, `2024-01-01||+1M/M` (OpenSearch's `JavaDateMathParser`).

use super::calendar::{DAY, civil_from_days, days_from_civil, plus_months, weekday};
use super::format::DateFormat;
use super::parts::Moment;
use super::zone::Zone;
use glasswork_content::Failure;

/// Which end of an unsaid or rounded unit is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Its first moment: `gte`, `lt`.
    Down,
    /// Its last millisecond: `gt`, `lte`.
    Up,
}

/// Evaluates an expression; see [`DateFormat::parse_maths`].
pub(super) fn evaluate(
    format: &DateFormat,
    text: &str,
    now: i64,
    rounding: Rounding,
    zone: &Zone,
) -> Result<Moment, Failure> {
    if let Some(maths) = text.strip_prefix("now") {
        return apply(
            maths,
            Moment {
                millis: now,
                nanos: 0,
            },
            rounding,
            zone,
        );
    }
    let parse = |text: &str, rounding| {
        format.parse(text, rounding, zone).map_err(|failure| {
            let reason = format!(
                "failed to parse date field [{text}] with format [{}]: [{}]",
                format.text(),
                failure.reason()
            );
            Failure::parse(reason).caused_by(failure)
        })
    };
    match text.split_once("||") {
        None => parse(text, rounding),
        Some((date, maths)) => apply(maths, parse(date, Rounding::Down)?, rounding, zone),
    }
}

fn apply(maths: &str, start: Moment, rounding: Rounding, zone: &Zone) -> Result<Moment, Failure> {
    let mut moment = start;
    let mut rest = maths;
    while let Some(operator) = rest.chars().next() {
        let (round, sign) = match operator {
            '/' => (true, 1),
            '+' => (false, 1),
            '-' => (false, -1),
            _ => {
                return Err(Failure::parse(format!(
                    "operator not supported for date math [{maths}]"
                )));
            }
        };
        rest = &rest[1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = match digits {
            0 => 1,
            _ => rest[..digits]
                .parse::<i32>()
                .map_err(|_| Failure::number_format(&rest[..digits]))?
                .into(),
        };
        rest = &rest[digits..];
        let Some(unit) = rest.chars().next() else {
            return Err(Failure::parse(format!("truncated date math [{maths}]")));
        };
        if round && count != 1 {
            return Err(Failure::parse(format!(
                "rounding `/` can only be used on single unit types [{maths}]"
            )));
        }
        rest = &rest[unit.len_utf8()..];
        let unit = Unit::of(unit).ok_or_else(|| {
            Failure::parse(format!(
                "unit [{unit}] not supported for date math [{maths}]"
            ))
        })?;
        moment = if round {
            unit.round(moment, rounding, zone)
        } else {
            unit.add(moment, sign * count, zone)
        };
    }
    Ok(moment)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

impl Unit {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'y' => Self::Year,
            'M' => Self::Month,
            'w' => Self::Week,
            'd' => Self::Day,
            'h' | 'H' => Self::Hour,
            'm' => Self::Minute,
            's' => Self::Second,
            _ => return None,
        })
    }

    /// Milliseconds, for units that the clock does not stretch.
    fn millis(self) -> Option<i64> {
        match self {
            Self::Hour => Some(3_600_000),
            Self::Minute => Some(60_000),
            Self::Second => Some(1_000),
            _ => None,
        }
    }

    fn add(self, moment: Moment, count: i64, zone: &Zone) -> Moment {
        if let Some(unit) = self.millis() {
            return Moment {
                millis: moment.millis.saturating_add(unit.saturating_mul(count)),
                ..moment
            };
        }
        let local = zone.to_local(moment.millis);
        let (days, in_day) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let days = match self {
            Self::Week => days.saturating_add(count.saturating_mul(7)),
            Self::Day => days.saturating_add(count),
            _ => {
                let (year, month, day) = civil_from_days(days);
                let months = if self == Self::Year {
                    count.saturating_mul(12)
                } else {
                    count
                };
                let (year, month, day) = plus_months(year, month, day, months);
                days_from_civil(year, month, day)
            }
        };
        Moment {
            millis: zone.from_local(days.saturating_mul(DAY).saturating_add(in_day)),
            ..moment
        }
    }

    fn round(self, moment: Moment, rounding: Rounding, zone: &Zone) -> Moment {
        let floor = |moment: Moment| {
            let local = zone.to_local(moment.millis);
            if let Some(unit) = self.millis() {
                return moment.millis - local.rem_euclid(unit);
            }
            let days = local.div_euclid(DAY);
            let (year, month, _) = civil_from_days(days);
            let first = match self {
                Self::Year => days_from_civil(year, 1, 1),
                Self::Month => days_from_civil(year, month, 1),
                Self::Week => days - i64::from(weekday(days)) + 1,
                _ => days,
            };
            zone.from_local(first.saturating_mul(DAY))
        };
        let start = Moment {
            millis: floor(moment),
            nanos: 0,
        };
        match rounding {
            Rounding::Down => start,
            Rounding::Up => {
                let next = self.add(start, 1, zone);
                Moment {
                    millis: next.millis.saturating_sub(1),
                    nanos: 0,
                }
            }
        }
    }
}
