//! What comes first in a list.

use super::{Row, Shown};
use std::{cmp::Ordering, str::FromStr};

/// An order of rows; rows that are equal in it come by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    key: Key,
    descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Id,
    Action,
    Node,
    State,
    Age,
    Cpu,
    Memory,
    Progress,
}

impl Sort {
    /// The oldest first.
    pub(crate) const OLDEST: Self = Self {
        key: Key::Age,
        descending: true,
    };
}

impl Sort {
    /// By these, one after the other, `glasswork top` sorts; the same as text.
    const NAMES: [(Key, &str); 8] = [
        (Key::Age, "age"),
        (Key::Cpu, "cpu"),
        (Key::Memory, "memory"),
        (Key::Progress, "progress"),
        (Key::State, "state"),
        (Key::Action, "action"),
        (Key::Node, "node"),
        (Key::Id, "id"),
    ];

    /// The order by the next column, or the one before, in the direction that is usual there.
    pub(crate) fn next(self, forwards: bool) -> Self {
        let places = Self::NAMES.len();
        let here = Self::NAMES.iter().position(|(key, _)| *key == self.key);
        let step = if forwards { 1 } else { places - 1 };
        let (key, _) = Self::NAMES[(here.unwrap_or(0) + step) % places];
        let descending = matches!(key, Key::Age | Key::Cpu | Key::Memory | Key::Progress);
        Self { key, descending }
    }

    /// The same order backwards.
    pub(crate) fn inverted(self) -> Self {
        Self {
            descending: !self.descending,
            ..self
        }
    }

    /// What it is sorted by, and whether the most comes first.
    pub(crate) fn told(self) -> (&'static str, bool) {
        let found = Self::NAMES.iter().find(|(key, _)| *key == self.key);
        (found.map_or("id", |(_, name)| name), self.descending)
    }
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, direction) = match text.split_once(':') {
            Some((name, direction)) => (name, Some(direction)),
            None => (text, None),
        };
        // What people look for is the most of something.
        let (key, most_first) = match name {
            "id" => (Key::Id, false),
            "action" => (Key::Action, false),
            "node" => (Key::Node, false),
            "state" => (Key::State, false),
            "age" => (Key::Age, true),
            "cpu" => (Key::Cpu, true),
            "mem" | "memory" => (Key::Memory, true),
            "progress" => (Key::Progress, true),
            _ => {
                return Err(
                    "rows are sorted by id, action, node, state, age, cpu, memory or progress"
                        .to_owned(),
                );
            }
        };
        let descending = match direction {
            None => most_first,
            Some("asc") => false,
            Some("desc") => true,
            Some(_) => return Err("a direction is asc or desc".to_owned()),
        };
        Ok(Self { key, descending })
    }
}

impl Sort {
    /// Puts rows into this order.
    pub(crate) fn apply<T: Shown + ?Sized>(self, rows: &mut [Row<'_, T>]) {
        rows.sort_by(|left, right| self.compare(left, right));
    }

    /// How two rows stand to each other. A row that does not know the quantity comes last either way.
    pub(crate) fn compare<T: Shown + ?Sized>(
        self,
        left: &Row<'_, T>,
        right: &Row<'_, T>,
    ) -> Ordering {
        let (a, b) = (left.task, right.task);
        let by_id = || (a.node(), a.number()).cmp(&(b.node(), b.number()));
        let ordering = match self.key {
            Key::Id => by_id(),
            Key::Action => a.action().cmp(b.action()),
            Key::Node => (left.node_name, a.node()).cmp(&(right.node_name, b.node())),
            Key::State => a.state().cmp(&b.state()),
            Key::Age => a.running_time().cmp(&b.running_time()),
            Key::Cpu => {
                return self.known(a.cpu_time(), b.cpu_time()).then_with(by_id);
            }
            Key::Memory => {
                return self.known(a.memory(), b.memory()).then_with(by_id);
            }
            Key::Progress => {
                let permille = |task: &T| {
                    let percent = task.progress()?.percent()?;
                    #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1000")]
                    Some((percent * 10.0) as i64)
                };
                return self.known(permille(a), permille(b)).then_with(by_id);
            }
        };
        let ordering = if self.descending {
            ordering.reverse()
        } else {
            ordering
        };
        ordering.then_with(by_id)
    }

    fn known<T: Ord>(self, left: Option<T>, right: Option<T>) -> Ordering {
        match (left, right) {
            (Some(left), Some(right)) if self.descending => right.cmp(&left),
            (Some(left), Some(right)) => left.cmp(&right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glasswork_client::Task;
    use serde_json::json;

    fn order(sort: &str, tasks: &[Task]) -> Vec<i64> {
        let mut rows: Vec<Row<'_, Task>> = tasks.iter().map(|task| Row::of(task, None)).collect();
        sort.parse::<Sort>().expect(sort).apply(&mut rows);
        rows.iter().map(|row| row.task.number).collect()
    }

    #[test]
    fn unknown_quantities_come_last_whichever_way() {
        let cpu = |nanos: u64| json!({"total": {"cpu_time_in_nanos": nanos}, "thread_info": {"thread_executions": 1}});
        let tasks: Vec<Task> = [
            json!({"node": "n", "id": 1, "action": "c", "running_time_in_nanos": 5}),
            json!({"node": "n", "id": 2, "action": "b", "running_time_in_nanos": 9, "resource_stats": cpu(7)}),
            json!({"node": "n", "id": 3, "action": "a", "running_time_in_nanos": 7, "resource_stats": cpu(8)}),
        ]
        .into_iter()
        .map(|task| serde_json::from_value(task).expect("a task"))
        .collect();
        assert_eq!(order("cpu", &tasks), [3, 2, 1]);
        assert_eq!(order("cpu:asc", &tasks), [2, 3, 1]);
        assert_eq!(order("age", &tasks), [2, 3, 1]);
        assert_eq!(order("age:asc", &tasks), [1, 3, 2]);
        assert_eq!(order("action", &tasks), [3, 2, 1]);
        assert_eq!(order("id:desc", &tasks), [3, 2, 1]);
        assert!("size".parse::<Sort>().is_err() && "age:up".parse::<Sort>().is_err());
    }
}
