//! Reading by a pattern.

use super::{Field, Item, MONTHS, WEEKDAYS};
use crate::mapping::dates::{
    parts::Parts,
    zone::{Zone, parse_offset},
};

/// Reads items from `at`; gives the place behind them. `furthest` keeps the place of the refusal for the message.
pub(super) fn read_items(
    items: &[Item],
    text: &str,
    at: usize,
    parts: &mut Parts,
    furthest: &mut usize,
) -> Option<usize> {
    let mut at = at;
    for item in items {
        match read_item(item, text, at, parts, furthest) {
            Some(end) => at = end,
            None => {
                *furthest = at;
                return None;
            }
        }
    }
    Some(at)
}

fn read_item(
    item: &Item,
    text: &str,
    at: usize,
    parts: &mut Parts,
    furthest: &mut usize,
) -> Option<usize> {
    let rest = &text[at..];
    match item {
        Item::Literal(expected) => {
            let found = rest.get(..expected.len())?;
            (found == expected || found.eq_ignore_ascii_case(expected))
                .then_some(at + expected.len())
        }
        Item::Number { field, min, max } => {
            let signed = *field == Field::Year && rest.starts_with('-');
            let digits = &rest[usize::from(signed)..];
            let count = digits
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count()
                .min(*max);
            if count < *min || count > 10 {
                return None;
            }
            // A year of more digits than the pattern has letters needs a sign, which `yyyy` doesn't write.
            if *field == Field::Year && *min >= 4 && count > *min {
                return None;
            }
            let number: i64 = digits[..count].parse().ok()?;
            set(*field, if signed { -number } else { number }, parts)?;
            Some(at + usize::from(signed) + count)
        }
        Item::Fraction { min, max } => {
            let count = rest
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count()
                .min(*max);
            if count < *min || count == 0 {
                return None;
            }
            let number: u32 = rest[..count].parse().ok()?;
            parts.nano = Some(number * 10u32.pow(9 - count as u32));
            Some(at + count)
        }
        Item::Month { full } => {
            let (index, length) = name(rest, &MONTHS, *full)?;
            parts.month = Some(index as u32 + 1);
            Some(at + length)
        }
        Item::Weekday { full } => {
            let (index, length) = name(rest, &WEEKDAYS, *full)?;
            parts.weekday = Some(index as u32 + 1);
            Some(at + length)
        }
        Item::HalfDay => {
            let found = rest.get(..2)?;
            let afternoon = found.eq_ignore_ascii_case("pm");
            (afternoon || found.eq_ignore_ascii_case("am"))
                .then(|| parts.afternoon = Some(afternoon))?;
            Some(at + 2)
        }
        Item::Offset { colon, zulu } => {
            if *zulu && rest.starts_with('Z') {
                parts.offset = Some(0);
                return Some(at + 1);
            }
            let length = offset_length(rest, *colon)?;
            parts.offset = Some(parse_offset(&rest[..length])?);
            Some(at + length)
        }
        Item::ZoneName => {
            let length = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || "/_+-:".contains(c)))
                .unwrap_or(rest.len());
            let zone = Zone::parse(&rest[..length]).ok()?;
            // Without the date the offset of a region is not known; the current rules of winter stand for it.
            parts.offset = Some((zone.offset_at(0) / 1_000) as i32);
            Some(at + length)
        }
        Item::Optional(items) => {
            let before = *parts;
            match read_items(items, text, at, parts, furthest) {
                Some(end) => Some(end),
                None => {
                    *parts = before;
                    Some(at)
                }
            }
        }
    }
}

fn offset_length(rest: &str, colon: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    if !matches!(bytes.first()?, b'+' | b'-') {
        return None;
    }
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    if !digits(1, 3) {
        return None;
    }
    if colon {
        return (bytes.get(3) == Some(&b':') && digits(4, 6)).then_some(6);
    }
    Some(if digits(3, 5) { 5 } else { 3 })
}

/// Finds one of some names, whole or by its first three letters: which, and its length.
fn name(rest: &str, names: &[&str], full: bool) -> Option<(usize, usize)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let length = if full { name.len() } else { 3 };
        rest.get(..length)?
            .eq_ignore_ascii_case(&name[..length])
            .then_some((index, length))
    })
}

fn set(field: Field, number: i64, parts: &mut Parts) -> Option<()> {
    let small = u32::try_from(number).ok();
    match field {
        Field::Year => parts.year = Some(number),
        Field::ShortYear => parts.year = Some(2000 + number),
        Field::Month => parts.month = small,
        Field::Day => parts.day = small,
        Field::DayOfYear => parts.day_of_year = Some(small.filter(|day| (1..=366).contains(day))?),
        Field::Hour => parts.hour = small,
        Field::HourFromOne => parts.hour = Some(small.filter(|hour| (1..=24).contains(hour))? % 24),
        Field::HalfHour => parts.half_day = Some((small.filter(|hour| *hour < 12)?, false)),
        Field::HalfHourFromOne => {
            parts.half_day = Some((small.filter(|hour| (1..=12).contains(hour))?, true))
        }
        Field::Minute => parts.minute = small,
        Field::Second => parts.second = small,
        Field::Weekday => parts.weekday = small,
        Field::Quarter => {
            let quarter = small.filter(|quarter| (1..=4).contains(quarter))?;
            parts.month = parts.month.or(Some(quarter * 3 - 2));
        }
    }
    Some(())
}
