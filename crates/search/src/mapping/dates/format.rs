//! A date format: one or more patterns, separated by `||`, tried in order; the first one writes.

use super::maths::{self, Rounding};
use super::parts::{Moment, Parts, Reason, unparsed};
use super::pattern::Pattern;
use super::zone::Zone;
use super::{iso, named};
use glasswork_content::{Failure, Kind};
use std::sync::{Arc, LazyLock};

/// Reads and writes dates.
#[derive(Clone, Debug, PartialEq)]
pub struct DateFormat {
    text: String,
    parsers: Vec<Parser>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parser {
    /// `strict_date_optional_time`, the hot path.
    StrictIso,
    EpochMillis,
    EpochSecond,
    Pattern {
        read: Pattern,
        write: Pattern,
    },
}

static DEFAULT: LazyLock<Arc<DateFormat>> = LazyLock::new(|| {
    Arc::new(DateFormat {
        text: super::DEFAULT_FORMAT.to_owned(),
        parsers: vec![Parser::StrictIso, Parser::EpochMillis],
    })
});

impl DateFormat {
    /// `strict_date_optional_time||epoch_millis`.
    #[must_use]
    pub fn default_format() -> Arc<Self> {
        Arc::clone(&DEFAULT)
    }

    /// Reads a format: names (`epoch_second`), Java patterns (`yyyy-MM-dd`), several joined by `||`.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` `Invalid format: [x]: Unknown pattern letter: x`.
    pub fn new(text: &str) -> Result<Self, Failure> {
        if text.is_empty() {
            return Err(Failure::illegal_argument("No date pattern provided"));
        }
        let mut parsers = Vec::new();
        for part in text.split("||").filter(|part| !part.is_empty()) {
            let part = part.strip_prefix('8').unwrap_or(part);
            parsers.push(parser(part)?);
        }
        if parsers.is_empty() {
            return Err(Failure::illegal_argument("No date pattern provided"));
        }
        Ok(Self {
            text: text.to_owned(),
            parsers,
        })
    }

    /// The format as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a date of a document: milliseconds since 1970.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` `failed to parse date field [x] with format [f]` with Java's reason as its cause.
    pub fn parse_millis(&self, text: &str) -> Result<i64, Failure> {
        Ok(self.parse(text, Rounding::Down, Zone::utc())?.millis)
    }

    /// Reads a date: what the text leaves open is filled as `rounding` says, and a text without an offset is meant in `zone`.
    ///
    /// # Errors
    /// As [`DateFormat::parse_millis`].
    pub fn parse(&self, text: &str, rounding: Rounding, zone: &Zone) -> Result<Moment, Failure> {
        if text.is_empty() {
            return Err(Failure::illegal_argument("cannot parse empty date"));
        }
        let mut reason = String::new();
        for parser in &self.parsers {
            match parser
                .parse(text)
                .and_then(|parts| parts.resolve(text, rounding, zone))
            {
                Ok(moment) => return Ok(moment),
                Err(why) => reason = why,
            }
        }
        if self.parsers.len() > 1 {
            "Failed to parse with all enclosed parsers".clone_into(&mut reason);
        }
        let failure = Failure::illegal_argument(format!(
            "failed to parse date field [{text}] with format [{}]",
            self.text
        ));
        Err(failure.caused_by(Failure::new(Kind::DateTimeParse, reason)))
    }

    /// Reads a date of a query, date maths included (`now-1d/d`, `2024-01-01||+1M`): milliseconds since 1970.
    ///
    /// # Errors
    /// 400 `parse_exception` with `failed to parse date field [x] with format [f]: [why]`, or for malformed maths.
    pub fn parse_maths(
        &self,
        text: &str,
        now: i64,
        rounding: Rounding,
        zone: &Zone,
    ) -> Result<Moment, Failure> {
        maths::evaluate(self, text, now, rounding, zone)
    }

    /// Writes a moment as the clock of `zone` shows it.
    #[must_use]
    pub fn format(&self, millis: i64, zone: &Zone) -> String {
        self.format_moment(Moment { millis, nanos: 0 }, zone)
    }

    /// Writes a moment given in nanoseconds.
    #[must_use]
    pub fn format_nanos(&self, nanos: i64, zone: &Zone) -> String {
        self.format_moment(
            Moment {
                millis: nanos.div_euclid(1_000_000),
                nanos: nanos.rem_euclid(1_000_000) as u32,
            },
            zone,
        )
    }

