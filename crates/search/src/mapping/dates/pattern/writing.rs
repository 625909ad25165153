//! Writing by a pattern.

use super::{Field, Item, MONTHS, WEEKDAYS};
use crate::mapping::dates::{
    calendar::{days_from_civil, weekday},
    parts::Moment,
    zone::Zone,
};

/// What a clock shows.
pub(super) struct Clock<'a> {
    pub(super) year: i64,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) days: i64,
    pub(super) in_day: i64,
    pub(super) moment: Moment,
    pub(super) zone: &'a Zone,
}

impl Clock<'_> {
    fn number(&self, field: Field) -> i64 {
        let hour = self.in_day / 3_600_000;
        match field {
            Field::Year => self.year,
            Field::ShortYear => self.year.rem_euclid(100),
            Field::Month => self.month.into(),
            Field::Day => self.day.into(),
            Field::DayOfYear => self.days - days_from_civil(self.year, 1, 1) + 1,
            Field::Hour => hour,
            Field::HourFromOne => {
                if hour == 0 {
                    24
                } else {
                    hour
                }
            }
            Field::HalfHour => hour % 12,
            Field::HalfHourFromOne => {
                if hour % 12 == 0 {
                    12
                } else {
                    hour % 12
                }
            }
            Field::Minute => self.in_day / 60_000 % 60,
            Field::Second => self.in_day / 1_000 % 60,
            Field::Weekday => weekday(self.days).into(),
            Field::Quarter => (i64::from(self.month) + 2) / 3,
        }
    }
}

pub(super) fn write_items(items: &[Item], clock: &Clock<'_>, out: &mut String) {
    for item in items {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Number { field, min, .. } => {
                let number = clock.number(*field);
                if *field == Field::Year && *min >= 4 && number > 9_999 {
                    out.push('+');
                }
                if number < 0 {
                    out.push('-');
                }
                out.push_str(&format!("{:0min$}", number.abs()));
            }
            Item::Fraction { max, .. } => {
                let nanos = clock.in_day % 1_000 * 1_000_000 + i64::from(clock.moment.nanos);
                out.push_str(&format!("{nanos:09}")[..*max]);
            }
            Item::Month { full } => write_name(MONTHS[clock.month as usize - 1], *full, out),
            Item::Weekday { full } => {
                write_name(WEEKDAYS[weekday(clock.days) as usize - 1], *full, out)
            }
            Item::HalfDay => out.push_str(if clock.in_day < 43_200_000 {
                "AM"
            } else {
                "PM"
            }),
            Item::Offset { colon, zulu } => {
                let text = clock.zone.offset_text_at(clock.moment.millis);
                let text = match text.as_str() {
                    "Z" if *zulu => text,
                    "Z" => "+00:00".to_owned(),
                    _ => text,
                };
                out.push_str(&if *colon { text } else { text.replace(':', "") });
            }
            Item::ZoneName => out.push_str(clock.zone.name()),
            Item::Optional(items) => write_items(items, clock, out),
        }
    }
}

fn write_name(name: &str, full: bool, out: &mut String) {
    out.push_str(if full { name } else { &name[..3] });
}
