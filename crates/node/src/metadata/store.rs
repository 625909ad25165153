//! The snapshot as it changes: loaded at the start, followed by a watch, changed by compare-and-set.

use arc_swap::ArcSwap;
use bytes::Bytes;
use glasswork_content::{Failure, Kind};
use glasswork_substrate::{Entry, Kv, KvError, KvEvent, Revision};
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::watch;

use super::{
    Index, IndexOptions, Metadata, Place, Settings,
    parts::Parts,
    stored::{self, Directory, Record},
};

/// How long a change is tried again while others change the same.
const PATIENCE: Duration = Duration::from_secs(30);

/// An index that is not in the directory after this long was not made.
const BEING_MADE: Duration = Duration::from_secs(600);

/// Pause before what a conflict told of is read again.
const PAUSE: Duration = Duration::from_millis(5);

/// The metadata of a node.
pub(crate) struct Store {
    kv: Arc<dyn Kv>,
    parts: Mutex<Parts>,
    current: ArcSwap<Metadata>,
    changes: watch::Sender<u64>,
    /// The newest change that this node made or heard of.
    newest: AtomicU64,
    /// All changes up to this one have been heard of, those of others too.
    heard: watch::Sender<u64>,
    /// A change before this was built.
    since: Revision,
}

/// What a change does to a value: the new one, or nothing to do.
pub(super) type Changed<T> = Result<Option<T>, Failure>;

impl Store {
    /// Loads everything; `since` is a change that was made before.
    pub(crate) async fn load(kv: Arc<dyn Kv>, since: Revision) -> Result<Self, Failure> {
        let store = Self {
            kv,
            parts: Mutex::default(),
            current: ArcSwap::default(),
            changes: watch::channel(0).0,
            newest: AtomicU64::new(0),
            heard: watch::channel(0).0,
            since,
        };
        for prefix in [
            stored::SETTINGS,
            stored::SHARD_PREFIX,
            stored::INDEX_PREFIX,
            stored::DIRECTORY,
        ] {
            let entries = store.kv.list(prefix).await.map_err(|error| of_kv(&error))?;
            let mut parts = store.parts.lock();
            for (key, entry) in entries {
                parts.take(&key, Some(&entry), entry.revision)?;
                store.newest.fetch_max(entry.revision.0, Ordering::AcqRel);
            }
        }
        store.publish(&mut store.parts.lock())?;
        Ok(store)
    }

    /// The newest snapshot.
    pub(crate) fn current(&self) -> Arc<Metadata> {
        self.current.load_full()
    }

