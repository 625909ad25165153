//! How tasks look as text: states, columns, tables that fit, trees. Nothing here asks a server.

mod column;
mod forest;
mod paint;
mod shown;
mod sort;
mod state;
mod table;
mod texts;

pub(crate) use column::Column;
pub(crate) use forest::Forest;
pub(crate) use paint::{Paint, Shade};
pub(crate) use shown::{Shown, Waits};
pub(crate) use sort::Sort;
pub(crate) use state::State;
pub(crate) use table::{Row, Table};
pub(crate) use texts::{age, count, per_second, size};

/// What stands where a server doesn't tell something. Never a zero.
pub(crate) const UNKNOWN: &str = "·";
