//! Texts for people and settings: durations, sizes in bytes, dates.

mod date;
mod duration;
mod similar;
mod size;
mod unrecognized;
mod value;

pub use date::{civil, iso_millis};
pub use duration::{TimeUnit, TimeValue, duration_text, parse_time};
pub use similar::{did_you_mean, similar};
pub use size::{parse_size, size_text};
pub use unrecognized::unrecognized;
pub use value::{parse_flag, parse_number, split_list};

/// `amount / unit` with at most one decimal, truncated, and the suffix: `1.9s`, `13.3kb`, `2m`.
fn with_one_decimal(amount: u128, unit: u128, suffix: &str) -> String {
    let whole = amount / unit;
    match amount % unit * 10 / unit {
        0 => format!("{whole}{suffix}"),
        tenth => format!("{whole}.{tenth}{suffix}"),
    }
}
