//! Dates as text.

/// Milliseconds since 1970 as `2026-11-24T08:39:53.523Z`: the proleptic Gregorian calendar, UTC. A year beyond 9999 gets a
/// sign, as in Java.
pub fn iso_millis(millis: i64) -> String {
    let days = millis.div_euclid(86_400_000);
    let of_day = millis.rem_euclid(86_400_000);
    let (year, month, day) = civil(days);
    let sign = if year > 9999 {
        "+"
    } else if year < 0 {
        "-"
    } else {
        ""
    };
    format!(
        "{sign}{:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        year.unsigned_abs(),
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1_000 % 60,
        of_day % 1_000,
    )
}

/// Year, month and day of a day number since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
pub fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::iso_millis;

    #[test]
    fn a_time_is_told_in_utc_with_millis() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_509_593_523, "2026-11-24T08:39:53.523Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
            (253_402_300_800_000, "+10000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso_millis(millis), text);
        }
    }

    #[test]
    fn no_number_is_too_large_or_too_small_for_a_text() {
        assert!(iso_millis(i64::MIN).starts_with("-2922"));
        assert!(iso_millis(i64::MAX).starts_with("+2922"));
    }
}