    /// Told after each new snapshot.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Follows what other nodes change; ends when the `Kv` closes.
    pub(crate) async fn follow(&self) {
        loop {
            let Ok(mut watch) = self.kv.watch("").await else {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            // What is there when the watch begins is told by key, so that a later change may come before an earlier one: only
            // when all is told it counts as heard. What was deleted before that is in no event.
            let (mut newest, mut live) = (self.since.0, false);
            while let Some(event) = watch.next().await {
                let applied = match &event {
                    KvEvent::Put { key, entry } => self.apply(key, Some(entry), entry.revision),
                    KvEvent::Gone { key, revision, .. } => self.apply(key, None, *revision),
                    KvEvent::Live => Ok(()),
                };
                if let Err(failure) = applied {
                    tracing::error!(%failure, "a change of the metadata can't be read");
                }
                match event {
                    KvEvent::Put { entry, .. } => newest = newest.max(entry.revision.0),
                    KvEvent::Gone { revision, .. } => newest = newest.max(revision.0),
                    KvEvent::Live => live = true,
                }
                if live {
                    self.heard.send_if_modified(|heard| {
                        let newer = newest > *heard;
                        *heard = newest.max(*heard);
                        newer
                    });
                }
            }
            return;
        }
    }

    /// The newest change that the snapshot has. What is asked of another node on the ground of this snapshot says so, and
    /// that node waits until it knows as much.
    pub(crate) fn newest(&self) -> Revision {
        Revision(self.newest.load(Ordering::Acquire))
    }

    /// Waits until the snapshot has all changes up to `revision`, but no longer than `timeout`: a node that falls behind
    /// answers by what it knows.
    pub(crate) async fn reach(&self, revision: Revision, timeout: Duration) {
        let mut heard = self.heard.subscribe();
        let reached = heard.wait_for(|heard| *heard >= revision.0);
        if tokio::time::timeout(timeout, reached).await.is_err() {
            tracing::warn!(%revision, "this node is behind with the metadata");
        }
    }

    /// Waits until a snapshot satisfies `enough`.
    pub(crate) async fn wait_for<T>(
        &self,
        timeout: Duration,
        mut enough: impl FnMut(&Metadata) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes();
        let waiting = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = enough(&self.current()) {
                    return Some(found);
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, waiting).await.ok().flatten()
    }

    fn apply(&self, key: &str, entry: Option<&Entry>, revision: Revision) -> Result<(), Failure> {
        let mut parts = self.parts.lock();
        if parts.take(key, entry, revision)? {
            self.publish(&mut parts)?;
            self.newest.fetch_max(revision.0, Ordering::AcqRel);
        }
        Ok(())
    }

    fn publish(&self, parts: &mut Parts) -> Result<(), Failure> {
        let snapshot = parts.assemble()?;
        self.current.store(Arc::new(snapshot));
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Changes the directory. `change` sees the snapshot that goes with it, and may be asked again.
    pub(super) async fn change_directory(
        &self,
        mut change: impl FnMut(&Metadata, &Directory) -> Changed<Directory> + Send,
    ) -> Result<(), Failure> {
        self.change(stored::DIRECTORY, |store| {
            let (revision, snapshot, directory) = {
                let parts = store.parts.lock();
                (
                    parts.directory.0,
                    store.current(),
                    parts.directory.1.clone(),
                )
            };
            Ok((
                revision,
                change(&snapshot, &directory)?.map(|new| stored::encode(&new)),
            ))
        })
        .await
    }

    /// Changes the record of an index.
    pub(super) async fn change_record(
        &self,
        uuid: &str,
        mut change: impl FnMut(&Index, &Record) -> Changed<Record> + Send,
    ) -> Result<(), Failure> {
        self.change(&stored::index_key(uuid), |store| {
            let snapshot = store.current();
            let record = store.parts.lock().records.get(uuid).cloned();
            let (Some(index), Some((revision, record))) = (snapshot.index_of_uuid(uuid), record)
            else {
                return Err(Failure::index_not_found(uuid));
            };
            Ok((
                revision,
                change(index, &record)?.map(|new| stored::encode(&new)),
            ))
        })
        .await
    }

    /// Changes the settings of the cluster.
    pub(crate) async fn change_settings(
        &self,
        mut change: impl FnMut(&Settings) -> Changed<Settings> + Send,
    ) -> Result<(), Failure> {
        self.change(stored::SETTINGS, |store| {
            let (revision, settings) = store.parts.lock().settings.clone();
            Ok((revision, change(&settings)?.map(|new| stored::encode(&new))))
        })
        .await
    }

    /// Sets a key by compare-and-set until it holds, nothing is to do, or `next` refuses.
    async fn change(
        &self,
        key: &str,
        mut next: impl FnMut(&Self) -> Result<(Revision, Option<Bytes>), Failure> + Send,
    ) -> Result<(), Failure> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let (revision, value) = next(self)?;
            let Some(value) = value else { return Ok(()) };
            if value.len() > glasswork_substrate::kv::MAX_VALUE_BYTES {
                return Err(Failure::illegal_argument(format!(
                    "metadata [{key}] would grow to [{}] bytes",
                    value.len()
                )));
            }
            let set = match revision {
                Revision(0) => self.kv.create(key, value.clone()).await,
                _ => self.kv.compare_and_set(key, revision, value.clone()).await,
            };
            match set {
                Ok(revision) => return self.apply(key, Some(&Entry { value, revision }), revision),
                Err(KvError::Conflict { current, .. }) => {
                    self.catch_up(key, current, give_up).await?
                }
                Err(KvError::Unknown(_)) => {
                    // Whether it is ours is told by what lies there: a change that is made twice finds nothing to do.
                    if self.reread(key).await? == Some(value) {
                        return Ok(());
                    }
                }
                Err(error) => return Err(of_kv(&error)),
            }
            if Instant::now() >= give_up {
                return Err(busy(key));
            }
        }
    }

