//! `glasswork top`: its flags.

use super::{quantity::duration, server::ServerArguments};
use crate::{filter::Filter, view::Sort};
use clap::{Args, ValueEnum};
use std::time::Duration;

/// `glasswork top`.
#[derive(Debug, Args)]
pub(crate) struct TopArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// Only tasks that match, as 'action:*search* age>5s opaque:dash-*'.
    #[arg(short = 'f', long = "filter", default_value = "", hide_default_value = true, value_name = "FILTER", value_parser = filter)]
    pub(crate) filter: String,
    /// What comes first: id, action, node, state, age, cpu, memory or progress, with :asc or :desc.
    #[arg(long, default_value = "age", value_name = "COLUMN")]
    pub(crate) sort: Sort,
    /// How often to list, at least a second. A server that is slow to list is asked less often.
    #[arg(long, default_value = "2s", value_name = "TIME", value_parser = duration)]
    pub(crate) every: Duration,
    /// Lets keys stop and steer tasks from the start; otherwise `w` does.
    #[arg(long)]
    pub(crate) write: bool,
    /// The colours [default: dark, or mono where NO_COLOR is set].
    #[arg(long, value_enum, value_name = "THEME")]
    pub(crate) theme: Option<Theme>,
    /// Takes the mouse: the wheel scrolls, a click selects.
    #[arg(long)]
    pub(crate) mouse: bool,
}

/// Which colours. Nothing is said by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Theme {
    /// For a dark terminal.
    Dark,
    /// For a light terminal.
    Light,
    /// No colour: bold, dim and reverse.
    Mono,
}

/// A filter, checked and kept as it is written.
fn filter(text: &str) -> Result<String, String> {
    match Filter::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