    fn format_moment(&self, moment: Moment, zone: &Zone) -> String {
        match &self.parsers[0] {
            Parser::StrictIso => iso::write(moment, zone),
            Parser::EpochMillis => epoch_text(moment, 1_000_000),
            Parser::EpochSecond => epoch_text(moment, 1_000_000_000),
            Parser::Pattern { write, .. } => write.write(moment, zone),
        }
    }
}

fn parser(part: &str) -> Result<Parser, Failure> {
    match part {
        "strict_date_optional_time" | "strictDateOptionalTime" => return Ok(Parser::StrictIso),
        "epoch_millis" => return Ok(Parser::EpochMillis),
        "epoch_second" => return Ok(Parser::EpochSecond),
        _ => {}
    }
    let invalid = |why: String| {
        Failure::illegal_argument(format!("Invalid format: [{part}]: {why}"))
            .caused_by(Failure::illegal_argument(why))
    };
    if let Some((read, write)) = named::patterns(part) {
        return Ok(Parser::Pattern {
            read: Pattern::named(read).map_err(invalid)?,
            write: Pattern::named(write).map_err(invalid)?,
        });
    }
    let pattern = Pattern::new(part).map_err(invalid)?;
    Ok(Parser::Pattern {
        read: pattern.clone(),
        write: pattern,
    })
}

impl Parser {
    fn parse(&self, text: &str) -> Result<Parts, Reason> {
        match self {
            Self::StrictIso => iso::read(text),
            Self::EpochMillis => epoch(text, 6).map(|(millis, nanos)| Parts {
                epoch: Some((millis, nanos)),
                ..Parts::default()
            }),
            Self::EpochSecond => {
                let (seconds, nanos) = epoch(text, 9)?;
                let millis = seconds
                    .checked_mul(1_000)
                    .and_then(|millis| millis.checked_add(i64::from(nanos / 1_000_000)));
                let millis = millis.ok_or_else(|| unparsed(text, 0))?;
                Ok(Parts {
                    epoch: Some((millis, nanos % 1_000_000)),
                    ..Parts::default()
                })
            }
            Self::Pattern { read, .. } => read.read(text),
        }
    }
}

/// A count with an optional fraction of up to `digits` digits, as the count and the fraction in units of 10^-`digits`.
fn epoch(text: &str, digits: usize) -> Result<(i64, u32), Reason> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unparsed(text, 0));
    }
    let count: i64 = whole.parse().map_err(|_| unparsed(text, 0))?;
    let Some(fraction) = fraction else {
        return Ok((count, 0));
    };
    if fraction.len() > digits || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unparsed(text, whole.len()));
    }
    let padded = format!("{fraction:0<digits$}");
    let part: u32 = padded.parse().map_err(|_| unparsed(text, whole.len()))?;
    if whole.starts_with('-') && part > 0 {
        let one = 10u32.pow(digits as u32);
        return Ok((count.saturating_sub(1), one - part));
    }
    Ok((count, part))
}

