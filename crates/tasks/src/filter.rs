//! Which tasks are meant: the questions of a list, a cancel or a watch.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Pattern, TaskId};

/// All questions must be answered with yes; those not asked are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// One of these fits the action's name; none = any action.
    pub actions: Vec<Pattern>,
    /// The direct parent.
    pub parent: Option<TaskId>,
    /// The task at the top: it and everything below it.
    pub root: Option<TaskId>,
    /// Tasks at or below `root` that have children on other nodes: what is below these is below it, too. A registry knows its
    /// own tasks only; who asks several nodes finds these out first (see [`crate::Registry::below_these`]).
    pub branches: Vec<TaskId>,
    /// Fits the `X-Opaque-Id`.
    pub opaque_id: Option<Pattern>,
    /// The user who asked for it.
    pub user: Option<Arc<str>>,
    /// Whether it was cancelled.
    pub cancelled: Option<bool>,
    /// Whether it can be cancelled.
    pub cancellable: Option<bool>,
    /// Whether it outlived what its action promises after a cancel.
    pub overdue: Option<bool>,
    /// It is at least so old.
    pub min_running: Option<Duration>,
    /// Internal background work too.
    pub internal: bool,
    /// In which order.
    pub sort: Sort,
    /// At most so many.
    pub size: Option<usize>,
    /// Those after a place where an earlier list was cut.
    pub after: Option<Cursor>,
}

/// Order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// What it goes by.
    pub by: Key,
    /// The greatest first.
    pub descending: bool,
}

/// What a list can go by. Equal ones go by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// The number, that is the age.
    #[default]
    Id,
    /// How long it runs.
    RunningTime,
    /// CPU time used.
    Cpu,
    /// Memory held.
    Memory,
    /// Name of the action.
    Action,
}

impl FromStr for Sort {
    type Err = BadSort;

    /// Reads `cpu`, `cpu:asc` or `cpu:desc`.
    fn from_str(text: &str) -> Result<Self, BadSort> {
        let (key, direction) = text.split_once(':').unwrap_or((text, "asc"));
        let by = match key {
            "id" => Key::Id,
            "running_time" => Key::RunningTime,
            "cpu" => Key::Cpu,
            "memory" => Key::Memory,
            "action" => Key::Action,
            _ => return Err(BadSort(text.to_owned())),
        };
        match direction {
            "asc" => Ok(Self {
                by,
                descending: false,
            }),
            "desc" => Ok(Self {
                by,
                descending: true,
            }),
            _ => Err(BadSort(text.to_owned())),
        }
    }
}

/// No order that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "[sort] must be one of [id], [running_time], [cpu], [memory], [action], with [:asc] or [:desc], but was [{0}]"
)]
pub struct BadSort(String);

/// Where a list was cut: value of the sort key and number of the last task shown. It stays good while tasks come and go:
/// a task that lives through both lists is in exactly one of them (as far as its key does not change).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub(crate) key: KeyValue,
    pub(crate) number: u64,
}

/// A task's value under a sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum KeyValue {
    Number(u64),
    Name(Arc<str>),
}

impl Cursor {
    /// Begins behind the task of this number, in the order of numbers.
    #[must_use]
    pub fn behind(number: u64) -> Self {
        Self {
            key: KeyValue::Number(number),
            number,
        }
    }

    /// Behind all tasks of another registry that have the same value under the key.
    #[must_use]
    pub fn behind_equals(&self, sort: Sort) -> Self {
        let number = if sort.descending { 0 } else { u64::MAX };
        Self {
            key: self.key.clone(),
            number,
        }
    }

    /// Before all tasks of another registry that have the same value under the key.
    #[must_use]
    pub fn before_equals(&self, sort: Sort) -> Self {
        let number = if sort.descending { u64::MAX } else { 0 };
        Self {
            key: self.key.clone(),
            number,
        }
    }

    /// The order of the keys alone.
    #[must_use]
    pub fn compare_keys(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }

    /// The order of the numbers alone.
    #[must_use]
    pub fn compare_numbers(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            KeyValue::Number(key) => write!(f, "{}.n{key}", self.number),
            KeyValue::Name(key) => write!(f, "{}.t{key}", self.number),
        }
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let read = || {
            let (number, key) = text.split_once('.')?;
            let key = match key.split_at_checked(1)? {
                ("n", key) => KeyValue::Number(key.parse().ok()?),
                ("t", key) => KeyValue::Name(key.into()),
                _ => return None,
            };
            Some(Self {
                key,
                number: number.parse().ok()?,
            })
        };
        read().ok_or_else(|| BadCursor(text.to_owned()))
    }
}

/// A text that no list gave as its cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[after] is not a cursor: [{0}]")]
pub struct BadCursor(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_written() {
        for cursor in [
            Cursor::behind(7),
            Cursor {
                key: KeyValue::Name("a.b:c".into()),
                number: 3,
            },
        ] {
            assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }
        for text in ["", "7", "7.", "7.x1", "x.n1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_sort_names_key_and_direction() {
        assert_eq!(
            "cpu:desc".parse::<Sort>().unwrap(),
            Sort {
                by: Key::Cpu,
                descending: true
            }
        );
        assert!("cpu:up".parse::<Sort>().is_err());
        assert!("colour".parse::<Sort>().is_err());
    }
}
