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
        (Method::PlusDays, [days]) => Some(moved(millis, days, 1)?),
        (Method::MinusDays, [days]) => Some(moved(millis, days, -1)?),
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

fn moved(millis: i64, days: &Value, sign: i64) -> Result<Value, Trouble> {
    let days = days
        .as_long()
        .ok_or_else(|| illegal("a number of days was expected"))?;
    let distance = days
        .checked_mul(DAY * sign)
        .and_then(|distance| millis.checked_add(distance));
    distance
        .map(Value::Date)
        .ok_or_else(|| failed(Kind::Arithmetic, "long overflow"))
}
