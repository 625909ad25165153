//! Texts for people and settings: durations, sizes in bytes, dates.

mod date;
mod duration;
mod similar;
mod size;

pub use date::iso_millis;
pub use duration::{TimeUnit, TimeValue, duration_text, parse_time};
pub use similar::{did_you_mean, similar};
pub use size::{parse_size, size_text};
