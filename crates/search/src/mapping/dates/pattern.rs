//! Java's date patterns: `yyyy-MM-dd'T'HH:mm[:ss]`.
//!
//! A pattern is a list of [`Item`]s; what stands in brackets is optional when reading. Letters and their counts mean what
//! `java.time.format.DateTimeFormatterBuilder.appendPattern` says; letters that need a locale's words know the English ones.
//! A pattern with a letter that is not known here is refused.

use super::calendar::{days_from_civil, weekday};
use super::format::{Moment, Parts, Reason, on_the_clock, unparsed};
use super::zone::{Zone, parse_offset};

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Literal(String),
    Number {
        field: Field,
        min: usize,
        max: usize,
    },
    /// Digits behind the decimal sign of a second.
    Fraction {
        min: usize,
        max: usize,
    },
    Month {
        full: bool,
    },
    Weekday {
        full: bool,
    },
    HalfDay,
    /// An offset: with a colon or not; `Z` for none.
    Offset {
        colon: bool,
        zulu: bool,
    },
    /// The name of a zone, or an offset.
    ZoneName,
    Optional(Vec<Item>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Year,
    /// Two digits: 2000–2099.
    ShortYear,
    Month,
    Day,
    DayOfYear,
    Hour,
    /// 1–24.
    HourFromOne,
    /// 0–11.
    HalfHour,
    /// 1–12.
    HalfHourFromOne,
    Minute,
    Second,
    Weekday,
    Quarter,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Characters of a pattern; more is no date.
const LONGEST: usize = 256;

impl Pattern {
    /// Compiles a pattern of a user.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        Self::compile(pattern, false)
    }

    /// Compiles a pattern of the table of names, which knows one letter more: `f`, a fraction of any length.
    pub(super) fn named(pattern: &str) -> Result<Self, String> {
        Self::compile(pattern, true)
    }

    fn compile(pattern: &str, any_fraction: bool) -> Result<Self, String> {
        if pattern.len() > LONGEST {
            return Err(format!("pattern is longer than {LONGEST} characters"));
        }
        let letters: Vec<char> = pattern.chars().collect();
        let mut compiler = Compiler {
            letters: &letters,
            at: 0,
            any_fraction,
        };
        let items = compiler.items(0)?;
        if items.is_empty() {
            return Err("pattern is empty".to_owned());
        }
        Ok(Self { items })
    }

    /// Reads a text, which must fit to its end.
    pub(super) fn read(&self, text: &str) -> Result<Parts, Reason> {
        let mut parts = Parts::default();
        let mut furthest = 0;
        match read_items(&self.items, text, 0, &mut parts, &mut furthest) {
            Some(end) if end == text.len() => Ok(parts),
            Some(end) => Err(format!(
                "Text '{text}' could not be parsed, unparsed text found at index {end}"
            )),
            None => Err(unparsed(text, furthest)),
        }
    }

    /// Writes a moment as the clock of `zone` shows it.
    pub(super) fn write(&self, moment: Moment, zone: &Zone) -> String {
        let (year, month, day, days, in_day) = on_the_clock(moment.millis, zone);
        let clock = Clock {
            year,
            month,
            day,
            days,
            in_day,
            moment,
            zone,
        };
        let mut out = String::new();
        write_items(&self.items, &clock, &mut out);
        out
    }
}

struct Compiler<'a> {
    letters: &'a [char],
    at: usize,
    any_fraction: bool,
}