    /// Reads a key until it shows at least the revision that a conflict told of.
    async fn catch_up(
        &self,
        key: &str,
        wanted: Option<Revision>,
        give_up: Instant,
    ) -> Result<(), Failure> {
        loop {
            self.reread(key).await?;
            let known = self.parts.lock().revision_of(key);
            let caught_up = match wanted {
                Some(wanted) => known >= wanted,
                None => true,
            };
            if caught_up {
                return Ok(());
            }
            if Instant::now() >= give_up {
                return Err(busy(key));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn reread(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        match self.kv.get(key).await.map_err(|error| of_kv(&error))? {
            Some(entry) => {
                self.apply(key, Some(&entry), entry.revision)?;
                Ok(Some(entry.value))
            }
            None => Ok(None),
        }
    }

    /// Writes what a new index is, before the directory names it.
    pub(super) async fn put_new(
        &self,
        uuid: &str,
        record: &Record,
        places: &[Place],
    ) -> Result<(), Failure> {
        let mut writes = vec![(stored::index_key(uuid), stored::encode(record))];
        for (shard, place) in (0_u32..).zip(places) {
            writes.push((stored::shard_key(uuid, shard), stored::encode(place)));
        }
        let puts = writes.iter().map(|(key, value)| async move {
            // Nobody else knows the uuid, so that an unknown outcome is made known by doing it again.
            for _ in 0..3 {
                match self.kv.put(key, value.clone()).await {
                    Err(KvError::Unknown(_)) => {}
                    other => return other.map(|revision| (key, value, revision)),
                }
            }
            Err(KvError::Unknown(key.clone()))
        });
        for put in futures_util::future::join_all(puts).await {
            let (key, value, revision) = put.map_err(|error| of_kv(&error))?;
            self.apply(
                key,
                Some(&Entry {
                    value: value.clone(),
                    revision,
                }),
                revision,
            )?;
        }
        Ok(())
    }

    /// Indices that the directory does not name: uuid and number of shards. Those that were made just now may be named in a
    /// moment and are left out.
    pub(crate) fn leftovers(&self) -> Vec<(String, u32)> {
        let parts = self.parts.lock();
        let named: std::collections::HashSet<&str> = parts
            .directory
            .1
            .indices
            .values()
            .map(|listed| listed.uuid.as_str())
            .collect();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let leftover = |(uuid, (_, record)): (&String, &(Revision, Arc<Record>))| {
            let options = IndexOptions::from_settings(&record.settings);
            let age = now.saturating_sub(u128::try_from(options.created_millis).unwrap_or(0));
            let is_one = !named.contains(uuid.as_str()) && age > BEING_MADE.as_millis();
            is_one.then(|| (uuid.clone(), options.number_of_shards))
        };
        parts.records.iter().filter_map(leftover).collect()
    }

    /// Removes what an index was, after the directory no longer names it. What stays because of a failure is never looked at again.
    pub(crate) async fn remove_old(&self, uuid: &str, shards: u32) {
        let keys = std::iter::once(stored::index_key(uuid))
            .chain((0..shards).map(|shard| stored::shard_key(uuid, shard)));
        let deletions = keys.map(|key| async move {
            if let Err(error) = self.kv.delete(&key).await {
                tracing::warn!(%key, %error, "a key of a deleted index stays");
            }
        });
        futures_util::future::join_all(deletions).await;
    }
}

fn busy(key: &str) -> Failure {
    let why = format!(
        "failed to change metadata [{key}] within {}s: others change it too",
        PATIENCE.as_secs()
    );
    Failure::new(Kind::ProcessClusterEventTimeout, why)
}

/// The failure of a `Kv` that can't be used now.
fn of_kv(error: &KvError) -> Failure {
    match error {
        KvError::TooLarge { .. } | KvError::InvalidKey(_) => {
            Failure::illegal_argument(error.to_string())
        }
        _ => Failure::new(Kind::FailedToCommitClusterState, error.to_string()),
    }
}
