//! Keys and values of one node: reads go to the file, changes to one thread that makes all that wait durable at once,
//! tells the watches and ends leases.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{
    disk::Claim,
    store::{Made, Store},
};
use crate::{
    BoxFuture, Entry, Kv, KvError, KvEvent, Revision, Watch,
    kv::{Change, Expect, Watchers, check_key, check_value, lease_time},
};

/// The most changes of a group.
const GROUP_CHANGES: usize = 256;

/// The most value bytes of a group.
const GROUP_BYTES: usize = 8 * 1024 * 1024;

pub(super) struct FileKv {
    shared: Arc<Shared>,
    /// None only while this is dropped.
    changes: Option<mpsc::Sender<Waiting>>,
    changer: Option<thread::JoinHandle<()>>,
    /// Given up after the file is closed.
    _claim: Arc<Claim>,
}

impl Drop for FileKv {
    fn drop(&mut self) {
        self.changes = None;
        if let Some(changer) = self.changer.take() {
            // A panic of the thread was told to those who waited for it.
            let _ = changer.join();
        }
    }
}

struct Shared {
    store: Store,
    watchers: Watchers,
}

struct Waiting {
    change: Change,
    answer: oneshot::Sender<Result<Revision, KvError>>,
}

impl FileKv {
    /// Starts the thread that makes the changes; it has ended when this is dropped. Leases begin their time anew.
    pub(super) fn start(store: Store, claim: Arc<Claim>) -> io::Result<Self> {
        let now = Instant::now();
        let leases = store.leases().map_err(io::Error::other)?;
        let leases = leases
            .into_iter()
            .map(|(key, revision, ttl)| {
                (
                    key,
                    Lease {
                        revision,
                        expires: now + ttl,
                    },
                )
            })
            .collect();
        let shared = Arc::new(Shared {
            store,
            watchers: Watchers::default(),
        });
        let (changes, waiting) = mpsc::channel();
        let mut changer = Changer {
            shared: shared.clone(),
            leases,
        };
        let changer = thread::Builder::new()
            .name("kv-commit".to_owned())
            .spawn(move || changer.run(&waiting))?;
        Ok(Self {
            shared,
            changes: Some(changes),
            changer: Some(changer),
            _claim: claim,
        })
    }

    async fn change(&self, change: Change) -> Result<Revision, KvError> {
        check_key(&change.key)?;
        check_value(&change.key, change.value.as_deref().unwrap_or_default())?;
        let key = change.key.clone();
        let (answer, answered) = oneshot::channel();
        let closed = || KvError::Unavailable("the store is closed".to_owned());
        let changes = self.changes.as_ref().ok_or_else(closed)?;
        changes
            .send(Waiting { change, answer })
            .map_err(|_| closed())?;
        answered.await.unwrap_or(Err(KvError::Unknown(key)))
    }
}

impl Kv for FileKv {
    fn get(&self, key: &str) -> BoxFuture<'_, Result<Option<Entry>, KvError>> {
        let found = check_key(key).and_then(|()| self.shared.store.get(key));
        Box::pin(std::future::ready(found))
    }

    fn put(&self, key: &str, value: Bytes) -> BoxFuture<'_, Result<Revision, KvError>> {
        Box::pin(self.change(Change::set(key, Expect::Anything, value)))
    }

    fn create(&self, key: &str, value: Bytes) -> BoxFuture<'_, Result<Revision, KvError>> {
        Box::pin(self.change(Change::set(key, Expect::Absent, value)))
    }

    fn compare_and_set(
        &self,
        key: &str,
        expected: Revision,
        value: Bytes,
    ) -> BoxFuture<'_, Result<Revision, KvError>> {
        Box::pin(self.change(Change::set(key, Expect::At(expected), value)))
    }

    fn delete(&self, key: &str) -> BoxFuture<'_, Result<(), KvError>> {
        let change = Change::delete(key, Expect::Anything);
        Box::pin(async move { self.change(change).await.map(drop) })
    }

    fn compare_and_delete(
        &self,
        key: &str,
        expected: Revision,
    ) -> BoxFuture<'_, Result<(), KvError>> {
        let change = Change::delete(key, Expect::At(expected));
        Box::pin(async move { self.change(change).await.map(drop) })
    }

    fn list(&self, prefix: &str) -> BoxFuture<'_, Result<Vec<(String, Entry)>, KvError>> {
        let found = self.shared.store.list(prefix).map(|(entries, _)| entries);
        Box::pin(std::future::ready(found))
    }

    fn watch(&self, prefix: &str) -> BoxFuture<'_, Result<Watch, KvError>> {
        let watch = self.shared.watchers.open(prefix);
        let begun = self.shared.store.list(prefix).map(|(entries, revision)| {
            let snapshot = entries
                .into_iter()
                .map(|(key, entry)| KvEvent::Put { key, entry });
            Watchers::begin(&watch, snapshot, revision);
            watch
        });
        Box::pin(std::future::ready(begun))
    }

    fn lease(
        &self,
        key: &str,
        value: Bytes,
        ttl: Duration,
        held: Option<Revision>,
    ) -> BoxFuture<'_, Result<Revision, KvError>> {
        let expect = held.map_or(Expect::Absent, Expect::At);
        let change = Change {
            ttl: Some(lease_time(ttl)),
            ..Change::set(key, expect, value)
        };
        Box::pin(self.change(change))
    }
}

