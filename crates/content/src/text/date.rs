//! Dates as text.

/// Milliseconds since 1970 as `2026-11-24T08:39:53.523Z`.
pub fn iso_millis(_millis: i64) -> String {
    todo!()
}
