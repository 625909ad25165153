//! The by-query operations that run on this node: what each counts, at what pace, and how its by-query slices fare. Lists ask here,
//! and rethrottling finds what it is to change.

use glasswork_content::Failure;
use glasswork_tasks::{Form, Status, Task};
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

use super::{
    status::{ByQueryStatus, Figures},
    throttle::{Throttle, UNLIMITED},
};
use crate::Node;

/// The operations of one node by the number of their task.
#[derive(Default)]
pub(crate) struct Runs(Mutex<HashMap<u64, Run>>);

impl Runs {
    /// The operation of this task.
    pub(super) fn get(&self, number: u64) -> Option<Run> {
        self.0.lock().get(&number).cloned()
    }

    /// Which by-query slice this task is, if it is one.
    pub(crate) fn slice(&self, number: u64) -> Option<u32> {
        match self.get(number)? {
            Run::Worker(worker) => worker.slice_id,
            Run::Beginning | Run::Leader(_) => None,
        }
    }
}

/// One operation, or one by-query slice of one.
#[derive(Clone)]
pub(super) enum Run {
    /// It is not known yet whether it is divided.
    Beginning,
    /// It does the work.
    Worker(Arc<WorkerState>),
    /// Its by-query slices do.
    Leader(Arc<LeaderState>),
}

impl Run {
    /// What the task tells about it.
    pub(super) fn status(&self, task: &Task) -> ByQueryStatus {
        let canceled = canceled(task);
        match self {
            Self::Beginning => ByQueryStatus {
                canceled,
                ..ByQueryStatus::default()
            },
            Self::Worker(worker) => worker.status(canceled),
            Self::Leader(leader) => leader.status(canceled),
        }
    }
}

/// Why a task was cancelled, if it was.
pub(super) fn canceled(task: &Task) -> Option<String> {
    task.cancellation()
        .map(|cancellation| cancellation.reason.text.to_string())
}

/// Keeps an operation in the list of its node. When it goes, the task keeps the status that it had.
pub(super) struct Registered {
    node: Arc<Node>,
    task: Task,
}

impl Registered {
    /// Enters the operation of `task`.
    pub(super) fn new(node: &Arc<Node>, task: &Task) -> Self {
        let registered = Self {
            node: Arc::clone(node),
            task: task.clone(),
        };
        registered.is(Run::Beginning);
        registered
    }

    /// It is known now what it is.
    pub(super) fn is(&self, run: Run) {
        let live = Live {
            task: self.task.clone(),
            run: run.clone(),
        };
        self.node
            .by_query_runs()
            .0
            .lock()
            .insert(self.task.number(), run);
        self.task.set_status(Arc::new(live));
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let run = self
            .node
            .by_query_runs()
            .0
            .lock()
            .remove(&self.task.number());
        // A live status holds its task, and the task its status: this is where they let go of each other.
        let last = run.map(|run| run.status(&self.task)).unwrap_or_default();
        self.task.set_status(Arc::new(Last(last)));
    }
}

/// The status of an operation that runs.
struct Live {
    task: Task,
    run: Run,
}

impl Status for Live {
    fn render(&self, form: Form) -> Vec<u8> {
        self.run.status(&self.task).to_json(form)
    }
}

/// The status of one that has ended.
struct Last(ByQueryStatus);

impl Status for Last {
    fn render(&self, form: Form) -> Vec<u8> {
        self.0.to_json(form)
    }
}

/// What does the work: an operation that is not divided, or one by-query slice.
pub(super) struct WorkerState {
    pub(super) slice_id: Option<u32>,
    figures: Mutex<Figures>,
    pub(super) throttle: Throttle,
}

impl WorkerState {
    pub(super) fn new(slice_id: Option<u32>, requests_per_second: f32) -> Self {
        Self {
            slice_id,
            figures: Mutex::default(),
            throttle: Throttle::new(requests_per_second),
        }
    }

    /// The counts now.
    pub(super) fn figures(&self) -> Figures {
        *self.figures.lock()
    }

