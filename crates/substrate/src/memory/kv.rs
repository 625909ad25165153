//! Keys and values in memory.

use std::{collections::BTreeMap, sync::Weak, time::Duration};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Caller, Fate, Inner};
use crate::{
    BoxFuture, Entry, Kv, KvError, KvEvent, Revision, Watch,
    kv::{Change, Expect, Watchers, check_key, check_value, lease_time},
};

/// The keys of a world.
#[derive(Default)]
pub(super) struct Store {
    state: Mutex<State>,
    pub(super) watchers: Watchers,
}

#[derive(Default)]
struct State {
    revision: u64,
    keys: BTreeMap<String, Slot>,
    /// A change under way whose writer was told `Unknown`, and how many calls it lets pass before it happens.
    late: Option<(Change, u8)>,
}

#[derive(Clone, Default)]
struct Slot {
    entry: Option<Entry>,
    /// What was there before the last change: what a stale read shows.
    before: Option<Entry>,
    expires: Option<Instant>,
}

impl Store {
    pub(super) fn lose_lease(&self, key: &str) -> bool {
        let mut state = self.state.lock();
        let leased = state
            .keys
            .get(key)
            .is_some_and(|slot| slot.expires.is_some());
        if leased {
            self.expire(&mut state, key);
        }
        leased
    }

    /// Ends the lease of the key if its time has come.
    fn expire_due(&self, key: &str) {
        let mut state = self.state.lock();
        let expires = state.keys.get(key).and_then(|slot| slot.expires);
        if expires.is_some_and(|at| at <= Instant::now()) {
            self.expire(&mut state, key);
        }
    }

    fn expire(&self, state: &mut State, key: &str) {
        state.revision += 1;
        if let Some(slot) = state.keys.get_mut(key) {
            *slot = Slot {
                before: slot.entry.take(),
                ..Slot::default()
            };
        }
        let revision = Revision(state.revision);
        self.watchers.publish(&KvEvent::Gone {
            key: key.to_owned(),
            revision,
            expired: true,
        });
    }

    /// The state for one call, after what is under way had its chance to happen.
    fn call<T>(&self, call: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        match state.late.take() {
            // Whether it still applies concerns nobody: its writer was told that this is unknown.
            Some((change, 0)) => drop(self.apply(&mut state, change)),
            Some((change, calls)) => state.late = Some((change, calls - 1)),
            None => {}
        }
        call(&mut state)
    }

    fn apply(&self, state: &mut State, change: Change) -> Result<Revision, KvError> {
        let slot = state.keys.get(&change.key).cloned().unwrap_or_default();
        let current = slot.entry.as_ref().map(|entry| entry.revision);
        change.check(current)?;
        if change.value.is_none() && current.is_none() {
            return Ok(Revision(state.revision));
        }
        state.revision += 1;
        let revision = Revision(state.revision);
        let entry = change.value.map(|value| Entry { value, revision });
        let event = match &entry {
            Some(entry) => KvEvent::Put {
                key: change.key.clone(),
                entry: entry.clone(),
            },
            None => KvEvent::Gone {
                key: change.key.clone(),
                revision,
                expired: false,
            },
        };
        let expires = change.ttl.map(|ttl| Instant::now() + ttl);
        state.keys.insert(
            change.key,
            Slot {
                entry,
                before: slot.entry,
                expires,
            },
        );
        self.watchers.publish(&event);
        Ok(revision)
    }
}

pub(super) struct MemoryKv {
    caller: Caller,
}

impl MemoryKv {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller }
    }

    async fn change(&self, change: Change) -> Result<Revision, KvError> {
        check_key(&change.key)?;
        check_value(&change.key, change.value.as_deref().unwrap_or_default())?;
        self.caller
            .reach_store()
            .await
            .map_err(KvError::Unavailable)?;
        let node = self.caller.seat.node().to_owned();
        if self.caller.world.traps.lock().kills(&node, &change.key) {
            self.caller.world.network.crash(&node);
            return Err(KvError::Unavailable("this node has crashed".to_owned()));
        }
        let store = &self.caller.world.kv;
        let unknown = KvError::Unknown(change.key.clone());
        let lease = change.ttl.map(|ttl| (change.key.clone(), ttl));
        let fate = self.caller.fate();
        let answer = store.call(|state| match fate {
            Fate::Lands => store.apply(state, change),
            Fate::UnknownLanded => store.apply(state, change).and(Err(unknown)),
            Fate::UnknownLandsLate => {
                state.late = Some((change, 1));
                Err(unknown)
            }
            Fate::UnknownLost => Err(unknown),
            Fate::Unavailable => Err(KvError::Unavailable("no leader".to_owned())),
        });
        if let Some((key, ttl)) = lease {
            expire_later(std::sync::Arc::downgrade(&self.caller.world), key, ttl);
        }
        answer
    }

    async fn read<T>(&self, read: impl FnOnce(&State, bool) -> T) -> Result<T, KvError> {
        self.caller
            .reach_store()
            .await
            .map_err(KvError::Unavailable)?;
        let stale = self.caller.stale();
        Ok(self.caller.world.kv.call(|state| read(state, stale)))
    }
}

/// Looks after the lease when its time has come; a renewed one has its own visitor.
fn expire_later(world: Weak<Inner>, key: String, ttl: Duration) {
    tokio::spawn(async move {
        tokio::time::sleep(ttl).await;
        if let Some(world) = world.upgrade() {
            world.kv.expire_due(&key);
        }
    });
}

impl Kv for MemoryKv {
    fn get(&self, key: &str) -> BoxFuture<'_, Result<Option<Entry>, KvError>> {
        let key = key.to_owned();
        Box::pin(async move {
            check_key(&key)?;
            self.read(|state, stale| state.keys.get(&key).and_then(|slot| slot.seen(stale)))
                .await
        })
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
        let prefix = prefix.to_owned();
        Box::pin(async move { self.read(|state, stale| state.with(&prefix, stale)).await })
    }

    fn watch(&self, prefix: &str) -> BoxFuture<'_, Result<Watch, KvError>> {
        let prefix = prefix.to_owned();
        Box::pin(async move {
            self.read(|state, _| {
                let watch = self.caller.world.kv.watchers.open(&prefix);
                let snapshot = state
                    .with(&prefix, false)
                    .into_iter()
                    .map(|(key, entry)| KvEvent::Put { key, entry });
                Watchers::begin(&watch, snapshot, Revision(state.revision));
                watch
            })
            .await
        })
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

impl State {
    fn with(&self, prefix: &str, stale: bool) -> Vec<(String, Entry)> {
        self.keys
            .range(prefix.to_owned()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter_map(|(key, slot)| Some((key.clone(), slot.seen(stale)?)))
            .collect()
    }
}

impl Slot {
    fn seen(&self, stale: bool) -> Option<Entry> {
        if stale {
            self.before.clone()
        } else {
            self.entry.clone()
        }
    }
}
