//! `strict_date_optional_time`: `2024`, `2024-01`, `2024-01-31`, `2024-01-31T10:20:30.123+01:00` and what lies between.
//!
//! Nearly every date of every document passes here, so it is read by hand, without a pattern.

use super::parts::{Moment, Parts, Reason, on_the_clock, unparsed};
use super::zone::{Zone, offset_text};

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Parts, Reason> {
    let mut cursor = Cursor {
        bytes: text.as_bytes(),
        at: 0,
    };
    let parts = cursor
        .date_time()
        .ok_or_else(|| unparsed(text, cursor.at))?;
    if cursor.at < text.len() {
        return Err(if cursor.at < 4 {
            unparsed(text, cursor.at)
        } else {
            format!(
                "Text '{text}' could not be parsed, unparsed text found at index {}",
                cursor.at
            )
        });
    }
    Ok(parts)
}

/// Writes `2024-01-31T10:20:30.123Z`; nanoseconds only where there are any.
pub(super) fn write(moment: Moment, zone: &Zone) -> String {
    let (year, month, day, _, in_day) = on_the_clock(moment.millis, zone);
    let year = if (0..=9_999).contains(&year) {
        format!("{year:04}")
    } else {
        format!("{}{:04}", if year < 0 { "-" } else { "+" }, year.abs())
    };
    let (seconds, millis) = (in_day / 1_000, in_day % 1_000);
    let mut text = format!(
        "{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    );
    if moment.nanos > 0 {
        let fraction = format!("{:06}", moment.nanos);
        text.push_str(fraction.trim_end_matches('0'));
    }
    text.push_str(&offset_text((zone.offset_at(moment.millis) / 1_000) as i32));
    text
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn two(&mut self) -> Option<u32> {
        let [tens, ones] = self.bytes.get(self.at..self.at + 2)? else {
            return None;
        };
        if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
            return None;
        }
        self.at += 2;
        Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    }

    fn digits(&self) -> usize {
        self.bytes[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    }

    fn year(&mut self) -> Option<i64> {
        let sign = match self.peek()? {
            b'-' => Some(-1),
            b'+' => Some(1),
            _ => None,
        };
        self.at += usize::from(sign.is_some());
        let count = self.digits();
        // Four digits; more only behind a sign.
        let fits = match sign {
            None => count == 4,
            Some(1) => (5..=9).contains(&count),
            Some(_) => (4..=9).contains(&count),
        };
        if !fits {
            self.at = 0;
            return None;
        }
        let year = self.bytes[self.at..self.at + count]
            .iter()
            .fold(0i64, |year, byte| year * 10 + i64::from(byte - b'0'));
        self.at += count;
        Some(year * sign.unwrap_or(1))
    }

    /// Every part but the year is optional; a part that has begun must be whole.
    fn date_time(&mut self) -> Option<Parts> {
        let mut parts = Parts {
            year: Some(self.year()?),
            ..Parts::default()
        };
        if self.optional(b'-', |cursor| {
            parts.month = Some(cursor.two()?);
            Some(())
        }) {
            self.optional(b'-', |cursor| {
                parts.day = Some(cursor.two()?);
                Some(())
            });
        }
        if self.peek() == Some(b'T') {
            self.at += 1;
            self.time(&mut parts);
            self.offset(&mut parts);
        }
        Some(parts)
    }

    /// Reads `lead` and what follows, or leaves the cursor where it was.
    fn optional(&mut self, lead: u8, read: impl FnOnce(&mut Self) -> Option<()>) -> bool {
        let before = self.at;
        if self.take(lead) && read(self).is_some() {
            return true;
        }
        self.at = before;
        false
    }

    fn time(&mut self, parts: &mut Parts) {
        let Some(hour) = self.two() else { return };
        parts.hour = Some(hour);
        let minute = self.optional(b':', |cursor| {
            parts.minute = Some(cursor.two()?);
            Some(())
        });
        let second = minute
            && self.optional(b':', |cursor| {
                parts.second = Some(cursor.two()?);
                Some(())
            });
        if second && matches!(self.peek(), Some(b'.' | b',')) {
            let before = self.at;
            self.at += 1;
            let count = self.digits();
            if (1..=9).contains(&count) {
                let fraction = self.bytes[self.at..self.at + count]
                    .iter()
                    .fold(0u32, |value, byte| value * 10 + u32::from(byte - b'0'));
                parts.nano = Some(fraction * 10u32.pow(9 - count as u32));
                self.at += count;
            } else {
                self.at = before;
            }
        }
    }

    fn offset(&mut self, parts: &mut Parts) {
        let sign = match self.peek() {
            Some(b'Z') => {
                self.at += 1;
                parts.offset = Some(0);
                return;
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return,
        };
        let before = self.at;
        self.at += 1;
        let Some(hours) = self.two() else {
            self.at = before;
            return;
        };
        // `+01:00`, `+0100`, `+01`
        let colon = self.take(b':');
        let minutes = match self.two() {
            Some(minutes) => minutes,
            None if colon => {
                self.at = before;
                return;
            }
            None => 0,
        };
        if hours > 18 || minutes > 59 {
            self.at = before;
            return;
        }
        parts.offset = Some(sign * (hours * 3_600 + minutes * 60) as i32);
    }
}
