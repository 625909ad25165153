//! What became of tasks that have ended.

use serde::{Deserialize, Serialize};

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Succeeded,
    Failed {
        kind: Box<str>,
        reason: Box<str>,
    },
    /// Its guard was dropped without a word.
    Dropped,
}

impl Ending {
    pub(crate) fn panicked() -> Self {
        Self::Failed {
            kind: "panic".into(),
            reason: "the operation panicked".into(),
        }
    }
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// With an answer.
    Succeeded,
    /// With an error, or in a panic.
    Failed,
    /// After it was cancelled, whatever it answered.
    Cancelled,
    /// Given up without an answer.
    Lost,
}
