//! Make a long operation slower or faster; halt it and let it go on.

use crate::{Client, Error, TaskId, TaskList, url::Target};
use http::Method;
use std::{fmt, time::Duration};

/// Documents a second that a reindex, update by query or delete by query may do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(f32);

impl Rate {
    /// As fast as it can.
    pub const UNLIMITED: Self = Self(-1.0);

    /// This many documents a second; `None` unless it is a positive number.
    #[must_use]
    pub fn per_second(documents: f32) -> Option<Self> {
        (documents.is_finite() && documents > 0.0).then_some(Self(documents))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::UNLIMITED {
            formatter.write_str("-1")
        } else {
            write!(formatter, "{}", self.0)
        }
    }
}

impl Client {
    /// Changes the rate of a running reindex, update by query or delete by query. The answer's task shows the new one;
    /// a task that is gone is in `node_failures`, one of another kind in `task_failures`.
    ///
    /// # Errors
    /// When there is no good answer.
    pub async fn rethrottle(&self, id: &TaskId, rate: Rate) -> Result<TaskList, Error> {
        // The three paths do the same whatever the task's kind.
        let target = Target::new(&["_reindex", &id.to_string(), "_rethrottle"])
            .with("requests_per_second", &rate.to_string());
        self.tasks(Method::POST, &target, Duration::ZERO).await
    }

    /// Halts a durable operation; it holds no thread until it is resumed. Only Glasswork has this. A task that is gone is in
    /// `node_failures`, one that can't be halted in `task_failures`.
    ///
    /// # Errors
    /// When the server doesn't have it, or there is no good answer.
    pub async fn pause(&self, id: &TaskId) -> Result<TaskList, Error> {
        self.needs_glasswork("pausing a task").await?;
        let target = Target::new(&["_tasks", &id.to_string(), "_pause"]);
        self.tasks(Method::POST, &target, Duration::ZERO).await
    }

    /// Lets a paused operation go on. Only Glasswork has this.
    ///
    /// # Errors
    /// As [`Client::pause`].
    pub async fn resume(&self, id: &TaskId) -> Result<TaskList, Error> {
        self.needs_glasswork("resuming a task").await?;
        let target = Target::new(&["_tasks", &id.to_string(), "_resume"]);
        self.tasks(Method::POST, &target, Duration::ZERO).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_positive_or_without_limit() {
        assert_eq!(Rate::UNLIMITED.to_string(), "-1");
        assert_eq!(
            Rate::per_second(500.0)
                .map(|rate| rate.to_string())
                .as_deref(),
            Some("500")
        );
        for bad in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(Rate::per_second(bad), None);
        }
    }
}