    /// Counts.
    pub(super) fn count(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.figures.lock());
    }

    /// The status; a task that was cancelled has no limit and no wait any more.
    pub(super) fn status(&self, canceled: Option<String>) -> ByQueryStatus {
        let (requests_per_second, throttled_until) = if canceled.is_some() {
            (UNLIMITED, Duration::ZERO)
        } else {
            (self.throttle.rate(), self.throttle.remaining())
        };
        ByQueryStatus {
            slice_id: self.slice_id,
            figures: self.figures(),
            throttled: self.throttle.waited(),
            requests_per_second,
            canceled,
            throttled_until,
            slices: Vec::new(),
        }
    }
}

/// A divided operation.
pub(super) struct LeaderState {
    slices: Mutex<Vec<Slot>>,
    /// How many by-query slices have begun, or ended without.
    begun: watch::Sender<usize>,
}

/// How one by-query slice fares.
enum Slot {
    /// It has not begun; the pace that it was given meanwhile.
    Waiting(Option<f32>),
    Running(Task, Arc<WorkerState>),
    Ended(Result<ByQueryStatus, Failure>),
}

impl LeaderState {
    pub(super) fn new(slices: u32) -> Self {
        Self {
            slices: Mutex::new((0..slices).map(|_| Slot::Waiting(None)).collect()),
            begun: watch::Sender::new(0),
        }
    }

    /// A by-query slice works from now on.
    pub(super) fn begins(&self, slice: u32, task: &Task, worker: &Arc<WorkerState>) {
        let mut slices = self.slices.lock();
        if let Some(slot) = slices.get_mut(slice as usize) {
            if let Slot::Waiting(Some(rate)) = slot {
                worker.throttle.set(*rate);
            }
            *slot = Slot::Running(task.clone(), Arc::clone(worker));
        }
        drop(slices);
        self.begun.send_modify(|begun| *begun += 1);
    }

    /// A by-query slice has ended, whether or not it began.
    pub(super) fn ended(&self, slice: u32, outcome: Result<ByQueryStatus, Failure>) {
        let mut slices = self.slices.lock();
        let Some(slot) = slices.get_mut(slice as usize) else {
            return;
        };
        let had_begun = matches!(slot, Slot::Running(..));
        *slot = Slot::Ended(outcome);
        drop(slices);
        if !had_begun {
            self.begun.send_modify(|begun| *begun += 1);
        }
    }

    /// Ready when every by-query slice has begun or ended.
    pub(super) async fn all_begun(&self) {
        let count = self.slices.lock().len();
        let mut begun = self.begun.subscribe();
        // The sender lives as long as this.
        if begun.wait_for(|begun| *begun >= count).await.is_err() {
            tracing::debug!("the state of a divided operation went away");
        }
    }

    /// What is known of those that have ended: all that a list shows.
    fn status(&self, canceled: Option<String>) -> ByQueryStatus {
        let slices = self.slices.lock();
        let ended = slices.iter().map(|slot| match slot {
            Slot::Ended(outcome) => Some(outcome.clone()),
            Slot::Waiting(_) | Slot::Running(..) => None,
        });
        ByQueryStatus::merged(ended.collect(), canceled)
    }

    /// Divides a pace among those that have not ended; gives the status with theirs in it, who they are and their share, or
    /// nothing when all have ended.
    pub(super) fn rethrottle(
        &self,
        requests_per_second: f32,
        canceled: Option<String>,
    ) -> Option<(ByQueryStatus, Vec<u32>, f32)> {
        let mut slices = self.slices.lock();
        let running: Vec<u32> = (0..)
            .zip(&*slices)
            .filter(|(_, slot)| !matches!(slot, Slot::Ended(_)))
            .map(|(slice, _)| slice)
            .collect();
        if running.is_empty() {
            return None;
        }
        let share = (requests_per_second / running.len() as f32).max(f32::MIN_POSITIVE);
        let known = slices.iter_mut().map(|slot| match slot {
            Slot::Waiting(rate) => {
                *rate = Some(share);
                None
            }
            Slot::Running(task, worker) => {
                worker.throttle.set(share);
                Some(Ok(worker.status(self::canceled(task))))
            }
            Slot::Ended(outcome) => Some(outcome.clone()),
        });
        let status = ByQueryStatus::merged(known.collect(), canceled);
        Some((status, running, share))
    }
}
