//! Dates: formats by name or by Java pattern, date maths, time zones, and the calendar under them.
//!
//! Times are milliseconds (or nanoseconds) since 1970-01-01T00:00Z in an `i64`. A [`DateFormat`] reads and writes them,
//! [`maths`] evaluates `now-1d/d` and `2024-01-01||+1M`, a [`Zone`] converts between the clock on the wall and UTC.

pub mod calendar;
mod format;
mod iso;
pub mod maths;
mod named;
mod parts;
mod pattern;
mod zone;

pub use format::DateFormat;
pub use maths::Rounding;
pub use parts::Moment;
pub use zone::Zone;

/// The format of a date field that names none.
pub const DEFAULT_FORMAT: &str = "strict_date_optional_time||epoch_millis";
