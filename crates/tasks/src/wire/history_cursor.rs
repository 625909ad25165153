//! Where a page of the past was cut.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{EndedTask, NodeId, TaskId};

/// The last task of a page: when it ended, and which it was. Good as long as tasks are remembered: those that end later
/// come before it and are not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryCursor {
    ended_millis: i64,
    task: TaskId,
}

impl HistoryCursor {
    /// Behind this task.
    #[must_use]
    pub fn at(ended: &EndedTask) -> Self {
        Self {
            ended_millis: ended.ended_millis,
            task: ended.task.id.clone(),
        }
    }

    /// The end and the number behind which the tasks of `node` come that were not shown yet.
    #[must_use]
    pub fn on(&self, node: &NodeId) -> (i64, u64) {
        // Of those that ended in the same millisecond, the nodes come in order.
        let number = match node.cmp(&self.task.node) {
            Ordering::Less => 0,
            Ordering::Equal => self.task.number,
            Ordering::Greater => u64::MAX,
        };
        (self.ended_millis, number)
    }
}

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.ended_millis, self.task)
    }
}

/// A text that no page of the past gave as its cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[after] must be the [next] of an earlier page but was [{0}]")]
pub struct BadHistoryCursor(String);

impl FromStr for HistoryCursor {
    type Err = BadHistoryCursor;

    fn from_str(text: &str) -> Result<Self, BadHistoryCursor> {
        let read = || {
            let (millis, task) = text.split_once('@')?;
            Some(Self {
                ended_millis: millis.parse().ok()?,
                task: TaskId::parse(task).ok()??,
            })
        };
        read().ok_or_else(|| BadHistoryCursor(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_being_written() {
        let cursor = HistoryCursor {
            ended_millis: 17,
            task: TaskId::new("n:1".into(), 4),
        };
        let plain = HistoryCursor {
            ended_millis: 17,
            task: TaskId::new("n1".into(), 4),
        };
        assert_eq!(plain.to_string().parse(), Ok(plain));
        assert!(cursor.to_string().parse::<HistoryCursor>().is_err());
        for text in ["", "17", "17@", "x@n1:4", "17@n1:x", "17@unset"] {
            assert!(text.parse::<HistoryCursor>().is_err(), "{text}");
        }
    }
}
