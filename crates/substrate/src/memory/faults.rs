//! What goes wrong in a [`World`](super::World).

use std::time::Duration;

/// How often calls go wrong: each a probability from 0 (never, the default) to 1 (always).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Each call of a store and each message takes up to this long.
    pub delay: Duration,
    /// A call of a store is refused: nothing happens.
    pub unavailable: f64,
    /// A change answers `Unknown`. A third of these have landed, a third will land in a moment, a third never do.
    pub unknown: f64,
    /// A read shows an earlier state.
    pub stale: f64,
    /// A request never reaches its node.
    pub request_lost: f64,
    /// A request runs and its reply is lost.
    pub reply_lost: f64,
}

/// What becomes of one change of a store, planned by a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It works.
    Lands,
    /// It lands, and the writer is told `Unknown`.
    UnknownLanded,
    /// The writer is told `Unknown`; it lands before the next call but one.
    UnknownLandsLate,
    /// The writer is told `Unknown`; it never lands.
    UnknownLost,
    /// It is refused.
    Unavailable,
}

/// What goes wrong at one place, planned by a test.
#[derive(Default)]
pub(super) struct Traps {
    keys: Vec<KeyTrap>,
    /// Node and action.
    replies: Vec<(String, String)>,
}

/// A node dies of a change of such a key.
struct KeyTrap {
    node: String,
    prefix: String,
    suffix: String,
    /// How many land before.
    before: u32,
}

impl Traps {
    pub(super) fn crash_at_key(&mut self, node: &str, (prefix, suffix): (&str, &str), before: u32) {
        self.keys.push(KeyTrap {
            node: node.to_owned(),
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            before,
        });
    }

    pub(super) fn lose_reply(&mut self, node: &str, action: &str) {
        self.replies.push((node.to_owned(), action.to_owned()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.replies.is_empty()
    }

    /// Whether the node dies of this change.
    pub(super) fn kills(&mut self, node: &str, key: &str) -> bool {
        let fits = |trap: &KeyTrap| {
            trap.node == node && key.starts_with(&trap.prefix) && key.ends_with(&trap.suffix)
        };
        let Some(at) = self.keys.iter().position(fits) else {
            return false;
        };
        match &mut self.keys[at].before {
            0 => {
                self.keys.remove(at);
                true
            }
            before => {
                *before -= 1;
                false
            }
        }
    }

    /// Whether this reply is lost.
    pub(super) fn loses(&mut self, node: &str, action: &str) -> bool {
        let fits = |trap: &(String, String)| trap.0 == node && trap.1 == action;
        let found = self.replies.iter().position(fits);
        found.map(|at| self.replies.remove(at)).is_some()
    }
}
