//! Cells: what stands in a table, and how it is written in the unit that was asked for.

use std::{borrow::Cow, cmp::Ordering};

use glasswork_content::{number, text};

/// The value of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing: blank in text, `null` in JSON.
    Nothing,
    /// A text.
    Text(Cow<'static, str>),
    /// A whole number.
    Long(i64),
    /// A number.
    Double(f64),
    /// A number of bytes; `bytes` chooses the unit.
    Bytes(u64),
    /// A count; `size` chooses the unit.
    Count(u64),
    /// A duration in nanoseconds; `time` chooses the unit.
    Nanos(u64),
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A text, or `-` when there is none.
    pub fn or_dash(text: Option<impl Into<Cow<'static, str>>>) -> Self {
        text.map_or(Self::Text(Cow::Borrowed("-")), Self::text)
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Text(Cow::Owned(text)) => text.capacity(),
                _ => 0,
            }
    }

    /// As it is written; `None` for nothing.
    pub(super) fn written(&self, units: &Units) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Nothing => return None,
            Self::Text(text) => Cow::Borrowed(text),
            Self::Long(number) => number.to_string().into(),
            Self::Double(number) => number::double_text(*number).into(),
            Self::Bytes(bytes) => match units.bytes {
                Some(unit) => (bytes / unit).to_string().into(),
                None => text::size_text(*bytes).into(),
            },
            Self::Count(count) => match units.size {
                Some(unit) => (count / unit).to_string().into(),
                None => count_text(*count).into(),
            },
            Self::Nanos(nanos) => match units.time {
                Some(unit) => (nanos / unit).to_string().into(),
                None => text::duration_text(u128::from(*nanos)).into(),
            },
        })
    }

    /// The order of a column: nothing first, numbers by value, the rest as text.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => Ordering::Equal,
            (Self::Nothing, _) => Ordering::Less,
            (_, Self::Nothing) => Ordering::Greater,
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Long(one), Self::Long(two)) => one.cmp(two),
            (Self::Double(one), Self::Double(two)) => one.total_cmp(two),
            (Self::Bytes(one), Self::Bytes(two))
            | (Self::Count(one), Self::Count(two))
            | (Self::Nanos(one), Self::Nanos(two)) => one.cmp(two),
            (one, two) => one
                .written(&Units::default())
                .cmp(&two.written(&Units::default())),
        }
    }
}

/// The units that were asked for, each as how many of the smallest it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Units {
    bytes: Option<u64>,
    size: Option<u64>,
    time: Option<u64>,
}

impl Units {
    /// Unknown units are as none.
    pub(super) fn of(bytes: Option<&str>, size: Option<&str>, time: Option<&str>) -> Self {
        Self {
            bytes: bytes.and_then(|unit| match unit {
                "b" => Some(1),
                "k" | "kb" => Some(1 << 10),
                "m" | "mb" => Some(1 << 20),
                "g" | "gb" => Some(1 << 30),
                "t" | "tb" => Some(1 << 40),
                "p" | "pb" => Some(1 << 50),
                _ => None,
            }),
            size: size.and_then(|unit| match unit {
                "" => Some(1),
                "k" => Some(1_000),
                "m" => Some(1_000_000),
                "g" => Some(1_000_000_000),
                "t" => Some(1_000_000_000_000),
                "p" => Some(1_000_000_000_000_000),
                _ => None,
            }),
            time: time.and_then(|unit| match unit {
                "nanos" => Some(1),
                "micros" => Some(1_000),
                "ms" => Some(1_000_000),
                "s" => Some(1_000_000_000),
                "m" => Some(60_000_000_000),
                "h" => Some(3_600_000_000_000),
                "d" => Some(86_400_000_000_000),
                _ => None,
            }),
        }
    }
}

/// A count in thousands, with at most one decimal: `1.2k`.
fn count_text(count: u64) -> String {
    const UNITS: [(u64, &str); 5] = [
        (1_000_000_000_000_000, "p"),
        (1_000_000_000_000, "t"),
        (1_000_000_000, "g"),
        (1_000_000, "m"),
        (1_000, "k"),
    ];
    for (unit, name) in UNITS {
        if count >= unit {
            return match (count / unit, count % unit / (unit / 10)) {
                (whole, 0) => format!("{whole}{name}"),
                (whole, tenth) => format!("{whole}.{tenth}{name}"),
            };
        }
    }
    count.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_was_asked_for_gives_a_whole_number() {
        let units = Units::of(Some("kb"), Some("k"), Some("ms"));
        assert_eq!(Cell::Bytes(2049).written(&units).unwrap(), "2");
        assert_eq!(Cell::Count(12_345).written(&units).unwrap(), "12");
        assert_eq!(Cell::Nanos(1_999_999).written(&units).unwrap(), "1");
        assert_eq!(
            Cell::Count(12_345).written(&Units::default()).unwrap(),
            "12.3k"
        );
        assert_eq!(
            Cell::Count(999)
                .written(&Units::of(Some("zz"), None, Some("x")))
                .unwrap(),
            "999"
        );
    }

    #[test]
    fn cells_sort_by_value_and_nothing_comes_first() {
        assert_eq!(Cell::Bytes(9).compare(&Cell::Bytes(10)), Ordering::Less);
        assert_eq!(Cell::Nothing.compare(&Cell::Long(0)), Ordering::Less);
        assert_eq!(Cell::text("b").compare(&Cell::text("a")), Ordering::Greater);
        assert_eq!(Cell::text("-").compare(&Cell::Long(1)), Ordering::Less);
    }
}
