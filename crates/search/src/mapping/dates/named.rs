//! Formats that OpenSearch knows by name, as patterns: one to read, one to write.
//!
//! `f` stands for a fraction of one to nine digits; it is no letter of Java's and known in these patterns only.
//! The `strict_` forms demand all digits of a number; the others are lenient about leading zeros. Formats by week
//! (`week_date`, `weekyear`…) are not known here and are refused as malformed patterns.

/// `(name, pattern to read when strict, pattern to read when lenient, pattern to write)`
type Named = (&'static str, &'static str, &'static str, &'static str);

const NAMED: &[Named] = &[
    (
        "date_optional_time",
        "",
        "y[-M[-d['T'H[:m[:s[.f]]]][XXX][XX]]]",
        "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    ),
    (
        "date_optional_time_nanos",
        "yyyy[-MM[-dd['T'HH[:mm[:ss[.f]]]][XXX][XX]]]",
        "y[-M[-d['T'H[:m[:s[.f]]]][XXX][XX]]]",
        "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSXXX",
    ),
    (
        "iso8601",
        "yyyy[-MM[-dd['T'HH[:mm[:ss[.f]]]][XXX][XX]]]",
        "yyyy[-MM[-dd['T'HH[:mm[:ss[.f]]]][XXX][XX]]]",
        "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    ),
    ("basic_date", "yyyyMMdd", "yyyyMMdd", "yyyyMMdd"),
    (
        "basic_date_time",
        "yyyyMMdd'T'HHmmss.SSSXX",
        "yyyyMMdd'T'HHmmss.SSSXX",
        "yyyyMMdd'T'HHmmss.SSSXX",
    ),
    (
        "basic_date_time_no_millis",
        "yyyyMMdd'T'HHmmssXX",
        "yyyyMMdd'T'HHmmssXX",
        "yyyyMMdd'T'HHmmssXX",
    ),
    ("basic_ordinal_date", "yyyyDDD", "yyyyDDD", "yyyyDDD"),
    ("basic_time", "HHmmss.SSSXX", "HHmmss.SSSXX", "HHmmss.SSSXX"),
    ("basic_time_no_millis", "HHmmssXX", "HHmmssXX", "HHmmssXX"),
    (
        "basic_t_time",
        "'T'HHmmss.SSSXX",
        "'T'HHmmss.SSSXX",
        "'T'HHmmss.SSSXX",
    ),
    (
        "basic_t_time_no_millis",
        "'T'HHmmssXX",
        "'T'HHmmssXX",
        "'T'HHmmssXX",
    ),
    ("date", "yyyy-MM-dd", "y-M-d", "yyyy-MM-dd"),
    ("year_month_day", "yyyy-MM-dd", "y-M-d", "yyyy-MM-dd"),
    ("year_month", "yyyy-MM", "y-M", "yyyy-MM"),
    ("year", "yyyy", "y", "yyyy"),
    ("hour", "HH", "H", "HH"),
    ("hour_minute", "HH:mm", "H:m", "HH:mm"),
    ("hour_minute_second", "HH:mm:ss", "H:m:s", "HH:mm:ss"),
    (
        "hour_minute_second_millis",
        "HH:mm:ss.SSS",
        "H:m:s.SSS",
        "HH:mm:ss.SSS",
    ),
    (
        "hour_minute_second_fraction",
        "HH:mm:ss.SSS",
        "H:m:s.SSS",
        "HH:mm:ss.SSS",
    ),
    (
        "date_hour",
        "yyyy-MM-dd'T'HH",
        "y-M-d'T'H",
        "yyyy-MM-dd'T'HH",
    ),
    (
        "date_hour_minute",
        "yyyy-MM-dd'T'HH:mm",
        "y-M-d'T'H:m",
        "yyyy-MM-dd'T'HH:mm",
    ),
    (
        "date_hour_minute_second",
        "yyyy-MM-dd'T'HH:mm:ss",
        "y-M-d'T'H:m:s",
        "yyyy-MM-dd'T'HH:mm:ss",
    ),
    (
        "date_hour_minute_second_millis",
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
        "y-M-d'T'H:m:s.SSS",
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
    ),
    (
        "date_hour_minute_second_fraction",
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
        "y-M-d'T'H:m:s.SSS",
        "yyyy-MM-dd'T'HH:mm:ss.SSS",
    ),
    (
        "date_time",
        "yyyy-MM-dd'T'HH:mm:ss[.f][XXX][XX]",
        "y-M-d'T'H:m:s[.f][XXX][XX]",
        "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    ),
    (
        "date_time_no_millis",
        "yyyy-MM-dd'T'HH:mm:ss[XXX][XX]",
        "y-M-d'T'H:m:s[XXX][XX]",
        "yyyy-MM-dd'T'HH:mm:ssXXX",
    ),
    (
        "time",
        "HH:mm:ss[.f][XXX][XX]",
        "H:m:s[.f][XXX][XX]",
        "HH:mm:ss.SSSXXX",
    ),
    (
        "time_no_millis",
        "HH:mm:ss[XXX][XX]",
        "H:m:s[XXX][XX]",
        "HH:mm:ssXXX",
    ),
    (
        "t_time",
        "'T'HH:mm:ss[.f][XXX][XX]",
        "'T'H:m:s[.f][XXX][XX]",
        "'T'HH:mm:ss.SSSXXX",
    ),
    (
        "t_time_no_millis",
        "'T'HH:mm:ss[XXX][XX]",
        "'T'H:m:s[XXX][XX]",
        "'T'HH:mm:ssXXX",
    ),
    ("ordinal_date", "yyyy-DDD", "y-D", "yyyy-DDD"),
    (
        "ordinal_date_time",
        "yyyy-DDD'T'HH:mm:ss[.SSS][XXX][XX]",
        "y-D'T'H:m:s[.SSS][XXX][XX]",
        "yyyy-DDD'T'HH:mm:ss.SSSXXX",
    ),
    (
        "ordinal_date_time_no_millis",
        "yyyy-DDD'T'HH:mm:ss[XXX][XX]",
        "y-D'T'H:m:s[XXX][XX]",
        "yyyy-DDD'T'HH:mm:ssXXX",
    ),
    (
        "rfc3339_lenient",
        "",
        "yyyy[-MM[-dd['T'HH:mm[:ss][.f]XXX]]]",
        "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    ),
];

/// The patterns of a named format: to read and to write.
pub(super) fn patterns(name: &str) -> Option<(&'static str, &'static str)> {
    let (name, strict) = match name.strip_prefix("strict_") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let (_, when_strict, lenient, write) = NAMED.iter().find(|(known, ..)| *known == name)?;
    let read = if strict { when_strict } else { lenient };
    (!read.is_empty()).then_some((read, *write))
}
