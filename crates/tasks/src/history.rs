//! What became of tasks that have ended: a ring bounded by bytes and by age.
//!
//! Every lane collects its ended tasks in a small buffer and hands them over in one go, so that ending a task takes no
//! lock that others want.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{
    Action, Cancellation, Description, Headers, Origin, Pattern, Resources, Snapshot, TaskId,
    body::{Body, Parent},
    shared::Shared,
    start::Who,
};

/// How a task ended, as its guard said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Succeeded,
    Failed(Box<TaskError>),
    /// Its guard was dropped without a word.
    Dropped,
}

/// The error with which a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskError {
    /// Its kind, e.g. `index_not_found_exception`.
    pub kind: Box<str>,
    /// Its text.
    pub reason: Box<str>,
}

impl Ending {
    pub(crate) fn panicked() -> Self {
        Self::Failed(Box::new(TaskError {
            kind: "panic".into(),
            reason: "the operation panicked".into(),
        }))
    }
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// With an answer.
    Succeeded,
    /// With an error, or in a panic.
    Failed,
    /// After it was cancelled, whatever it answered.
    Cancelled,
    /// Given up without an answer.
    Lost,
}

impl Outcome {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 4] = [Self::Succeeded, Self::Failed, Self::Cancelled, Self::Lost];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

/// Bytes of description that the history keeps of a task.
const MAX_DESCRIPTION: usize = 1024;
/// A task that succeeded in less time than this leaves no description.
const WORTH_DESCRIBING_NANOS: u64 = 10_000_000;
/// Ended tasks that a lane holds back at most.
pub(crate) const BATCH: usize = 64;

/// One ended task, as compact as it can be.
pub(crate) struct Record {
    number: u64,
    start_millis: i64,
    running_nanos: u64,
    /// Id of the parent: its number alone when it was a task here.
    parent: Option<Result<u64, Arc<TaskId>>>,
    headers: Option<Arc<Headers>>,
    who: Option<Arc<Who>>,
    more: Option<Box<More>>,
    action: Action,
    origin: Origin,
    outcome: Outcome,
    cancellable: bool,
    internal: bool,
}

/// What only some records have.
#[derive(Default)]
struct More {
    description: Option<Description>,
    error: Option<Box<TaskError>>,
    cancellation: Option<Cancellation>,
    resources: Resources,
    below_cpu_nanos: u64,
    /// From the cancel to the end.
    cancel_nanos: u64,
}

