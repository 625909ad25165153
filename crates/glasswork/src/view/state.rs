//! What a task is doing, in a word.

use super::Shade;
use glasswork_client::Task;

/// What a task is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// It was told to stop and should have by now (Glasswork says so).
    Overdue,
    /// It was told to stop and is still there.
    Cancelled,
    /// It waits: for a pool, for its rate, for being resumed.
    Waiting,
    /// Anything else: every server says at least that it is there.
    Running,
}

impl State {
    /// The state of a listed task.
    pub(crate) fn of(task: &Task) -> Self {
        let extended = task.glasswork.as_deref();
        if extended
            .and_then(|extended| extended.cancel.as_ref())
            .is_some_and(|cancel| cancel.overdue)
        {
            return Self::Overdue;
        }
        if task.cancelled {
            return Self::Cancelled;
        }
        let sleeps = || {
            let left = task
                .status
                .as_ref()
                .map(|status| &status["throttled_until_millis"]);
            left.and_then(serde_json::Value::as_i64)
                .is_some_and(|millis| millis > 0)
        };
        if extended.is_some_and(|extended| extended.wait.is_some()) || sleeps() {
            return Self::Waiting;
        }
        Self::Running
    }

    /// The state of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Running, Self::Waiting, Self::Cancelled, Self::Overdue]
            .into_iter()
            .find(|state| state.name() == name)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Cancelled => "cancelled",
            Self::Overdue => "overdue",
        }
    }

    /// How it is coloured.
    pub(crate) fn shade(self) -> Shade {
        match self {
            Self::Running => Shade::Plain,
            Self::Waiting => Shade::Yellow,
            Self::Cancelled => Shade::Dim,
            Self::Overdue => Shade::Alarm,
        }
    }
}
