//! Names of nodes and tasks: `<node id>:<number>` is how a task is called from anywhere.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// The id of a node (a process that has a registry): any text without `:`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// Takes `text` as the id of a node.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for NodeId {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// The id of a task, unique over all nodes and for ever.
///
/// ```
/// use glasswork_tasks::TaskId;
/// let id: TaskId = "oTUltX4IQMOUUVeiohTt8A:464".parse()?;
/// assert_eq!((id.node.as_str(), id.number), ("oTUltX4IQMOUUVeiohTt8A", 464));
/// assert_eq!(id.to_string(), "oTUltX4IQMOUUVeiohTt8A:464");
/// assert_eq!(TaskId::parse("unset")?, None);
/// # Ok::<(), glasswork_tasks::MalformedTaskId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskId {
    /// The node on which the task runs.
    pub node: NodeId,
    /// The task's number there. Registries give out 1 to 2^53; an id that was parsed may hold any 64-bit number (a
    /// negative one as its two's complement), which then simply names no task.
    pub number: u64,
}

impl TaskId {
    /// Puts an id together.
    #[must_use]
    pub fn new(node: NodeId, number: u64) -> Self {
        Self { node, number }
    }

    /// Reads `node:number`. The empty text, `unset` and any `node:-1` mean "no id".
    ///
    /// # Errors
    /// No colon, or what follows the first colon is no 64-bit number.
    pub fn parse(text: &str) -> Result<Option<Self>, MalformedTaskId> {
        if text.is_empty() || text == "unset" {
            return Ok(None);
        }
        let malformed = |not_a_number: Option<&str>| MalformedTaskId {
            text: text.to_owned(),
            not_a_number: not_a_number.map(str::to_owned),
        };
        let Some((node, number)) = text.split_once(':') else {
            return Err(malformed(None));
        };
        match number.parse::<i64>() {
            Ok(-1) => Ok(None),
            Ok(number) => Ok(Some(Self::new(NodeId::new(node), number.cast_unsigned()))),
            Err(_) => Err(malformed(Some(number))),
        }
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.node, self.number.cast_signed())
    }
}

impl FromStr for TaskId {
    type Err = MalformedTaskId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)?.ok_or_else(|| MalformedTaskId {
            text: text.to_owned(),
            not_a_number: None,
        })
    }
}

/// A text that should be a task's id and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed task id {text}")]
pub struct MalformedTaskId {
    /// The whole text.
    pub text: String,
    /// What follows the first colon, when that is the trouble.
    pub not_a_number: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_divides_an_id() {
        assert_eq!(
            TaskId::parse("a:b:c").unwrap_err().not_a_number.as_deref(),
            Some("b:c")
        );
        assert_eq!(TaskId::parse(":1").unwrap().unwrap().node.as_str(), "");
        assert_eq!(
            TaskId::parse("foo").unwrap_err().to_string(),
            "malformed task id foo"
        );
        assert_eq!(TaskId::parse("-1").unwrap_err().not_a_number, None);
        assert!(TaskId::parse("N:99999999999999999999").is_err());
    }

    #[test]
    fn no_id_has_three_spellings() {
        for text in ["", "unset", "x:-1"] {
            assert_eq!(TaskId::parse(text), Ok(None));
        }
    }

    #[test]
    fn a_negative_number_is_shown_as_it_was_written() {
        assert_eq!(TaskId::parse("x:-5").unwrap().unwrap().to_string(), "x:-5");
    }
}
