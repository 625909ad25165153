//! Java's date patterns: `yyyy-MM-dd'T'HH:mm[:ss]`.
//!
//! A pattern is a list of [`Item`]s; what stands in brackets is optional when reading. Letters and their counts mean what
//! `java.time.format.DateTimeFormatterBuilder.appendPattern` says; letters that need a locale's words know the English ones.
//! A pattern with a letter that is not known here is refused.

mod compiling;
mod reading;
mod writing;

use self::compiling::Compiler;
use self::reading::read_items;
use self::writing::{Clock, write_items};
use super::parts::{Moment, Parts, Reason, on_the_clock, unparsed};
use super::zone::Zone;

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
