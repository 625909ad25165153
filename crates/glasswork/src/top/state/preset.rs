//! The screens that a digit chooses: all tasks, or those in one state.

use crate::view::State as Doing;

/// Which tasks a screen shows, beside the filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::top) enum Preset {
    #[default]
    All,
    Running,
    Waiting,
    /// Told to stop and still there.
    Stopping,
    /// Those of them that are late.
    Overdue,
}

impl Preset {
    /// The screen of this digit.
    pub(super) fn of(digit: char) -> Option<Self> {
        Some(match digit {
            '0' => Self::All,
            '1' => Self::Running,
            '2' => Self::Waiting,
            '3' => Self::Stopping,
            '4' => Self::Overdue,
            _ => return None,
        })
    }

    pub(in crate::top) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Stopping => "stopping",
            Self::Overdue => "overdue",
        }
    }

    pub(super) fn holds(self, doing: Doing) -> bool {
        match self {
            Self::All => true,
            Self::Running => doing == Doing::Running,
            Self::Waiting => doing == Doing::Waiting,
            Self::Stopping => matches!(doing, Doing::Cancelled | Doing::Overdue),
            Self::Overdue => doing == Doing::Overdue,
        }
    }
}
