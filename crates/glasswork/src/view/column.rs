//! The columns of a table of tasks.

use super::{Row, Shade, State, UNKNOWN, age, count, size};
use clap::ValueEnum;
use glasswork_client::{excerpt, sanitise};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    State,
    Id,
    Action,
    Age,
    Cpu,
    #[value(alias = "mem")]
    Memory,
    Progress,
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

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::State => "STATE",
            Self::Id => "ID",
            Self::Action => "ACTION",
            Self::Age => "AGE",
            Self::Cpu => "CPU",
            Self::Memory => "MEM",
            Self::Progress => "PROGRESS",
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
        matches!(self, Self::Age | Self::Cpu | Self::Memory | Self::Progress)
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
            Self::Id => 14,
            Self::Action => 13,
            Self::Age => 12,
            Self::State => 11,
            Self::Description => 10,
            Self::Progress => 9,
            Self::Cpu => 8,
            Self::Opaque => 7,
            Self::Memory => 6,
            Self::User => 5,
            Self::Wait => 4,
            Self::Parent => 3,
            Self::Node => 2,
            Self::Type | Self::Cancellable => 1,
        }
    }

    /// The text of a cell, safe to print, of at most `most` characters.
    pub(crate) fn cell(self, row: &Row<'_>, most: usize) -> String {
        let task = row.task;
        let extended = task.glasswork.as_deref();
        let text = match self {
            Self::State => return State::of(task).name().to_owned(),
            Self::Id => return format!("{}{}", row.branch, sanitise(&task.id().to_string())),
            Self::Age => return age(task.running_time()),
            Self::Cpu => return task.cpu_time().map_or(UNKNOWN.into(), age),
            Self::Memory => return task.memory().map_or(UNKNOWN.into(), size),
            Self::Progress => return progress(row),
            Self::Cancellable => return if task.cancellable { "yes" } else { "no" }.to_owned(),
            Self::Action => Some(task.action.as_str()),
            Self::Node => row.node_name.or(Some(&task.node)),
            Self::User => extended.and_then(|extended| extended.user.as_deref()),
            Self::Wait => match extended {
                None => None,
                Some(extended) => extended
                    .wait
                    .as_ref()
                    .map_or(Some("-"), |wait| Some(&wait.on)),
            },
            Self::Opaque => task.opaque_id().or(Some("-")),
            Self::Type => Some(task.kind.as_str()),
            Self::Parent => task.parent_task_id.as_deref().or(Some("-")),
            Self::Description => task.description.as_deref(),
        };
        text.map_or(UNKNOWN.into(), |text| excerpt(text, most))
    }

    pub(crate) fn shade(self, row: &Row<'_>) -> Shade {
        match (self, State::of(row.task)) {
            (Self::State, state) => state.shade(),
            (_, State::Cancelled) => Shade::Dim,
            _ => Shade::Plain,
        }
    }
}

fn progress(row: &Row<'_>) -> String {
    let Some(progress) = row.task.progress() else {
        return UNKNOWN.to_owned();
    };
    match progress.percent() {
        Some(percent) => format!("{}%", percent.trunc()),
        None => format!("{} {}", count(progress.done), sanitise(&progress.unit)),
    }
}