#[derive(Clone, Copy)]
struct Lease {
    revision: Revision,
    expires: Instant,
}

/// The thread that makes changes.
struct Changer {
    shared: Arc<Shared>,
    leases: HashMap<String, Lease>,
}

impl Changer {
    fn run(&mut self, waiting: &mpsc::Receiver<Waiting>) {
        loop {
            let first = match self.leases.values().map(|lease| lease.expires).min() {
                None => waiting
                    .recv()
                    .map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                Some(expires) => {
                    waiting.recv_timeout(expires.saturating_duration_since(Instant::now()))
                }
            };
            match first {
                Ok(first) => self.make(take_group(first, waiting)),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
            self.end_leases();
        }
    }

    fn make(&mut self, group: Vec<Waiting>) {
        let (changes, answers): (Vec<_>, Vec<_>) = group
            .into_iter()
            .map(|waiting| (waiting.change, waiting.answer))
            .unzip();
        let outcomes = self.shared.store.change(&changes);
        for (outcome, answer) in outcomes.into_iter().zip(answers) {
            let told = outcome.map(|(revision, made)| {
                if let Some(made) = made {
                    self.tell(made, false);
                }
                revision
            });
            // Whoever asked may have given up.
            let _ = answer.send(told);
        }
    }

    fn tell(&mut self, made: Made, expired: bool) {
        let Made {
            key,
            entry,
            revision,
            ttl,
        } = made;
        match ttl {
            Some(ttl) => {
                let lease = Lease {
                    revision,
                    expires: Instant::now() + ttl,
                };
                self.leases.insert(key.clone(), lease);
            }
            None => drop(self.leases.remove(&key)),
        }
        self.shared.watchers.publish(&match entry {
            Some(entry) => KvEvent::Put { key, entry },
            None => KvEvent::Gone {
                key,
                revision,
                expired,
            },
        });
    }

    fn end_leases(&mut self) {
        let now = Instant::now();
        let due: Vec<Change> = self
            .leases
            .iter()
            .filter(|(_, lease)| lease.expires <= now)
            .map(|(key, lease)| Change::delete(key, Expect::At(lease.revision)))
            .collect();
        if due.is_empty() {
            return;
        }
        let outcomes = self.shared.store.change(&due);
        for (change, outcome) in due.iter().zip(outcomes) {
            match outcome {
                Ok((_, Some(made))) => self.tell(made, true),
                Ok((_, None)) | Err(KvError::Conflict { .. }) => {
                    self.leases.remove(&change.key);
                }
                // The disk fails: later is allowed, and asking without a pause is not.
                Err(_) => {
                    if let Some(lease) = self.leases.get_mut(&change.key) {
                        lease.expires = now + Duration::from_secs(1);
                    }
                }
            }
        }
    }
}

fn take_group(first: Waiting, waiting: &mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let size = |waiting: &Waiting| waiting.change.value.as_ref().map_or(0, Bytes::len);
    let mut bytes = size(&first);
    let mut group = vec![first];
    while group.len() < GROUP_CHANGES && bytes < GROUP_BYTES {
        match waiting.try_recv() {
            Ok(next) => {
                bytes += size(&next);
                group.push(next);
            }
            Err(_) => break,
        }
    }
    group
}