impl Record {
    pub(crate) fn of(body: &Body, running_nanos: u64) -> Self {
        let mut outcome = Outcome::Succeeded;
        let mut more: Option<Box<More>> = None;
        if let Some(extra) = body.extra.get() {
            let resources = extra.account.resources();
            let below_cpu_nanos = extra.account.below_cpu();
            let mut rare = extra.rare.lock();
            let (error, dropped) = match rare.ending.take() {
                None | Some(Ending::Succeeded) => (None, false),
                Some(Ending::Failed(error)) => (Some(error), false),
                Some(Ending::Dropped) => (None, true),
            };
            let cancellation = rare.cancellation.clone();
            let ended_nanos = body.start_nanos.saturating_add(running_nanos);
            let cancel_nanos = cancellation.as_ref().map_or(0, |cancellation| {
                ended_nanos.saturating_sub(cancellation.at_nanos)
            });
            outcome = match (&cancellation, &error, dropped) {
                (Some(_), ..) => Outcome::Cancelled,
                (None, Some(_), _) => Outcome::Failed,
                (None, None, true) => Outcome::Lost,
                (None, None, false) => Outcome::Succeeded,
            };
            if outcome != Outcome::Succeeded
                || resources.thread_executions > 0
                || below_cpu_nanos > 0
            {
                more = Some(Box::new(More {
                    description: None,
                    error,
                    cancellation,
                    resources,
                    below_cpu_nanos,
                    cancel_nanos,
                }));
            }
        }
        if (outcome != Outcome::Succeeded || running_nanos >= WORTH_DESCRIBING_NANOS)
            && let Some(description) = &body.description
        {
            more.get_or_insert_default().description =
                Some(Description::of(&**description, MAX_DESCRIPTION));
        }
        Self {
            number: body.number,
            start_millis: body.start_millis,
            running_nanos,
            parent: match &body.parent {
                Parent::None => None,
                Parent::Local(parent) => Some(Ok(parent.number)),
                Parent::Remote(id) => Some(Err(Arc::clone(id))),
            },
            headers: body.headers.clone(),
            who: body.who.clone(),
            more,
            action: body.action,
            origin: body.origin,
            outcome,
            cancellable: body.cancellable(),
            internal: body.internal,
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn ended_millis(&self) -> i64 {
        self.start_millis + (self.running_nanos / 1_000_000).cast_signed()
    }

    fn parent(&self, shared: &Shared) -> Option<TaskId> {
        self.parent.as_ref().map(|parent| match parent {
            Ok(number) => TaskId::new(shared.node.clone(), *number),
            Err(id) => (**id).clone(),
        })
    }

    fn bytes(&self) -> usize {
        let more = self.more.as_ref().map_or(0, |more| {
            size_of::<More>()
                + more
                    .description
                    .as_ref()
                    .map_or(0, |description| description.text.len())
                + more.error.as_ref().map_or(0, |error| {
                    error.kind.len() + error.reason.len() + size_of::<TaskError>()
                })
        });
        size_of::<Self>() + self.headers.as_ref().map_or(0, |headers| headers.bytes()) + more
    }

    fn cancellation(&self) -> Option<&Cancellation> {
        self.more.as_ref()?.cancellation.as_ref()
    }

    /// Whether it went on for longer after its cancel than its action allows.
    fn overdue(&self, shared: &Shared) -> bool {
        let bound = shared.actions.get(self.action).spec.bound;
        self.more.as_ref().is_some_and(|more| {
            more.cancellation.is_some() && u128::from(more.cancel_nanos) > bound.as_nanos()
        })
    }

    fn show(&self, shared: &Shared) -> EndedTask {
        let more = self.more.as_deref();
        let cancellation = self.cancellation();
        let measured = shared.actions.get(self.action).spec.measured;
        let resources = more
            .filter(|_| measured)
            .map(|more| more.resources)
            .unwrap_or_default();
        EndedTask {
            task: Snapshot {
                id: TaskId::new(shared.node.clone(), self.number),
                origin: self.origin,
                action: Arc::clone(&shared.actions.get(self.action).spec.name),
                status: None,
                description: more.and_then(|more| more.description.clone()),
                start_millis: self.start_millis,
                running_nanos: self.running_nanos,
                cancellable: self.cancellable,
                cancelled_millis: cancellation.map(|cancel| cancel.at_millis),
                parent: self.parent(shared),
                headers: self.headers.clone().unwrap_or_default(),
                resources: Some(resources),
                extended: None,
            },
            outcome: self.outcome,
            error: more.and_then(|more| more.error.as_deref().cloned()),
            cancel_reason: cancellation.map(|cancel| Arc::clone(&cancel.reason.text)),
            cancelled_by: cancellation.and_then(|cancel| cancel.reason.by.clone()),
            cancel_latency_millis: cancellation
                .and(more)
                .map(|more| more.cancel_nanos / 1_000_000),
            overdue: self.overdue(shared),
            user: self.who.as_ref().and_then(|who| who.user.clone()),
            ended_millis: self.ended_millis(),
            tree_cpu_nanos: more.map_or(0, |more| {
                more.resources.total.cpu_nanos + more.below_cpu_nanos
            }),
        }
    }
}

/// A task that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedTask {
    /// As it was at its end. The description is there only if it failed, was cancelled or took long, and at most 1 KiB.
    pub task: Snapshot,
    /// How it ended.
    pub outcome: Outcome,
    /// With which error.
    pub error: Option<TaskError>,
    /// Why it was cancelled.
    pub cancel_reason: Option<Arc<str>>,
    /// Who cancelled it.
    pub cancelled_by: Option<Arc<str>>,
    /// Milliseconds from its cancel to its end.
    pub cancel_latency_millis: Option<u64>,
    /// Whether that was longer than its action allows.
    pub overdue: bool,
    /// Who asked for it.
    pub user: Option<Arc<str>>,
    /// When: milliseconds since 1970.
    pub ended_millis: i64,
    /// CPU time of it and everything that was below it on this node.
    pub tree_cpu_nanos: u64,
}

/// Which ended tasks are meant; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryFilter {
    /// One of these fits the action's name; none = any action.
    pub actions: Vec<Pattern>,
    /// The direct parent.
    pub parent: Option<TaskId>,
    /// The task at the top: it and everything below it, as far as the tasks between are remembered or live here.
    pub root: Option<TaskId>,
    /// Fits the `X-Opaque-Id`.
    pub opaque_id: Option<Pattern>,
    /// The user who asked for it.
    pub user: Option<Arc<str>>,
    /// Whether it was cancelled.
    pub cancelled: Option<bool>,
    /// Whether its kind can be cancelled.
    pub cancellable: Option<bool>,
    /// Whether it went on for too long after its cancel.
    pub overdue: Option<bool>,
    /// One of these; none = any.
    pub outcomes: Vec<Outcome>,
    /// It ran at least so long.
    pub min_running: Option<Duration>,
    /// It ended then or later: milliseconds since 1970.
    pub since_millis: Option<i64>,
    /// It ended before: milliseconds since 1970.
    pub until_millis: Option<i64>,
    /// Internal background work too.
    pub internal: bool,
    /// Only those behind this one: end (milliseconds) and number.
    pub after: Option<(i64, u64)>,
    /// At most so many.
    pub size: usize,
}

