//! News of tasks for watchers: a bounded ring with sequence numbers. Without a watcher nothing is built.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{Outcome, Snapshot, Task, View, shared::Shared};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// The task began.
    Started,
    /// It got on; at most one a second and task.
    Progress,
    /// It was cancelled for the first time.
    CancelRequested,
    /// Its entry is gone.
    Ended(Outcome),
}

/// Something that happened to a task.
pub struct Event {
    /// Its place in the order of all events of this registry; grows.
    pub sequence: u64,
    /// What happened.
    pub news: News,
    /// To which task.
    pub task: Task,
    /// The task at that moment, with what is known beyond the plain fields.
    pub snapshot: Snapshot,
}

/// What a watcher hears next.
pub enum Heard {
    /// The next event.
    Event(Arc<Event>),
    /// So many events are no longer held.
    Missed(u64),
}

pub(crate) struct Events {
    watchers: AtomicUsize,
    ring: Mutex<Ring>,
    capacity: usize,
}

#[derive(Default)]
struct Ring {
    held: VecDeque<Arc<Event>>,
    next: u64,
    wakers: Vec<(u64, Waker)>,
    next_watcher: u64,
}

impl News {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Progress => "progress",
            Self::CancelRequested => "cancel_requested",
            Self::Ended(_) => "ended",
        }
    }
}

impl Events {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            watchers: AtomicUsize::new(0),
            ring: Mutex::new(Ring {
                next: 1,
                ..Ring::default()
            }),
            capacity,
        }
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// Tells the watchers. Only called when there are some.
    #[cold]
    pub(crate) fn publish(&self, news: News, task: Task) {
        let snapshot = task.snapshot(&View {
            extended: true,
            ..View::PLAIN
        });
        let (wakers, oldest) = {
            let mut ring = self.ring.lock();
            let sequence = ring.next;
            ring.next += 1;
            ring.held.push_back(Arc::new(Event {
                sequence,
                news,
                task,
                snapshot,
            }));
            let oldest = if ring.held.len() > self.capacity {
                ring.held.pop_front()
            } else {
                None
            };
            (std::mem::take(&mut ring.wakers), oldest)
        };
        drop(oldest);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn join(&self, after: Option<u64>) -> (u64, u64) {
        let mut ring = self.ring.lock();
        if self.watchers.fetch_add(1, Ordering::Relaxed) == 0 {
            // Nobody counted what happened since the last watcher left: at least one number stands for it.
            ring.next += 1;
            ring.held.clear();
        }
        ring.next_watcher += 1;
        (
            after.map_or(ring.next, |after| after.saturating_add(1).min(ring.next)),
            ring.next_watcher,
        )
    }
}

/// Hears what happens to all tasks from now on, or from an earlier event on. Never holds the registry up: a slow watcher
/// misses events and is told how many.
pub struct Subscription {
    shared: Arc<Shared>,
    next: u64,
    watcher: u64,
}

impl Subscription {
    pub(crate) fn new(shared: Arc<Shared>, after: Option<u64>) -> Self {
        let (next, watcher) = shared.events.join(after);
        Self {
            shared,
            next,
            watcher,
        }
    }

    /// What happened next, once it has.
    pub async fn next(&mut self) -> Heard {
        poll_fn(|context| self.poll(context)).await
    }

    /// What happened next, if it has.
    pub fn try_next(&mut self) -> Option<Heard> {
        match self.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(heard) => Some(heard),
            Poll::Pending => None,
        }
    }

    /// The number of the last event that was heard or missed; where another subscription can go on.
    #[must_use]
    pub fn through(&self) -> u64 {
        self.next - 1
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Heard> {
        let mut ring = self.shared.events.ring.lock();
        let first = ring.next - ring.held.len() as u64;
        if self.next < first {
            let missed = first - self.next;
            self.next = first;
            return Poll::Ready(Heard::Missed(missed));
        }
        let place = usize::try_from(self.next - first).unwrap_or(usize::MAX);
        if let Some(event) = ring.held.get(place) {
            self.next += 1;
            return Poll::Ready(Heard::Event(Arc::clone(event)));
        }
        ring.wakers.retain(|(watcher, _)| *watcher != self.watcher);
        ring.wakers.push((self.watcher, context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let events = &self.shared.events;
        let mut ring = events.ring.lock();
        ring.wakers.retain(|(watcher, _)| *watcher != self.watcher);
        if events.watchers.fetch_sub(1, Ordering::Relaxed) == 1 {
            ring.held.clear();
        }
    }
}
