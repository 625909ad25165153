//! Colour, where it is wanted.

use crate::arguments::tasks::Colour;
use std::io::IsTerminal;

/// How a text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shade {
    Plain,
    Bold,
    Dim,
    Yellow,
    /// Not to be overlooked.
    Alarm,
}

/// Colours text, or leaves it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// No colour.
    pub(crate) const OFF: Self = Self { on: false };

    /// Whether the standard output gets colour: on a terminal that has it, unless the user sets `NO_COLOR`
    /// (no-color.org).
    pub(crate) fn of(wanted: Colour) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let on = match wanted {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
                std::io::stdout().is_terminal() && !dumb && !set("NO_COLOR")
            }
        };
        Self { on }
    }

    /// Whether there is colour.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    /// The text in a shade. It must be safe already.
    pub(crate) fn paint(self, shade: Shade, text: &str) -> String {
        let code = match shade {
            Shade::Bold => "1",
            Shade::Dim => "2",
            Shade::Yellow => "33",
            Shade::Alarm => "1;7;31",
            Shade::Plain => return text.to_owned(),
        };
        match self.on && !text.is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}
