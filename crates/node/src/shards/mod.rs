//! The shards that are open on this node: opened when they are first needed, kept up in the background, closed when their
//! index goes or closes.

mod polled;
mod routing;
mod shard;
mod upkeep;

use crate::{Node, metadata::Index};
use futures_util::{FutureExt, StreamExt};
use glasswork_content::{Failure, Kind};
use glasswork_engine::{Shard, ShardConfig};
use glasswork_substrate::LogName;
use hashbrown::{Equivalent, HashMap};
use parking_lot::Mutex;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};
use tokio::sync::{OnceCell, mpsc};

pub(crate) use polled::on_pool;
pub use shard::LocalShard;
pub(crate) use upkeep::{INTERNAL, flush_all, run as upkeep};

use shard::{EngineUpkeep, Frame, Wanted, of_engine};

/// Bytes a second that merges of one shard write, so that searches and writes have their share of the disk.
const MERGE_BYTES_PER_SECOND: u64 = 100 << 20;

/// Shards that are opened side by side when a node starts.
const OPENED_AT_A_TIME: usize = 8;

type Key = (Arc<str>, u32);

/// A [`Key`] that is only looked up.
#[derive(Hash)]
struct KeyOf<'a>(&'a str, u32);

impl Equivalent<Key> for KeyOf<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.0 == *key.0 && self.1 == key.1
    }
}

/// The open shards.
pub struct Shards {
    folder: PathBuf,
    open: Mutex<HashMap<Key, Arc<OnceCell<Arc<LocalShard>>>>>,
    jobs: mpsc::UnboundedSender<Wanted>,
    waiting: Mutex<Option<mpsc::UnboundedReceiver<Wanted>>>,
}

impl Shards {
    /// None is open; their folders lie in `data`.
    pub(crate) fn new(data: &Path) -> Self {
        let (jobs, waiting) = mpsc::unbounded_channel();
        Self {
            folder: data.join("indices"),
            open: Mutex::default(),
            jobs,
            waiting: Mutex::new(Some(waiting)),
        }
    }

    /// The jobs for the upkeep; given once.
    pub(crate) fn take_jobs(&self) -> Option<mpsc::UnboundedReceiver<Wanted>> {
        self.waiting.lock().take()
    }

    /// Those that are open.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<LocalShard>> {
        self.open
            .lock()
            .values()
            .filter_map(|cell| cell.get().cloned())
            .collect()
    }

    /// Those of an index that are open.
    #[must_use]
    pub fn of_index(&self, uuid: &str) -> Vec<Arc<LocalShard>> {
        self.all()
            .into_iter()
            .filter(|shard| **shard.uuid() == *uuid)
            .collect()
    }

    /// The shard if it is open.
    #[must_use]
    pub fn get(&self, uuid: &str, shard: u32) -> Option<Arc<LocalShard>> {
        self.open.lock().get(&KeyOf(uuid, shard))?.get().cloned()
    }

    fn dir(&self, uuid: &str, shard: u32) -> PathBuf {
        self.folder.join(uuid).join(shard.to_string())
    }

    /// Gives up a shard; whoever opens it just now fails.
    fn take(&self, uuid: &Arc<str>, shard: u32) -> Option<Arc<LocalShard>> {
        self.open
            .lock()
            .remove(&(Arc::clone(uuid), shard))?
            .get()
            .cloned()
    }
}

impl Node {
    /// The shard of an index that lies on this node, opened if it is not.
    ///
    /// # Errors
    /// 400 when the index is closed, 404 when it is gone, 503 when the shard lies elsewhere or can't be opened.
    pub async fn shard(&self, uuid: &str, shard: u32) -> Result<Arc<LocalShard>, Failure> {
        if let Some(open) = self.shards().get(uuid, shard) {
            return Ok(open);
        }
        let metadata = self.metadata();
        let Some(index) = metadata.index_of_uuid(uuid) else {
            return Err(Failure::index_not_found(uuid));
        };
        if !index.open {
            return Err(crate::metadata::closed(&index.name, &index.uuid));
        }
        let here = index
            .shards
            .get(shard as usize)
            .is_some_and(|place| *place.primary == *self.id().as_str());
        if !here {
            return Err(Failure::new(
                Kind::NoShardAvailableAction,
                format!("[{}][{shard}] is not on this node", index.name),
            ));
        }
        let cell = Arc::clone(
            self.shards()
                .open
                .lock()
                .entry((Arc::clone(&index.uuid), shard))
                .or_default(),
        );
        let opened = cell
            .get_or_try_init(|| self.open_shard(index, shard).boxed())
            .await
            .cloned()?;
        // The index may have gone while the shard opened; then nobody else has it in hand.
        match self.metadata().index_of_uuid(uuid) {
            Some(index) if index.open => {}
            Some(_) => {
                self.shards().take(&index.uuid, shard);
                opened.engine().close();
                return Err(crate::metadata::closed(&index.name, &index.uuid));
            }
            None => {
                self.shards().take(&index.uuid, shard);
                opened.engine().close();
                self.remove_shard(&index.uuid, shard).await;
                return Err(Failure::index_not_found(&index.name));
            }
        }
        Ok(opened)
    }