/// The ring, on cache lines of its own.
#[repr(align(128))]
pub(crate) struct History(Mutex<Ring>);

struct Ring {
    records: VecDeque<Record>,
    bytes: usize,
    max_bytes: usize,
    max_age: Duration,
}

impl History {
    pub(crate) fn new(max_bytes: usize, max_age: Duration) -> Self {
        Self(Mutex::new(Ring {
            records: VecDeque::new(),
            bytes: 0,
            max_bytes,
            max_age,
        }))
    }

    pub(crate) fn set_limits(&self, max_bytes: usize, max_age: Duration) {
        let mut ring = self.0.lock();
        (ring.max_bytes, ring.max_age) = (max_bytes, max_age);
    }

    /// Takes over what a lane has collected.
    pub(crate) fn add(&self, records: &mut Vec<Record>, now_millis: i64) {
        let mut dropped = Vec::new();
        {
            let mut ring = self.0.lock();
            for record in records.drain(..) {
                ring.bytes += record.bytes();
                ring.records.push_back(record);
            }
            let oldest = now_millis - i64::try_from(ring.max_age.as_millis()).unwrap_or(i64::MAX);
            while let Some(first) = ring.records.front()
                && (ring.bytes > ring.max_bytes || first.ended_millis() < oldest)
            {
                ring.bytes -= first.bytes();
                dropped.extend(ring.records.pop_front());
            }
        }
        // What the records held is given back after the lock.
        drop(dropped);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.lock().bytes
    }

    /// The remembered tasks at or below `root`, by number.
    fn below(&self, shared: &Shared, root: &TaskId) -> HashSet<u64> {
        let parents: HashMap<u64, Option<Result<u64, Arc<TaskId>>>> = {
            let ring = self.0.lock();
            let parents = ring.records.iter();
            parents
                .map(|record| (record.number, record.parent.clone()))
                .collect()
        };
        let is_root = |number: u64| root.number == number && root.node == shared.node;
        let is_below = |mut number: u64| loop {
            if is_root(number) {
                return true;
            }
            match parents.get(&number) {
                Some(Some(Ok(parent))) => number = *parent,
                Some(Some(Err(remote))) => return **remote == *root,
                Some(None) => return false,
                // Its entry is gone from here, or it lives.
                None => {
                    return shared
                        .get(number)
                        .is_some_and(|body| body.root_id() == *root);
                }
            }
        };
        let numbers = parents.keys().copied();
        numbers.filter(|number| is_below(*number)).collect()
    }

    pub(crate) fn find(&self, shared: &Shared, filter: &HistoryFilter) -> Vec<EndedTask> {
        let below = filter.root.as_ref().map(|root| self.below(shared, root));
        let fits = |record: &Record| {
            let ended = record.ended_millis();
            (filter.internal || !record.internal)
                && below
                    .as_ref()
                    .is_none_or(|below| below.contains(&record.number))
                && filter
                    .cancelled
                    .is_none_or(|wanted| wanted == record.cancellation().is_some())
                && filter
                    .cancellable
                    .is_none_or(|wanted| wanted == record.cancellable)
                && filter
                    .overdue
                    .is_none_or(|wanted| wanted == record.overdue(shared))
                && filter.since_millis.is_none_or(|since| ended >= since)
                && filter.until_millis.is_none_or(|until| ended < until)
                && (filter.outcomes.is_empty() || filter.outcomes.contains(&record.outcome))
                && filter
                    .after
                    .is_none_or(|after| (ended, record.number) < after)
                && filter
                    .min_running
                    .is_none_or(|least| u128::from(record.running_nanos) >= least.as_nanos())
                && filter.user.as_ref().is_none_or(|user| {
                    record.who.as_ref().and_then(|who| who.user.as_ref()) == Some(user)
                })
                && filter.opaque_id.as_ref().is_none_or(|pattern| {
                    record
                        .headers
                        .as_ref()
                        .and_then(|headers| headers.opaque_id())
                        .is_some_and(|id| pattern.matches(id))
                })
                && (filter.actions.is_empty() || {
                    let name = &shared.actions.get(record.action).spec.name;
                    filter.actions.iter().any(|pattern| pattern.matches(name))
                })
                && filter
                    .parent
                    .as_ref()
                    .is_none_or(|parent| record.parent(shared).as_ref() == Some(parent))
        };
        let ring = self.0.lock();
        let mut found: Vec<&Record> = ring.records.iter().filter(|record| fits(record)).collect();
        found.sort_unstable_by_key(|record| {
            std::cmp::Reverse((record.ended_millis(), record.number))
        });
        found.truncate(filter.size);
        found
            .into_iter()
            .map(|record| record.show(shared))
            .collect()
    }
}
