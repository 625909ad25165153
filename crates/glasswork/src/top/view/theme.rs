//! The themes. What colour says is said by a word or a sign as well.

use crate::{arguments::top::Theme, view::Shade};
use ratatui::style::{Color, Modifier, Style};

/// The styles of a theme.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) plain: Style,
    pub(super) bold: Style,
    pub(super) dim: Style,
    pub(super) waiting: Style,
    pub(super) alarm: Style,
    pub(super) cursor: Style,
}

impl Look {
    pub(super) fn of(theme: Theme) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        let mono = Self {
            plain,
            bold,
            dim: plain.add_modifier(Modifier::DIM),
            waiting: plain.add_modifier(Modifier::UNDERLINED),
            alarm: bold.add_modifier(Modifier::REVERSED),
            cursor: reversed,
        };
        match theme {
            Theme::Mono => mono,
            Theme::Dark => Self {
                waiting: plain.fg(Color::Yellow),
                alarm: bold.fg(Color::Red).add_modifier(Modifier::REVERSED),
                cursor: bold.bg(Color::Blue).fg(Color::White),
                ..mono
            },
            Theme::Light => Self {
                dim: plain.fg(Color::DarkGray),
                waiting: plain.fg(Color::Magenta),
                alarm: bold.fg(Color::Red).add_modifier(Modifier::REVERSED),
                cursor: bold.bg(Color::Cyan).fg(Color::Black),
                ..mono
            },
        }
    }

    pub(super) fn shade(&self, shade: Shade) -> Style {
        match shade {
            Shade::Plain => self.plain,
            Shade::Bold => self.bold,
            Shade::Dim => self.dim,
            Shade::Yellow => self.waiting,
            Shade::Alarm => self.alarm,
        }
    }
}