    async fn open_shard(
        &self,
        index: &Arc<Index>,
        number: u32,
    ) -> Result<Arc<LocalShard>, Failure> {
        let failed = |error: &glasswork_engine::EngineError| {
            of_engine(error, &index.name, &index.uuid, number)
        };
        let name = LogName::new(&index.uuid, number)
            .map_err(|error| Failure::illegal_state(error.to_string()))?;
        let log = self
            .substrate()
            .logs
            .open(&name)
            .await
            .map_err(|error| failed(&error.into()))?;
        let upkeep = Arc::new(EngineUpkeep {
            shard: OnceLock::new(),
        });
        let interpreter = Arc::clone(&index.versions);
        let config = ShardConfig {
            upkeep: Some(Arc::clone(&upkeep) as Arc<dyn glasswork_engine::Upkeep>),
            primary_term: index
                .shards
                .get(number as usize)
                .map_or(1, |place| place.term),
            gc_deletes: index.options.gc_deletes,
            flush_bytes: index.options.flush_threshold_bytes,
            merge_bytes_per_second: Some(MERGE_BYTES_PER_SECOND),
            ..ShardConfig::new(self.shards().dir(&index.uuid, number), log, interpreter)
        };
        // Replay is CPU work; it runs where it can't hold up those who wait for the network.
        let handle = tokio::runtime::Handle::current();
        let opening = tokio::task::spawn_blocking(move || handle.block_on(Shard::open(config)));
        let engine = opening
            .await
            .map_err(|error| Failure::illegal_state(error.to_string()))?
            .map_err(|error| failed(&error))?;
        let frame = Frame {
            index: Arc::clone(&index.name),
            uuid: Arc::clone(&index.uuid),
            number,
            versions: Arc::clone(&index.versions),
            options: Arc::clone(&index.options),
            jobs: self.shards().jobs.clone(),
        };
        let shard = Arc::new(LocalShard::new(frame, engine));
        // Set once: the upkeep belongs to this shard alone.
        let _ = upkeep.shard.set(Arc::downgrade(&shard));
        if shard.engine().stats().log_bytes > 0 {
            shard.wrote();
        }
        Ok(shard)
    }

    /// Begins to open every shard that lies here. Whoever needs one before it is open waits for this.
    pub(crate) fn open_shards_soon(self: &Arc<Self>) {
        let node = Arc::downgrade(self);
        self.background("opening shards", async move {
            if let Some(node) = node.upgrade() {
                node.open_shards().await;
            }
        });
    }

    /// Opens every shard that lies here.
    pub(crate) async fn open_shards(&self) {
        let metadata = self.metadata();
        let mine = metadata
            .indices()
            .filter(|index| index.open)
            .flat_map(|index| {
                let here = index
                    .shards
                    .iter()
                    .zip(0_u32..)
                    .filter(|(place, _)| *place.primary == *self.id().as_str());
                here.map(|(_, number)| (Arc::clone(&index.uuid), number))
                    .collect::<Vec<_>>()
            });
        let opening = mine.map(|(uuid, number)| async move {
            if let Err(failure) = self.shard(&uuid, number).await {
                tracing::error!(%uuid, number, %failure, "a shard can't be opened");
            }
        });
        futures_util::stream::iter(opening)
            .for_each_concurrent(OPENED_AT_A_TIME, |opening| opening)
            .await;
    }

    /// Closes a shard; its data stays.
    pub(crate) fn close_shard(&self, uuid: &Arc<str>, shard: u32) {
        if let Some(open) = self.shards().take(uuid, shard) {
            open.engine().close();
        }
        self.contexts().free_shard(uuid, shard);
    }

    /// Removes what is left of an index on this node.
    pub(crate) async fn remove_shards(&self, index: &Index) {
        for (place, number) in index.shards.iter().zip(0_u32..) {
            if *place.primary == *self.id().as_str() {
                self.remove_shard(&index.uuid, number).await;
            }
        }
        // Empty by now; if it isn't, its files are looked for again at the next start.
        let _ = std::fs::remove_dir(self.shards().folder.join(&*index.uuid));
    }

    async fn remove_shard(&self, uuid: &Arc<str>, number: u32) {
        let open = self.shards().take(uuid, number);
        self.contexts().free_shard(uuid, number);
        let dir = self.shards().dir(uuid, number);
        let removing = tokio::task::spawn_blocking(move || match open {
            Some(shard) => shard.engine().delete().map_err(|error| error.to_string()),
            None => match std::fs::remove_dir_all(&dir) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(error.to_string())
                }
                _ => Ok(()),
            },
        });
        let removed = removing
            .await
            .map_err(|error| error.to_string())
            .and_then(|removed| removed);
        if let Err(why) = removed {
            tracing::warn!(%uuid, number, why, "the folder of a deleted shard stays");
        }
        let Ok(name) = LogName::new(uuid, number) else {
            return;
        };
        if let Err(error) = self.substrate().logs.delete(&name).await {
            tracing::warn!(%uuid, number, %error, "the log of a deleted shard stays");
        }
    }

    /// Removes what is left of indices whose deletion, or making, was cut short by a crash.
    pub(crate) async fn remove_leftovers(&self) {
        for (uuid, shards) in self.metadata_store().leftovers() {
            let uuid: Arc<str> = uuid.into();
            for number in 0..shards {
                self.remove_shard(&uuid, number).await;
            }
            self.metadata_store().remove_old(&uuid, shards).await;
        }
    }

    /// Closes, removes and adjusts shards as the newest metadata says.
    pub(crate) async fn follow_metadata(&self) {
        let metadata = self.metadata();
        for shard in self.shards().all() {
            match metadata.index_of_uuid(shard.uuid()) {
                Some(index) if index.open => shard.set_options(Arc::clone(&index.options)),
                Some(_) => self.close_shard(shard.uuid(), shard.number()),
                None => self.remove_shard(shard.uuid(), shard.number()).await,
            }
        }
    }
}
