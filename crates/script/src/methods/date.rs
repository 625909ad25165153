//! Dates: what scripts ask of them. All in UTC.

use super::Method;
use crate::machine::scene::{Trouble, failed, illegal};
use crate::value::Value;
use glasswork_content::{Kind, text::civil};

const DAY: i64 = 86_400_000;

/// `date.year` and the like.
pub(crate) fn property(millis: i64, name: &str) -> Option<Value> {
    let method = match name {
        "dayOfMonth" => Method::GetDayOfMonth,
        "dayOfWeek" => Method::GetDayOfWeek,
        "dayOfYear" => Method::GetDayOfYear,
        "hour" => Method::GetHour,
        "millis" => Method::GetMillis,
        "minute" => Method::GetMinute,
        "monthValue" => Method::GetMonthValue,
        "second" => Method::GetSecond,
        "year" => Method::GetYear,
        _ => return None,
    };
    part(millis, method)
}

/// `None` when there is no such method.
pub(super) fn call(millis: i64, method: Method, args: &[Value]) -> Result<Option<Value>, Trouble> {
    Ok(match (method, args) {
        (Method::ToInstant, []) => Some(Value::Date(millis)),
        (Method::ToEpochMilli, []) => Some(Value::Long(millis)),
        (Method::IsBefore, [other]) => Some(Value::Bool(millis < date(other)?)),
        (Method::IsAfter, [other]) => Some(Value::Bool(millis > date(other)?)),
        (Method::ToEpochSecond, []) => Some(Value::Long(millis.div_euclid(1_000))),
        (Method::PlusDays, [count]) => Some(moved(millis, count, DAY)?),
        (Method::MinusDays, [count]) => Some(moved(millis, count, -DAY)?),
        (Method::PlusWeeks, [count]) => Some(moved(millis, count, 7 * DAY)?),
        (Method::MinusWeeks, [count]) => Some(moved(millis, count, -7 * DAY)?),
        (Method::PlusHours, [count]) => Some(moved(millis, count, 3_600_000)?),
        (Method::MinusHours, [count]) => Some(moved(millis, count, -3_600_000)?),
        (Method::PlusMinutes, [count]) => Some(moved(millis, count, 60_000)?),
        (Method::MinusMinutes, [count]) => Some(moved(millis, count, -60_000)?),
        (Method::PlusSeconds, [count]) => Some(moved(millis, count, 1_000)?),
        (Method::MinusSeconds, [count]) => Some(moved(millis, count, -1_000)?),
        (Method::PlusMonths, [count]) => Some(months_later(millis, whole(count)?)?),
        (Method::MinusMonths, [count]) => Some(months_later(millis, negated(whole(count)?)?)?),
        (Method::PlusYears, [count]) => Some(months_later(millis, of_years(whole(count)?)?)?),
        (Method::MinusYears, [count]) => {
            let count = negated(whole(count)?)?;
            Some(months_later(millis, of_years(count)?)?)
        }
        (Method::WithDayOfMonth | Method::WithMonth | Method::WithYear, [value]) => {
            Some(with(millis, method, whole(value)?)?)
        }
        (_, []) => part(millis, method),
        _ => None,
    })
}

fn part(millis: i64, method: Method) -> Option<Value> {
    let (days, of_day) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let number = match method {
        Method::GetMillis => return Some(Value::Long(millis)),
        Method::GetYear => year,
        Method::GetMonthValue => month,
        Method::GetDayOfMonth => day,
        // Monday is 1; the first of January 1970 was a Thursday
        Method::GetDayOfWeek => (days + 3).rem_euclid(7) + 1,
        Method::GetDayOfYear => day_of_year(year, month, day),
        Method::GetHour => of_day / 3_600_000,
        Method::GetMinute => of_day / 60_000 % 60,
        Method::GetSecond => of_day / 1_000 % 60,
        _ => return None,
    };
    i32::try_from(number).ok().map(Value::Int)
}

fn day_of_year(year: i64, month: i64, day: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before = usize::try_from(month - 1)
        .ok()
        .and_then(|month| BEFORE.get(month))
        .copied()
        .unwrap_or(0);
    before + day + i64::from(leap && month > 2)
}

