//! A moment, and what a text says of one.

use super::calendar::{DAY, civil_from_days, days_from_civil, days_in_month};
use super::maths::Rounding;
use super::zone::Zone;

/// What a text says of a moment; what it doesn't say is filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub(super) year: Option<i64>,
    pub(super) month: Option<u32>,
    pub(super) day: Option<u32>,
    pub(super) day_of_year: Option<u32>,
    pub(super) hour: Option<u32>,
    pub(super) minute: Option<u32>,
    pub(super) second: Option<u32>,
    pub(super) nano: Option<u32>,
    pub(super) half_day: Option<(u32, bool)>,
    pub(super) afternoon: Option<bool>,
    pub(super) weekday: Option<u32>,
    /// Seconds east of Greenwich.
    pub(super) offset: Option<i32>,
    /// Whole moments: milliseconds and nanoseconds of the millisecond.
    pub(super) epoch: Option<(i64, u32)>,
}

/// A moment to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since 1970.
    pub millis: i64,
    /// Nanoseconds of the millisecond, 0–999,999.
    pub nanos: u32,
}

impl Moment {
    /// Nanoseconds since 1970; `None` outside of 1677–2262 and before 1970, which `date_nanos` doesn't hold.
    #[must_use]
    pub fn to_nanos(self) -> Option<i64> {
        if self.millis < 0 {
            return None;
        }
        self.millis
            .checked_mul(1_000_000)?
            .checked_add(i64::from(self.nanos))
    }
}

/// Why a text is no date of a pattern: Java's sentence.
pub(super) type Reason = String;

pub(super) fn unparsed(text: &str, at: usize) -> Reason {
    format!("Text '{text}' could not be parsed at index {at}")
}

impl Parts {
    /// The moment, with what is missing filled in: month and day with 1, the time with 0 or, rounding up, with its last
    /// nanosecond (`JavaDateFormatter`'s round-up parser).
    pub(super) fn resolve(
        &self,
        text: &str,
        rounding: Rounding,
        zone: &Zone,
    ) -> Result<Moment, Reason> {
        if let Some((millis, nanos)) = self.epoch {
            return Ok(Moment { millis, nanos });
        }
        let invalid = |what: String| format!("Text '{text}' could not be parsed: {what}");
        let year = self.year.unwrap_or(1970);
        if !(-999_999_999..=999_999_999).contains(&year) {
            return Err(invalid(format!(
                "Invalid value for Year (valid values -999999999 - 999999999): {year}"
            )));
        }
        let days = match self.day_of_year {
            Some(day) => days_from_civil(year, 1, 1) + i64::from(day) - 1,
            None => {
                let month = self.month.unwrap_or(1);
                let day = self.day.unwrap_or(1);
                if !(1..=12).contains(&month) {
                    return Err(invalid(format!(
                        "Invalid value for MonthOfYear (valid values 1 - 12): {month}"
                    )));
                }
                if !(1..=31).contains(&day) {
                    return Err(invalid(format!(
                        "Invalid value for DayOfMonth (valid values 1 - 28/31): {day}"
                    )));
                }
                if day > days_in_month(year, month) {
                    return Err(invalid(format!(
                        "Invalid date '{}'",
                        invalid_date(month, day)
                    )));
                }
                days_from_civil(year, month, day)
            }
        };
        let (hour, minute, second, nano) = self.time(rounding);
        for (value, limit, name) in [
            (hour, 23, "HourOfDay"),
            (minute, 59, "MinuteOfHour"),
            (second, 59, "SecondOfMinute"),
        ] {
            if value > limit {
                return Err(invalid(format!(
                    "Invalid value for {name} (valid values 0 - {limit}): {value}"
                )));
            }
        }
        let in_day = (i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second)) * 1_000
            + i64::from(nano / 1_000_000);
        let local = days
            .checked_mul(DAY)
            .and_then(|millis| millis.checked_add(in_day));
        let local = local.ok_or_else(|| invalid("long overflow".to_owned()))?;
        let millis = match self.offset {
            Some(seconds) => local.saturating_sub(i64::from(seconds) * 1_000),
            None => zone.from_local(local),
        };
        Ok(Moment {
            millis,
            nanos: nano % 1_000_000,
        })
    }

    fn time(&self, rounding: Rounding) -> (u32, u32, u32, u32) {
        let hour = match (self.hour, self.half_day) {
            (Some(hour), _) => Some(hour),
            (None, Some((hour, from_one))) => {
                let hour = if from_one { hour % 12 } else { hour };
                Some(hour + if self.afternoon == Some(true) { 12 } else { 0 })
            }
            _ => None,
        };
        let fill = |last: u32| if rounding == Rounding::Up { last } else { 0 };
        (
            hour.unwrap_or_else(|| fill(23)),
            self.minute.unwrap_or_else(|| fill(59)),
            self.second.unwrap_or_else(|| fill(59)),
            self.nano.unwrap_or_else(|| fill(999_999_999)),
        )
    }
}

fn invalid_date(month: u32, day: u32) -> String {
    const MONTHS: [&str; 12] = [
        "JANUARY",
        "FEBRUARY",
        "MARCH",
        "APRIL",
        "MAY",
        "JUNE",
        "JULY",
        "AUGUST",
        "SEPTEMBER",
        "OCTOBER",
        "NOVEMBER",
        "DECEMBER",
    ];
    format!("{} {day}", MONTHS[month as usize - 1])
}

/// The date and time of day that a clock shows: year, month, day, day number since 1970, milliseconds of the day.
pub(super) fn on_the_clock(millis: i64, zone: &Zone) -> (i64, u32, u32, i64, i64) {
    let local = zone.to_local(millis);
    let days = local.div_euclid(DAY);
    let (year, month, day) = civil_from_days(days);
    (year, month, day, days, local.rem_euclid(DAY))
}
