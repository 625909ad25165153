//! One look at a task that is followed: how far it and its slices are.

use glasswork_client::{
    ByQueryStatus, Client, Error, ListOptions, SliceStatus, Task, TaskAnswer, TaskId,
};
use serde_json::{Value, json};

/// What one look saw.
pub(super) struct Look {
    pub(super) answer: TaskAnswer,
    pub(super) slices: Vec<Slice>,
    pub(super) done: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) unit: String,
}

/// A slice of a sliced operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) done: u64,
    pub(super) total: Option<u64>,
    pub(super) end: End,
}

/// Whether a slice has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Runs,
    Ended,
    Failed(String),
}

impl Look {
    /// Looks at a task, and at its slices where it has some that run.
    pub(super) async fn take(client: &Client, id: &TaskId) -> Result<Self, Error> {
        let answer = client.get(id).await?;
        let status = answer.task.by_query_status();
        let runs = |status: &ByQueryStatus| status.slices.iter().any(Option::is_none);
        let children = match &status {
            Some(status) if !answer.completed && runs(status) => {
                client
                    .list(&ListOptions::new().children_of(id.clone()).detailed())
                    .await?
                    .tasks
            }
            _ => Vec::new(),
        };
        Ok(Self::of(answer, &children))
    }

    fn of(answer: TaskAnswer, children: &[Task]) -> Self {
        let status = answer.task.by_query_status();
        let slices = status
            .as_ref()
            .map(|status| slices(status, children))
            .unwrap_or_default();
        let progress = answer.task.progress();
        let (done, total, unit) = match progress {
            _ if !slices.is_empty() => {
                let done = slices
                    .iter()
                    .fold(0_u64, |sum, slice| sum.saturating_add(slice.done));
                // Known only when each slice's search has answered.
                let total = slices
                    .iter()
                    .try_fold(0_u64, |sum, slice| Some(sum.saturating_add(slice.total?)));
                (Some(done), total, "docs".to_owned())
            }
            Some(progress) => (Some(progress.done), progress.total, progress.unit),
            None => (None, None, String::new()),
        };
        Self {
            answer,
            slices,
            done,
            total,
            unit,
        }
    }

    /// The rate it is held to, where it is.
    pub(super) fn limit(&self) -> Option<f64> {
        let limit = self.answer.task.by_query_status()?.requests_per_second;
        (limit.is_finite() && limit > 0.0).then_some(limit)
    }

    /// The look as a line of JSON.
    pub(super) fn json(&self, rate: Option<f64>, left_in_millis: Option<u64>) -> Value {
        let slice = |slice: &Slice| {
            let ended = slice.end != End::Runs;
            match &slice.end {
                End::Failed(reason) => {
                    json!({"done": slice.done, "total": slice.total, "ended": ended, "failed": reason})
                }
                _ => json!({"done": slice.done, "total": slice.total, "ended": ended}),
            }
        };
        let task = &self.answer.task;
        json!({
            "id": task.id().to_string(), "completed": self.answer.completed, "cancelled": task.cancelled,
            "running_time_in_nanos": task.running_time_in_nanos, "done": self.done, "total": self.total, "unit": self.unit,
            "rate_per_second": rate, "eta_in_millis": left_in_millis,
            "slices": self.slices.iter().map(slice).collect::<Vec<_>>(),
        })
    }
}

fn slices(status: &ByQueryStatus, children: &[Task]) -> Vec<Slice> {
    let of = |status: &ByQueryStatus, end| Slice {
        done: status.done(),
        total: (status.total > 0 || end == End::Ended).then_some(status.total),
        end,
    };
    let running: Vec<ByQueryStatus> = children.iter().filter_map(Task::by_query_status).collect();
    let slice = |(number, slice): (usize, &Option<SliceStatus>)| match slice {
        Some(SliceStatus::Done(status)) => of(status, End::Ended),
        Some(SliceStatus::Failed { r#type, reason }) => Slice {
            done: 0,
            total: None,
            end: End::Failed(reason.clone().unwrap_or_else(|| r#type.clone())),
        },
        None => match running
            .iter()
            .find(|status| status.slice_id == Some(number as u64))
        {
            Some(status) => of(status, End::Runs),
            None => Slice {
                done: 0,
                total: None,
                end: End::Runs,
            },
        },
    };
    status.slices.iter().enumerate().map(slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_that_run_are_read_from_their_own_tasks() {
        let status = |done: u64, total: u64| json!({"total": total, "created": done, "batches": 1, "version_conflicts": 0, "requests_per_second": 2.5});
        let mut leader = status(20, 20);
        leader["slices"] = json!([null, status(20, 20), {"type": "t", "reason": "broken"}, null]);
        let answer = json!({"completed": false, "task": {"node": "n", "id": 1, "status": leader}});
        let mut running = status(7, 30);
        running["slice_id"] = json!(0);
        let child = json!({"node": "m", "id": 9, "parent_task_id": "n:1", "status": running});
        let read = |value: Value| serde_json::from_value(value).expect("a task");
        let answer = serde_json::from_value(answer).expect("an answer");
        let look = Look::of(answer, &[read(child)]);
        assert_eq!(
            (look.done, look.total, look.limit()),
            (Some(27), None, Some(2.5))
        );
        let ends: Vec<_> = look
            .slices
            .iter()
            .map(|slice| (slice.done, slice.total, slice.end.clone()))
            .collect();
        assert_eq!(
            ends,
            [
                (7, Some(30), End::Runs),
                (20, Some(20), End::Ended),
                (0, None, End::Failed("broken".into())),
                (0, None, End::Runs)
            ]
        );
    }

    #[test]
    fn a_task_that_tells_no_progress_has_none() {
        let answer = json!({"completed": false, "task": {"node": "n", "id": 1, "status": {"phase": "primary"}}});
        let look = Look::of(serde_json::from_value(answer).expect("an answer"), &[]);
        assert_eq!((look.done, look.total, look.slices.len()), (None, None, 0));
    }
}
