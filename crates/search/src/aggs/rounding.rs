//! Cutting instants down to the beginning of an interval: a calendar's, or one of fixed length, on some clock.

use serde::{Deserialize, Serialize};

use crate::mapping::dates::{
    Zone,
    calendar::{DAY, civil_from_days, days_from_civil, plus_months},
};

/// An interval of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Interval {
    /// Of fixed length, milliseconds.
    Fixed(i64),
    /// From Monday to Monday.
    Week,
    /// Of one, three or twelve months.
    Months(i64),
    /// From midnight to midnight.
    Day,
    /// A second, a minute or an hour of the clock, milliseconds.
    Clock(i64),
}

impl Interval {
    /// The calendar interval of that name.
    pub(crate) fn calendar(name: &str) -> Option<Self> {
        Some(match name {
            "year" | "1y" => Interval::Months(12),
            "quarter" | "1q" => Interval::Months(3),
            "month" | "1M" => Interval::Months(1),
            "week" | "1w" => Interval::Week,
            "day" | "1d" => Interval::Day,
            "hour" | "1h" => Interval::Clock(3_600_000),
            "minute" | "1m" => Interval::Clock(60_000),
            "second" | "1s" => Interval::Clock(1_000),
            _ => return None,
        })
    }

    /// The beginning of the interval that `local` lies in, both on the clock.
    fn floor(self, local: i64) -> i64 {
        match self {
            Interval::Fixed(length) | Interval::Clock(length) => {
                local.div_euclid(length).saturating_mul(length)
            }
            Interval::Day => local.div_euclid(DAY) * DAY,
            Interval::Week => {
                let days = local.div_euclid(DAY);
                // 1970-01-05 was a Monday.
                (days - 4).div_euclid(7) * 7 * DAY + 4 * DAY
            }
            Interval::Months(months) => {
                let (year, month, _) = civil_from_days(local.div_euclid(DAY));
                let first = (i64::from(month) - 1).div_euclid(months) * months + 1;
                days_from_civil(year, first as u32, 1) * DAY
            }
        }
    }

    /// The beginning of the interval behind the one that begins at `local`, both on the clock.
    fn after(self, local: i64) -> i64 {
        match self {
            Interval::Fixed(length) | Interval::Clock(length) => local.saturating_add(length),
            Interval::Day => local + DAY,
            Interval::Week => local + 7 * DAY,
            Interval::Months(months) => {
                let (year, month, day) = civil_from_days(local.div_euclid(DAY));
                let (year, month, day) = plus_months(year, month, day, months);
                days_from_civil(year, month, day) * DAY
            }
        }
    }
}

/// Cuts instants, remembering the last interval: neighbours mostly share one.
#[derive(Debug, Clone)]
pub(crate) struct Rounding {
    interval: Interval,
    zone: Zone,
    offset: i64,
    last: (i64, i64),
}

impl Rounding {
    /// Intervals on the clock of `zone`, moved by `offset` milliseconds.
    pub(crate) fn new(interval: Interval, zone: Zone, offset: i64) -> Self {
        Rounding {
            interval,
            zone,
            offset,
            last: (0, 0),
        }
    }

    /// The beginning of the interval of `millis`.
    #[inline]
    pub(crate) fn round(&mut self, millis: i64) -> i64 {
        if self.last.0 <= millis && millis < self.last.1 {
            return self.last.0;
        }
        let begin = self.begin(millis);
        self.last = (begin, self.next(begin));
        begin
    }

    /// The beginning of the interval behind the one that begins at `begin`; always later.
    pub(crate) fn next(&self, begin: i64) -> i64 {
        let begin = begin.saturating_sub(self.offset);
        let local = self.zone.to_local(begin);
        let mut next = self.zone.from_local(self.interval.after(local));
        if !self.zone.is_fixed() {
            // Where clocks are put forward or back, the next beginning is where cutting says.
            next = self.cut(next.max(begin + 1));
            if next <= begin {
                next = self
                    .zone
                    .from_local(self.interval.after(local))
                    .max(begin + 1);
            }
        }
        next.max(begin.saturating_add(1))
            .saturating_add(self.offset)
    }

    fn begin(&self, millis: i64) -> i64 {
        self.cut(millis.saturating_sub(self.offset))
            .saturating_add(self.offset)
    }

    fn cut(&self, millis: i64) -> i64 {
        let offset = self.zone.offset_at(millis);
        let local = self.interval.floor(millis.saturating_add(offset));
        let begin = local.saturating_sub(offset);
        if self.zone.is_fixed() || self.zone.offset_at(begin) == offset {
            return begin;
        }
        self.zone.from_local(local).min(millis)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rounding(name: &str, zone: &str, offset: i64) -> Rounding {
        Rounding::new(
            Interval::calendar(name).unwrap(),
            Zone::parse(zone).unwrap(),
            offset,
        )
    }

    #[test]
    fn calendars_cut_where_the_real_server_cuts() {
        let at = 1_704_880_800_000; // 2024-01-10T10:00Z, a Wednesday
        for (name, begin) in [
            ("week", 1_704_672_000_000),
            ("day", 1_704_844_800_000),
            ("month", 1_704_067_200_000),
            ("quarter", 1_704_067_200_000),
            ("year", 1_704_067_200_000),
            ("hour", at),
        ] {
            assert_eq!(rounding(name, "Z", 0).round(at), begin, "{name}");
        }
        let mut five_days =
            Rounding::new(Interval::Fixed(5 * DAY), Zone::parse("+02:00").unwrap(), 0);
        assert_eq!(five_days.round(1_704_103_200_000), 1_703_800_800_000);
        assert_eq!(
            rounding("day", "Z", 6 * 3_600_000).round(1_704_844_800_000),
            1_704_780_000_000
        );
    }

    #[test]
    fn days_of_a_region_have_23_or_25_hours() {
        let mut paris = rounding("day", "Europe/Paris", 0);
        let spring = paris.round(1_711_854_000_000); // 2024-03-31T03:00Z
        assert_eq!(
            (spring, paris.next(spring) - spring),
            (1_711_839_600_000, 23 * 3_600_000)
        );
        let autumn = paris.round(1_730_000_000_000); // 2024-10-27T03:33Z
        assert_eq!(paris.next(autumn) - autumn, 25 * 3_600_000);
    }

    proptest! {
        #[test]
        fn an_instant_lies_in_its_interval(
            millis in -4_000_000_000_000_i64..4_000_000_000_000,
            name in prop::sample::select(vec!["year", "quarter", "month", "week", "day", "hour", "minute", "second"]),
            zone in prop::sample::select(vec!["Z", "+05:30", "-08:00"]),
            offset in -90_000_000_i64..90_000_000,
        ) {
            let mut rounding = rounding(name, zone, offset);
            let begin = rounding.round(millis);
            prop_assert!(begin <= millis && millis < rounding.next(begin), "{begin} {millis} {}", rounding.next(begin));
            prop_assert_eq!(rounding.round(begin), begin);
        }
    }
}
