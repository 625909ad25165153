//! Time zones: UTC, fixed offsets, and the regions of the tz database.

use glasswork_content::Failure;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, civil};
use std::borrow::Cow;

/// Where a clock hangs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: Cow<'static, str>,
    kind: Inner,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Inner {
    /// Seconds east of Greenwich.
    Fixed(i32),
    Region(TimeZone),
}

static UTC: Zone = Zone {
    name: Cow::Borrowed("Z"),
    kind: Inner::Fixed(0),
};

impl Default for Zone {
    fn default() -> Self {
        UTC.clone()
    }
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> &'static Self {
        &UTC
    }

    /// A number of seconds east of Greenwich.
    #[must_use]
    pub fn fixed(seconds: i32) -> Self {
        Self {
            name: Cow::Owned(offset_text(seconds)),
            kind: Inner::Fixed(seconds),
        }
    }

    /// Reads `Z`, `UTC`, `+01:00`, `-0330`, `+5`, `Europe/Paris`, `UTC+2`.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` for what is neither an offset nor a known region.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        if matches!(text, "Z" | "z") {
            return Ok(UTC.clone());
        }
        let kind = match text {
            "UTC" | "GMT" | "UT" => Some(Inner::Fixed(0)),
            _ => {
                let offset = ["UTC", "GMT", "UT", ""]
                    .iter()
                    .find_map(|prefix| parse_offset(text.strip_prefix(prefix)?));
                match offset {
                    Some(seconds) => Some(Inner::Fixed(seconds)),
                    None => TimeZone::get(text).ok().map(Inner::Region),
                }
            }
        };
        let Some(kind) = kind else {
            return Err(unknown(text));
        };
        Ok(Self {
            name: Cow::Owned(text.to_owned()),
            kind,
        })
    }

    /// The name it was given by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is always UTC.
    #[must_use]
    pub fn is_utc(&self) -> bool {
        self.kind == Inner::Fixed(0)
    }

    /// Milliseconds east of Greenwich at a moment.
    #[must_use]
    pub fn offset_at(&self, millis: i64) -> i64 {
        match &self.kind {
            Inner::Fixed(seconds) => i64::from(*seconds) * 1_000,
            Inner::Region(zone) => i64::from(zone.to_offset(timestamp(millis)).seconds()) * 1_000,
        }
    }

    /// What the clock shows at a moment, as milliseconds since 1970-01-01T00:00 on that clock.
    #[must_use]
    pub fn to_local(&self, millis: i64) -> i64 {
        millis.saturating_add(self.offset_at(millis))
    }

    /// The moment at which the clock shows `local`. Of two, the earlier; in a gap, the clock is taken to go on as before it.
    #[must_use]
    pub fn from_local(&self, local: i64) -> i64 {
        match &self.kind {
            Inner::Fixed(seconds) => local.saturating_sub(i64::from(*seconds) * 1_000),
            Inner::Region(zone) => {
                let Some(clock) = datetime(local) else {
                    return local.saturating_sub(self.offset_at(local));
                };
                match zone.to_ambiguous_timestamp(clock).compatible() {
                    Ok(moment) => moment.as_millisecond(),
                    Err(_) => local.saturating_sub(self.offset_at(local)),
                }
            }
        }
    }

    /// Whether the offset never changes, so that rounding needs no look-up.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        matches!(self.kind, Inner::Fixed(_))
    }

    /// The offset at a moment as it is printed: `Z`, `+01:00`.
    #[must_use]
    pub fn offset_text_at(&self, millis: i64) -> String {
        offset_text((self.offset_at(millis) / 1_000) as i32)
    }
}

fn unknown(text: &str) -> Failure {
    let malformed = text.is_empty()
        || !text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_+-:".contains(c))
        || text.starts_with(['+', '-']);
    if malformed {
        return Failure::illegal_argument(format!(
            "Invalid ID for region-based ZoneId, invalid format: {text}"
        ));
    }
    Failure::illegal_argument(format!("Unknown time-zone ID: {text}"))
}

/// `+5`, `+05`, `+0530`, `+05:30`, `+05:30:15` in seconds.
pub(super) fn parse_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let parts: Vec<&str> = if digits.contains(':') {
        digits.split(':').collect()
    } else {
        match digits.len() {
            1 | 2 => vec![digits],
            4 if digits.is_ascii() => vec![&digits[..2], &digits[2..]],
            6 if digits.is_ascii() => vec![&digits[..2], &digits[2..4], &digits[4..]],
            _ => return None,
        }
    };
    if parts.is_empty() || parts.len() > 3 {
        return None;
    }
    let mut seconds = 0i32;
    for (index, part) in parts.iter().enumerate() {
        let wide_enough = part.len() == 2 || (index == 0 && part.len() == 1);
        if !wide_enough || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: i32 = part.parse().ok()?;
        if index > 0 && number > 59 {
            return None;
        }
        seconds += number * [3_600, 60, 1][index];
    }
    (seconds <= 18 * 3_600).then_some(sign * seconds)
}

pub(super) fn offset_text(seconds: i32) -> String {
    if seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let text = format!("{sign}{:02}:{:02}", seconds / 3_600, seconds / 60 % 60);
    if seconds % 60 == 0 {
        text
    } else {
        format!("{text}:{:02}", seconds % 60)
    }
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

fn datetime(local: i64) -> Option<civil::DateTime> {
    let at = Timestamp::from_millisecond(local).ok()?;
    Some(Offset::UTC.to_datetime(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_regions_are_read() {
        for (text, seconds) in [
            ("Z", 0),
            ("UTC", 0),
            ("+01:00", 3_600),
            ("-0330", -12_600),
            ("+5", 18_000),
            ("UTC+2", 7_200),
            ("GMT-1", -3_600),
        ] {
            assert_eq!(
                Zone::parse(text).unwrap().offset_at(0),
                seconds * 1_000,
                "{text}"
            );
        }
        let paris = Zone::parse("Europe/Paris").unwrap();
        assert_eq!(paris.offset_at(1_720_000_000_000), 7_200_000);
        assert_eq!(paris.offset_at(1_704_067_200_000), 3_600_000);
        assert_eq!(paris.offset_text_at(1_704_067_200_000), "+01:00");
    }

    #[test]
    fn unknown_zones_are_refused_in_javas_words() {
        assert_eq!(
            Zone::parse("Mars/Base").unwrap_err().reason(),
            "Unknown time-zone ID: Mars/Base"
        );
        assert!(Zone::parse("+19:00").is_err());
        assert!(Zone::parse("").is_err());
    }

    #[test]
    fn the_wall_clock_comes_back_around_changes() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        for millis in [
            1_711_846_800_000i64,
            1_711_846_799_000,
            1_729_994_400_000,
            0,
        ] {
            assert_eq!(berlin.from_local(berlin.to_local(millis)), millis);
        }
    }
}