fn date(value: &Value) -> Result<i64, Trouble> {
    match value {
        Value::Date(millis) => Ok(*millis),
        other => {
            let reason = format!(
                "cannot implicitly cast def [{}] to java.time.ZonedDateTime",
                other.unboxed_name()
            );
            Err(failed(Kind::ClassCast, reason))
        }
    }
}

/// The greatest distance in months that is computed with: far beyond any date that an index keeps.
const MAX_MONTHS: i64 = 12_000_000;

fn moved(millis: i64, count: &Value, unit: i64) -> Result<Value, Trouble> {
    let distance = whole(count)?
        .checked_mul(unit)
        .and_then(|distance| millis.checked_add(distance));
    distance.map(Value::Date).ok_or_else(overflow)
}

fn whole(count: &Value) -> Result<i64, Trouble> {
    count
        .as_long()
        .ok_or_else(|| illegal("a whole number was expected"))
}

#[cold]
fn overflow() -> Trouble {
    failed(Kind::Arithmetic, "long overflow")
}

fn negated(count: i64) -> Result<i64, Trouble> {
    count.checked_neg().ok_or_else(overflow)
}

fn of_years(count: i64) -> Result<i64, Trouble> {
    count.checked_mul(12).ok_or_else(overflow)
}

/// The same day and time in another month, or its last day when it has no such day.
fn months_later(millis: i64, count: i64) -> Result<Value, Trouble> {
    if !(-MAX_MONTHS..=MAX_MONTHS).contains(&count) {
        return Err(overflow());
    }
    let (year, month, day) = civil(millis.div_euclid(DAY));
    let months = year * 12 + (month - 1) + count;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    at_day(millis, year, month, day.min(length_of(year, month)))
}

/// Another day, month or year, the rest as it is.
fn with(millis: i64, method: Method, value: i64) -> Result<Value, Trouble> {
    let (year, month, day) = civil(millis.div_euclid(DAY));
    let (name, range) = match method {
        Method::WithDayOfMonth => ("DayOfMonth", 1..=length_of(year, month)),
        Method::WithMonth => ("MonthOfYear", 1..=12),
        _ => ("Year", -MAX_MONTHS / 12..=MAX_MONTHS / 12),
    };
    if !range.contains(&value) {
        return Err(illegal(format!("Invalid value for {name}: {value}")));
    }
    let (year, month, day) = match method {
        Method::WithDayOfMonth => (year, month, value),
        Method::WithMonth => (year, value, day.min(length_of(year, value))),
        _ => (value, month, day.min(length_of(value, month))),
    };
    at_day(millis, year, month, day)
}

fn at_day(millis: i64, year: i64, month: i64, day: i64) -> Result<Value, Trouble> {
    days_from_civil(year, month, day)
        .checked_mul(DAY)
        .and_then(|start| start.checked_add(millis.rem_euclid(DAY)))
        .map(Value::Date)
        .ok_or_else(overflow)
}

/// Days of a month.
fn length_of(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    days_from_civil(next_year, next, 1) - days_from_civil(year, month, 1)
}

/// Milliseconds of `2024-01-06`, `2024-01-06T10:00`, `2024-01-06T10:00:00.000Z`, with `Z` or an offset such as `+02:00` or none.
pub(crate) fn parsed(text: &str) -> Option<i64> {
    let (day, rest) = match text.split_once('T') {
        Some((day, rest)) => (day, rest),
        None => (text, "00:00"),
    };
    let mut parts = day.splitn(3, '-');
    let mut part = || parts.next()?.parse::<i64>().ok();
    let (year, month, day) = (part()?, part()?, part()?);
    if !(0..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (time, offset) = match rest.find(['Z', '+', '-']) {
        Some(at) => (&rest[..at], zone(&rest[at..])?),
        None => (rest, 0),
    };
    let mut parts = time.splitn(3, ':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next().unwrap_or("0").parse().ok()?;
    let seconds: f64 = parts.next().unwrap_or("0").parse().ok()?;
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0.0..60.0).contains(&seconds) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // a day that the month does not have would come back as another
    if civil(days) != (year, month, day) {
        return None;
    }
    let of_day = hour * 3_600_000 + minute * 60_000 + (seconds * 1_000.0) as i64;
    Some(days * DAY + of_day - offset)
}

/// Milliseconds that a zone is ahead.
fn zone(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=18).contains(&hours) && (0..60).contains(&minutes))
        .then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// Days since 1970 of a day of the Gregorian calendar (Hinnant's `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