impl Compiler<'_> {
    fn items(&mut self, depth: usize) -> Result<Vec<Item>, String> {
        let mut items: Vec<Item> = Vec::new();
        while let Some(&letter) = self.letters.get(self.at) {
            match letter {
                '[' if depth >= 8 => return Err("pattern nests too deep".to_owned()),
                '[' => {
                    self.at += 1;
                    items.push(Item::Optional(self.items(depth + 1)?));
                }
                ']' if depth == 0 => {
                    return Err("Pattern invalid as it contains ] without previous [".to_owned());
                }
                ']' => {
                    self.at += 1;
                    return Ok(items);
                }
                '\'' => literal(&mut items, &self.quoted()?),
                'a'..='z' | 'A'..='Z' => {
                    let count = self.letters[self.at..]
                        .iter()
                        .take_while(|next| **next == letter)
                        .count();
                    self.at += count;
                    items.push(self.field(letter, count)?);
                }
                '{' | '}' | '#' => {
                    return Err(format!("Pattern includes reserved character: '{letter}'"));
                }
                other => {
                    self.at += 1;
                    literal(&mut items, &other.to_string());
                }
            }
        }
        // Java closes what is still open at the end.
        Ok(items)
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.letters.get(self.at) {
                None => {
                    return Err(format!(
                        "Pattern ends with an incomplete string literal: {}",
                        self.letters.iter().collect::<String>()
                    ));
                }
                Some('\'') if self.letters.get(self.at + 1) == Some(&'\'') => {
                    text.push('\'');
                    self.at += 2;
                }
                Some('\'') => {
                    self.at += 1;
                    return Ok(if text.is_empty() {
                        "'".to_owned()
                    } else {
                        text
                    });
                }
                Some(other) => {
                    text.push(*other);
                    self.at += 1;
                }
            }
        }
    }

    fn field(&self, letter: char, count: usize) -> Result<Item, String> {
        // A number directly before another one has exactly its width (`yyyyMMdd`).
        let before_number = self
            .letters
            .get(self.at)
            .is_some_and(|next| "yuMLdDHhKkmsS".contains(*next));
        let number = |field, widest: usize| {
            let max = if count == 1 && !before_number {
                widest
            } else {
                count
            };
            Item::Number {
                field,
                min: count,
                max,
            }
        };
        let too_many = || format!("Too many pattern letters: {letter}");
        Ok(match (letter, count) {
            ('y' | 'u', 2) => Item::Number {
                field: Field::ShortYear,
                min: 2,
                max: 2,
            },
            ('y' | 'u', _) => Item::Number {
                field: Field::Year,
                min: count,
                max: if before_number { count } else { 10.max(count) },
            },
            ('M' | 'L', 1 | 2) => number(Field::Month, 2),
            ('M' | 'L', 3) => Item::Month { full: false },
            ('M' | 'L', 4) => Item::Month { full: true },
            ('d', 1 | 2) => number(Field::Day, 2),
            ('D', 1..=3) => number(Field::DayOfYear, 3),
            ('H', 1 | 2) => number(Field::Hour, 2),
            ('k', 1 | 2) => number(Field::HourFromOne, 2),
            ('K', 1 | 2) => number(Field::HalfHour, 2),
            ('h', 1 | 2) => number(Field::HalfHourFromOne, 2),
            ('m', 1 | 2) => number(Field::Minute, 2),
            ('s', 1 | 2) => number(Field::Second, 2),
            ('S', 1..=9) => Item::Fraction {
                min: count,
                max: count,
            },
            ('f', 1) if self.any_fraction => Item::Fraction { min: 1, max: 9 },
            ('a', 1) => Item::HalfDay,
            ('e', 1) => number(Field::Weekday, 1),
            ('E', 1..=3) => Item::Weekday { full: false },
            ('E', 4) => Item::Weekday { full: true },
            ('Q' | 'q', 1 | 2) => number(Field::Quarter, 1),
            ('X', 1 | 2) => Item::Offset {
                colon: false,
                zulu: true,
            },
            ('X', 3..=5) => Item::Offset {
                colon: true,
                zulu: true,
            },
            ('x', 1 | 2) | ('Z', 1..=3) => Item::Offset {
                colon: false,
                zulu: false,
            },
            ('x', 3..=5) => Item::Offset {
                colon: true,
                zulu: false,
            },
            ('Z', 5) => Item::Offset {
                colon: true,
                zulu: true,
            },
            ('V', 2) | ('z', 1..=3) => Item::ZoneName,
            (
                'M' | 'L' | 'd' | 'D' | 'H' | 'k' | 'K' | 'h' | 'm' | 's' | 'S' | 'a' | 'E' | 'e'
                | 'X' | 'x' | 'Z',
                _,
            ) => return Err(too_many()),
            _ => return Err(format!("Unknown pattern letter: {letter}")),
        })
    }
}

fn literal(items: &mut Vec<Item>, text: &str) {
    match items.last_mut() {
        Some(Item::Literal(before)) => before.push_str(text),
        _ => items.push(Item::Literal(text.to_owned())),
    }
}

/// Reads items from `at`; gives the place behind them. `furthest` keeps the place of the refusal for the message.
fn read_items(
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

struct Clock<'a> {
    year: i64,
    month: u32,
    day: u32,
    days: i64,
    in_day: i64,
    moment: Moment,
    zone: &'a Zone,
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

fn write_items(items: &[Item], clock: &Clock<'_>, out: &mut String) {
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