/// A moment counted in units of `unit` nanoseconds, with a fraction where there is one.
fn epoch_text(moment: Moment, unit: u64) -> String {
    let nanos = i128::from(moment.millis) * 1_000_000 + i128::from(moment.nanos);
    let sign = if nanos < 0 { "-" } else { "" };
    let (whole, fraction) = (
        nanos.unsigned_abs() / u128::from(unit),
        nanos.unsigned_abs() % u128::from(unit),
    );
    let width = unit.ilog10() as usize;
    let fraction = format!("{fraction:0width$}");
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn millis(format: &str, text: &str) -> Result<i64, String> {
        DateFormat::new(format)
            .unwrap()
            .parse_millis(text)
            .map_err(|failure| failure.cause.unwrap().reason().to_owned())
    }

    #[test]
    fn dates_are_read() {
        const DAY_2024: i64 = 1_704_067_200_000;
        let default = super::super::DEFAULT_FORMAT;
        for (format, text, expected) in [
            (default, "2024", DAY_2024),
            (default, "2024-01", DAY_2024),
            (default, "2024-01-01", DAY_2024),
            (default, "2024-01-01T", DAY_2024),
            (default, "2024-01-01T01", DAY_2024 + 3_600_000),
            (default, "2024-01-01T00:01", DAY_2024 + 60_000),
            (default, "2024-01-01T00:00:01.5", DAY_2024 + 1_500),
            (default, "2024-01-01T00:00:01,123456789Z", DAY_2024 + 1_123),
            (default, "2024-01-01T01:00:00+01:00", DAY_2024),
            (default, "2024-01-01T01:00:00+0100", DAY_2024),
            (default, "2023-12-31T23:00:00-01", DAY_2024),
            (default, "1704067200000", DAY_2024),
            (default, "-1", -1),
            ("epoch_second", "1704067200", DAY_2024),
            ("epoch_second", "1704067200.25", DAY_2024 + 250),
            ("epoch_millis", "1704067200000", DAY_2024),
            ("yyyy-MM-dd", "2024-01-01", DAY_2024),
            ("yyyyMMdd", "20240101", DAY_2024),
            ("basic_date", "20240101", DAY_2024),
            (
                "dd/MM/yyyy HH:mm:ss",
                "01/01/2024 00:00:01",
                DAY_2024 + 1_000,
            ),
            ("MMM d, yyyy", "Jan 1, 2024", DAY_2024),
            (
                "yyyy-MM-dd'T'HH:mm:ssZ",
                "2024-01-01T01:00:00+0100",
                DAY_2024,
            ),
            (
                "yyyy-MM-dd hh:mm a",
                "2024-01-01 12:30 AM",
                DAY_2024 + 1_800_000,
            ),
            ("yyyy||yyyy-MM-dd", "2024-01-01", DAY_2024),
            ("date_time", "2024-01-01T00:00:00.000Z", DAY_2024),
            (
                "strict_date_hour_minute",
                "2024-01-01T00:01",
                DAY_2024 + 60_000,
            ),
            ("date_optional_time", "2024-1-1", DAY_2024),
            ("ordinal_date", "2024-001", DAY_2024),
            ("HH:mm", "00:01", 60_000),
            ("yyyy[-MM[-dd]]", "2024-01", DAY_2024),
        ] {
            assert_eq!(millis(format, text), Ok(expected), "{text} with {format}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused_in_javas_words() {
        let iso = "strict_date_optional_time";
        for (format, text, expected) in [
            (
                iso,
                "yesterday",
                "Text 'yesterday' could not be parsed at index 0",
            ),
            (
                iso,
                "2024-1-1",
                "Text '2024-1-1' could not be parsed, unparsed text found at index 4",
            ),
            (
                iso,
                "2024-01-01x",
                "Text '2024-01-01x' could not be parsed, unparsed text found at index 10",
            ),
            (
                iso,
                "2024-13-01",
                "Text '2024-13-01' could not be parsed: Invalid value for MonthOfYear (valid values 1 - 12): 13",
            ),
            (
                iso,
                "2023-02-29",
                "Text '2023-02-29' could not be parsed: Invalid date 'FEBRUARY 29'",
            ),
            (
                iso,
                "20240101",
                "Text '20240101' could not be parsed at index 0",
            ),
            (
                "yyyy-MM-dd",
                "2024-01",
                "Text '2024-01' could not be parsed at index 7",
            ),
            (
                "yyyy||epoch_millis",
                "x",
                "Failed to parse with all enclosed parsers",
            ),
        ] {
            assert_eq!(
                millis(format, text),
                Err(expected.to_owned()),
                "{text} with {format}"
            );
        }
        assert_eq!(
            DateFormat::default_format()
                .parse_millis("")
                .unwrap_err()
                .reason(),
            "cannot parse empty date"
        );
        for (format, expected) in [
            (
                "yyyy-bb",
                "Invalid format: [yyyy-bb]: Unknown pattern letter: b",
            ),
            (
                "yyyy]",
                "Invalid format: [yyyy]]: Pattern invalid as it contains ] without previous [",
            ),
            (
                "yyyy'",
                "Invalid format: [yyyy']: Pattern ends with an incomplete string literal: yyyy'",
            ),
            ("", "No date pattern provided"),
        ] {
            assert_eq!(DateFormat::new(format).unwrap_err().reason(), expected);
        }
    }

    #[test]
    fn dates_are_written() {
        let paris = Zone::parse("Europe/Paris").unwrap();
        for (format, zone, expected) in [
            (
                "strict_date_optional_time||epoch_millis",
                Zone::utc(),
                "2024-07-01T22:30:05.120Z",
            ),
            (
                "strict_date_optional_time",
                &paris,
                "2024-07-02T00:30:05.120+02:00",
            ),
            ("epoch_millis", Zone::utc(), "1719873005120"),
            ("epoch_second", Zone::utc(), "1719873005.12"),
            ("yyyy-MM-dd", &paris, "2024-07-02"),
            (
                "EEE, d MMM yyyy HH:mm:ss Z",
                Zone::utc(),
                "Mon, 1 Jul 2024 22:30:05 +0000",
            ),
            (
                "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
                Zone::utc(),
                "2024-07-01T22:30:05.120Z",
            ),
            ("h:mm a", Zone::utc(), "10:30 PM"),
            ("basic_date_time_no_millis", Zone::utc(), "20240701T223005Z"),
        ] {
            assert_eq!(
                DateFormat::new(format)
                    .unwrap()
                    .format(1_719_873_005_120, zone),
                expected,
                "{format}"
            );
        }
        assert_eq!(
            DateFormat::default_format().format_nanos(1_719_873_005_120_000_001, Zone::utc()),
            "2024-07-01T22:30:05.120000001Z"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(millis in -60_000_000_000_000i64..250_000_000_000_000) {
            for format in ["strict_date_optional_time", "epoch_millis", "epoch_second", "date_time", "yyyy-MM-dd'T'HH:mm:ss.SSSXX", "strict_date_optional_time_nanos"] {
                let format = DateFormat::new(format).unwrap();
                let zone = Zone::fixed(5_400);
                prop_assert_eq!(format.parse(&format.format(millis, &zone), Rounding::Down, Zone::utc()).unwrap().millis, millis);
            }
        }

        #[test]
        fn any_text_and_any_pattern_return(text in ".{0,30}", pattern in ".{0,20}|[yMdHmsSaEXxZVQ'\\[\\]:T-]{1,20}") {
            if let Ok(format) = DateFormat::new(&pattern) {
                // Only that they return is of interest.
                let _moment = format.parse(&text, Rounding::Up, Zone::utc());
                let _text = format.format(-1, Zone::utc());
            }
            let _maths = DateFormat::default_format().parse_maths(&format!("now{text}"), i64::MAX, Rounding::Up, Zone::utc());
        }
    }
}
