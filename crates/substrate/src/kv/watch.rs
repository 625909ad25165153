//! The stream of changes that a [`Kv::watch`](super::Kv::watch) gives, and the place where a store publishes them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::{KvEvent, Revision};

/// A stream of changes of the keys with a prefix: first a snapshot, then [`KvEvent::Live`], then the changes in the order of
/// revisions. Of several changes of one key that wait to be read only the last is told (so a slow reader costs no more than
/// the keys it watches), and the stream may fall silent for a while: poll beside it what matters.
pub struct Watch {
    shared: Arc<Shared>,
}

struct Shared {
    prefix: String,
    queue: Mutex<Queue>,
    wake: Notify,
}

#[derive(Default)]
struct Queue {
    /// None until the snapshot was handed over; events wait for it.
    snapshot: Option<VecDeque<KvEvent>>,
    /// The revision that the snapshot shows.
    begun_at: Revision,
    changes: BTreeMap<Revision, KvEvent>,
    last_of_key: HashMap<String, Revision>,
    silent_until: Option<Instant>,
    closed: bool,
}

impl Watch {
    /// The next event; none when the store has closed and everything was told.
    pub async fn next(&mut self) -> Option<KvEvent> {
        loop {
            let woken = self.shared.wake.notified();
            let silent_until = {
                let mut queue = self.shared.queue.lock();
                if queue
                    .silent_until
                    .is_some_and(|until| until <= Instant::now())
                {
                    queue.silent_until = None;
                }
                if queue.silent_until.is_none() {
                    if let Some(event) = queue.take() {
                        return Some(event);
                    }
                    if queue.closed {
                        return None;
                    }
                }
                queue.silent_until
            };
            match silent_until {
                None => woken.await,
                Some(until) => tokio::select! {
                    () = woken => {}
                    () = tokio::time::sleep_until(until) => {}
                },
            }
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("prefix", &self.shared.prefix)
            .finish_non_exhaustive()
    }
}

impl Queue {
    fn take(&mut self) -> Option<KvEvent> {
        let snapshot = self.snapshot.as_mut()?;
        if let Some(event) = snapshot.pop_front() {
            return Some(event);
        }
        let (_, event) = self.changes.pop_first()?;
        if let Some((key, _)) = subject(&event) {
            self.last_of_key.remove(key);
        }
        Some(event)
    }

    fn push(&mut self, key: &str, revision: Revision, event: KvEvent) {
        if revision <= self.begun_at {
            return;
        }
        if let Some(earlier) = self.last_of_key.insert(key.to_owned(), revision) {
            self.changes.remove(&earlier);
        }
        self.changes.insert(revision, event);
    }
}

/// The key and revision that an event is about.
fn subject(event: &KvEvent) -> Option<(&str, Revision)> {
    match event {
        KvEvent::Put { key, entry } => Some((key, entry.revision)),
        KvEvent::Gone { key, revision, .. } => Some((key, *revision)),
        KvEvent::Live => None,
    }
}

/// The open watches of a store.
#[derive(Default)]
pub(crate) struct Watchers {
    open: Mutex<Vec<Weak<Shared>>>,
}

impl Watchers {
    /// Opens a watch that collects changes from now on and tells nothing before [`Watchers::begin`].
    pub(crate) fn open(&self, prefix: &str) -> Watch {
        let shared = Arc::new(Shared {
            prefix: prefix.to_owned(),
            queue: Mutex::default(),
            wake: Notify::new(),
        });
        let mut open = self.open.lock();
        open.retain(|watch| watch.strong_count() > 0);
        open.push(Arc::downgrade(&shared));
        Watch { shared }
    }

    /// Hands the snapshot taken at revision `at` to a watch: collected changes that it holds already are left out.
    pub(crate) fn begin(watch: &Watch, snapshot: impl IntoIterator<Item = KvEvent>, at: Revision) {
        let mut queue = watch.shared.queue.lock();
        let later = queue.changes.split_off(&Revision(at.0 + 1));
        queue.changes = later;
        queue.last_of_key.retain(|_, revision| *revision > at);
        queue.begun_at = at;
        queue.snapshot = Some(snapshot.into_iter().chain([KvEvent::Live]).collect());
        drop(queue);
        watch.shared.wake.notify_one();
    }

    /// Tells a change to every watch that wants its key. Must be called in the order of revisions.
    pub(crate) fn publish(&self, event: &KvEvent) {
        let Some((key, revision)) = subject(event) else {
            return;
        };
        let open = self.open.lock();
        for watch in open.iter().filter_map(Weak::upgrade) {
            if key.starts_with(&watch.prefix) {
                watch.queue.lock().push(key, revision, event.clone());
                watch.wake.notify_one();
            }
        }
    }

    /// Makes every open watch silent for a while.
    pub(crate) fn silence(&self, how_long: Duration) {
        let until = Instant::now() + how_long;
        for watch in self.open.lock().iter().filter_map(Weak::upgrade) {
            watch.queue.lock().silent_until = Some(until);
        }
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        for watch in self.open.lock().iter().filter_map(Weak::upgrade) {
            watch.queue.lock().closed = true;
            watch.wake.notify_one();
        }
    }
}
