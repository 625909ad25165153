//! The columns of a table of tasks.

use super::{Row, Shade, Shown, State, UNKNOWN, Waits, age, count, size};
use clap::ValueEnum;
use glasswork_client::{Eta, excerpt, sanitise};
use std::time::Duration;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    State,
    Id,
    Action,
    Age,
    Cpu,
    /// CPU since the look before: for who looks again and again.
    #[value(skip)]
    Share,
    #[value(alias = "mem")]
    Memory,
    /// Likewise what was read and written.
    #[value(skip)]
    Io,
    Progress,
    Eta,
    Wait,
    Node,
    User,
    Opaque,
    Type,
    Parent,
    Cancellable,
    #[value(alias = "desc")]
    Description,
}

/// Where a cell is cut that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Never,
    /// Down to this many columns, at its end.
    End(usize),
    /// Down to this many columns, at its beginning: the end says what it is.
    Beginning(usize),
}

impl Column {
    /// What a list shows when nobody chooses; the last two where the server is Glasswork.
    pub(crate) fn usual(glasswork: bool) -> Vec<Self> {
        let mut columns = vec![
            Self::State,
            Self::Id,
            Self::Action,
            Self::Age,
            Self::Cpu,
            Self::Memory,
            Self::Progress,
        ];
        if glasswork {
            columns.extend([Self::Wait, Self::User]);
        }
        columns.extend([Self::Node, Self::Opaque, Self::Description]);
        columns
    }

    /// What is shown to who looks again and again.
    pub(crate) fn live(glasswork: bool) -> Vec<Self> {
        let mut columns = Self::usual(glasswork);
        let after = |columns: &mut Vec<Self>, column, new| {
            let place = columns.iter().position(|found| *found == column);
            columns.insert(place.map_or(columns.len(), |place| place + 1), new);
        };
        after(&mut columns, Self::Cpu, Self::Share);
        if glasswork {
            after(&mut columns, Self::Memory, Self::Io);
            after(&mut columns, Self::Progress, Self::Eta);
        }
        columns
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::State => "STATE",
            Self::Id => "ID",
            Self::Action => "ACTION",
            Self::Age => "AGE",
            Self::Cpu => "CPU",
            Self::Memory => "MEM",
            Self::Share => "CPU%",
            Self::Io => "IO",
            Self::Progress => "PROGRESS",
            Self::Eta => "ETA",
            Self::Wait => "WAITS FOR",
            Self::Node => "NODE",
            Self::User => "USER",
            Self::Opaque => "OPAQUE-ID",
            Self::Type => "TYPE",
            Self::Parent => "PARENT",
            Self::Cancellable => "CANCELLABLE",
            Self::Description => "DESCRIPTION",
        }
    }

    /// Numbers stand at the right.
    pub(crate) fn is_number(self) -> bool {
        matches!(
            self,
            Self::Age
                | Self::Cpu
                | Self::Share
                | Self::Memory
                | Self::Io
                | Self::Progress
                | Self::Eta
        )
    }

    pub(crate) fn cut(self) -> Cut {
        match self {
            Self::Description => Cut::End(16),
            Self::Opaque | Self::Wait | Self::User | Self::Node => Cut::End(9),
            Self::Action => Cut::Beginning(18),
            _ => Cut::Never,
        }
    }

    /// The less, the sooner it is left out where there is no room.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Id => 17,
            Self::Action => 16,
            Self::Age => 15,
            Self::State => 14,
            Self::Description => 13,
            Self::Progress => 12,
            Self::Cpu => 11,
            Self::Opaque => 10,
            Self::Memory => 9,
            Self::User => 8,
            Self::Wait => 7,
            Self::Share => 6,
            Self::Eta => 5,
            Self::Io => 4,
            Self::Parent => 3,
            Self::Node => 2,
            Self::Type | Self::Cancellable => 1,
        }
    }

    /// The text of a cell, safe to print, of at most `most` characters.
    pub(crate) fn cell<T: Shown + ?Sized>(self, row: &Row<'_, T>, most: usize) -> String {
        let task = row.task;
        let text = match self {
            Self::State => return task.state().name().to_owned(),
            Self::Id => return format!("{}{}", row.branch, sanitise(&task.id().to_string())),
            Self::Age => return age(task.running_time()),
            Self::Cpu => return task.cpu_time().map_or(UNKNOWN.into(), age),
            Self::Memory => return task.memory().map_or(UNKNOWN.into(), size),
            Self::Share => return task.cpu_share().map_or(UNKNOWN.into(), count),
            Self::Io => return task.io_rate().map_or(UNKNOWN.into(), rate),
            Self::Progress => return progress(task),
            Self::Eta => return task.eta().map_or(UNKNOWN.into(), left),
            Self::Cancellable => return if task.cancellable() { "yes" } else { "no" }.to_owned(),
            Self::Action => Some(task.action()),
            Self::Node => row.node_name.or(Some(task.node())),
            Self::User => task.user(),
            Self::Wait => match task.wait() {
                Waits::Unknown => None,
                Waits::No => Some("-"),
                Waits::On(what) => Some(what),
            },
            Self::Opaque => task.opaque_id().or(Some("-")),
            Self::Type => Some(task.kind()),
            Self::Parent => task.parent_text().or(Some("-")),
            Self::Description => task.description(),
        };
        text.map_or(UNKNOWN.into(), |text| excerpt(text, most))
    }

    pub(crate) fn shade<T: Shown + ?Sized>(self, row: &Row<'_, T>) -> Shade {
        match (self, row.task.state()) {
            (Self::State, state) => state.shade(),
            (_, State::Cancelled) => Shade::Dim,
            _ => Shade::Plain,
        }
    }
}

/// `120M/s`.
fn rate(bytes: u64) -> String {
    format!("{}/s", size(bytes))
}

/// The middle of what is to be expected, and how far it may be off: `24s±6s`.
fn left(eta: Eta) -> String {
    let (low, high) = (eta.low.min(eta.high), eta.low.max(eta.high));
    let off = (high - low) / 2;
    let middle = age(Duration::from_millis(low.saturating_add(off)));
    match off {
        0..1_000 => middle,
        off => format!("{middle}±{}", age(Duration::from_millis(off))),
    }
}

fn progress<T: Shown + ?Sized>(task: &T) -> String {
    let Some(progress) = task.progress() else {
        return UNKNOWN.to_owned();
    };
    match progress.percent() {
        Some(percent) => format!("{}%", percent.trunc()),
        None => format!("{} {}", count(progress.done), sanitise(&progress.unit)),
    }
}
