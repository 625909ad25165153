//! How far a task is: read from the status of reindex, update by query and delete by query, which every OpenSearch tells, or from
//! what Glasswork tells of any task.

use crate::Task;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all, where that is known.
    pub total: Option<u64>,
    /// What is counted.
    pub unit: String,
}

impl Progress {
    /// From 0 to 100; `None` where the total is not known.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        let total = self.total.filter(|total| *total > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "a percentage needs no 53 bits")]
        let percent = self.done.min(total) as f64 * 100.0 / total as f64;
        Some(percent)
    }
}

/// The status of reindex, update by query and delete by query.
///
/// The task above sliced ones counts only slices that have ended; what running slices did is in their own tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ByQueryStatus {
    /// Which slice this is, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice_id: Option<u64>,
    /// Documents that the search matched; 0 until it answered.
    pub total: u64,
    /// Documents updated.
    pub updated: u64,
    /// Documents created.
    pub created: u64,
    /// Documents deleted.
    pub deleted: u64,
    /// Pages of the search read.
    pub batches: u64,
    /// Documents left alone because they had changed meanwhile.
    pub version_conflicts: u64,
    /// Documents that a script left as they were.
    pub noops: u64,
    /// What was tried again.
    pub retries: Retries,
    /// Milliseconds slept to keep the rate.
    pub throttled_millis: i64,
    /// Documents a second that it may do; −1 is without limit.
    pub requests_per_second: f64,
    /// Why it was cancelled, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canceled: Option<String>,
    /// Milliseconds of the present sleep that are left.
    pub throttled_until_millis: i64,
    /// Its slices; `None` for one that runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<Option<SliceStatus>>,
}

/// What was tried again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retries {
    /// Writes.
    pub bulk: u64,
    /// Reads.
    pub search: u64,
}

/// How a slice ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SliceStatus {
    /// It failed.
    Failed {
        /// The error's type.
        r#type: String,
        /// The error's reason.
        reason: Option<String>,
    },
    /// It did this much.
    Done(Box<ByQueryStatus>),
}

impl ByQueryStatus {
    /// Documents that are dealt with.
    #[must_use]
    pub fn done(&self) -> u64 {
        [
            self.updated,
            self.created,
            self.deleted,
            self.version_conflicts,
            self.noops,
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// How far it is; without a total until the search answered.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            done: self.done(),
            total: (self.total > 0).then_some(self.total),
            unit: "docs".to_owned(),
        }
    }

    /// Reads a status or a stored response; `None` for one of another kind of operation.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        if !["total", "batches", "version_conflicts"]
            .iter()
            .all(|key| object.contains_key(*key))
        {
            return None;
        }
        serde_json::from_value(value.clone()).ok()
    }
}

impl Task {
    /// The status of a reindex, update by query or delete by query.
    #[must_use]
    pub fn by_query_status(&self) -> Option<ByQueryStatus> {
        ByQueryStatus::read(self.status.as_ref()?)
    }

    /// How far it is, where the server says so. A task whose slices run does not know: they do, in their own tasks.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        if let Some(progress) = self
            .glasswork
            .as_ref()
            .and_then(|extended| extended.progress.as_ref())
        {
            return Some(Progress {
                done: progress.done,
                total: progress.total,
                unit: progress.unit.clone(),
            });
        }
        if let Some(status) = self.by_query_status() {
            let slices_run = status.slices.iter().any(Option::is_none);
            return (!slices_run).then(|| status.progress());
        }
        let status = self.status.as_ref()?;
        Some(Progress {
            done: status["resyncedOperations"].as_u64()?,
            total: status["totalOperations"].as_u64(),
            unit: "operations".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status() -> Value {
        json!({"total": 60, "updated": 0, "created": 10, "deleted": 0, "batches": 2, "version_conflicts": 1, "noops": 4,
            "retries": {"bulk": 0, "search": 0}, "throttled_millis": 0, "requests_per_second": 5.0, "throttled_until_millis": 980})
    }

    #[test]
    fn a_status_tells_how_far_it_is() {
        let read = ByQueryStatus::read(&status()).expect("a by-query status");
        let progress = read.progress();
        assert_eq!(
            (progress.done, progress.total, progress.percent()),
            (15, Some(60), Some(25.0))
        );
        assert_eq!(ByQueryStatus::read(&json!({"phase": "primary"})), None);
    }

    #[test]
    fn slices_run_fail_or_are_done() {
        let mut leader = status();
        leader["slices"] = json!([null, status(), {"type": "task_cancelled_exception", "reason": "by user request"}]);
        let slices = ByQueryStatus::read(&leader)
            .expect("a by-query status")
            .slices;
        assert!(slices[0].is_none());
        let task = Task {
            status: Some(leader),
            ..Task::default()
        };
        assert_eq!(task.progress(), None);
        assert!(matches!(&slices[1], Some(SliceStatus::Done(status)) if status.done() == 15));
        assert!(
            matches!(&slices[2], Some(SliceStatus::Failed { r#type, .. }) if r#type == "task_cancelled_exception")
        );
    }

    #[test]
    fn a_total_that_is_not_known_is_no_zero() {
        let progress = ByQueryStatus::default().progress();
        assert_eq!((progress.total, progress.percent()), (None, None));
    }
}
