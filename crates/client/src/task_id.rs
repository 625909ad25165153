//! The name of a task.

use std::{fmt, str::FromStr};

/// `node:number`: the node on which a task runs and its number there.
///
/// A node's id may hold any character but `:`; it is escaped where it goes into a path.
///
/// ```
/// use glasswork_client::TaskId;
/// let id: TaskId = "oTUltX4IQMOUUVeiohTt8A:12345".parse()?;
/// assert_eq!((id.node.as_str(), id.number), ("oTUltX4IQMOUUVeiohTt8A", 12345));
/// assert!("12345".parse::<TaskId>().is_err());
/// # Ok::<(), glasswork_client::MalformedTaskId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId {
    /// The node's id.
    pub node: String,
    /// The number, counted by the node from its start.
    pub number: i64,
}

/// A text that names no task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no task id: one looks like `oTUltX4IQMOUUVeiohTt8A:12345`", crate::excerpt(.0, 100))]
pub struct MalformedTaskId(pub String);

impl FromStr for TaskId {
    type Err = MalformedTaskId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || MalformedTaskId(text.to_owned());
        let (node, number) = text.split_once(':').ok_or_else(malformed)?;
        let number = number.parse().map_err(|_| malformed())?;
        if node.is_empty() || number < 0 {
            return Err(malformed());
        }
        Ok(Self {
            node: node.to_owned(),
            number,
        })
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.node, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_needs_a_node_and_a_number() {
        for bad in [
            "",
            "n",
            "n:",
            ":1",
            "n:x",
            "n:1:2",
            "n:-1",
            "n:99999999999999999999",
        ] {
            assert!(bad.parse::<TaskId>().is_err(), "{bad}");
        }
        let odd: TaskId = "a/b?c d:7"
            .parse()
            .expect("any character may be in a node's id");
        assert_eq!(odd.to_string(), "a/b?c d:7");
    }
}
