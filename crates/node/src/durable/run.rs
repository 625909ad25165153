//! One durable run: its keys, and whether it is paused.

use super::{
    Asked, Head,
    keys::{self, of_kv},
};
use bytes::Bytes;
use glasswork_content::failure::{Failure, Kind};
use glasswork_substrate::{Kv, KvError, Revision};
use glasswork_tasks::{NodeId, On, Task};
use parking_lot::Mutex;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// How often a change is tried whose outcome is unknown or that met another one.
const ATTEMPTS: u32 = 10;

/// Pause before a key is read again that a change met.
const PAUSE: Duration = Duration::from_millis(5);

/// What is kept of an operation so that it outlives the process. It is handed out by [`crate::Node::durable_run`].
pub struct DurableRun {
    kv: Arc<dyn Kv>,
    key: String,
    state: Mutex<State>,
    paused: watch::Sender<bool>,
    resumed: bool,
    /// What it reads can't be closed and opened again where it was.
    never_pauses: AtomicBool,
}

struct State {
    head: Head,
    revision: Revision,
    /// The newest state of each part, as it is kept.
    parts: BTreeMap<u32, Bytes>,
}

impl std::fmt::Debug for DurableRun {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("DurableRun");
        shown.field("key", &self.key).finish_non_exhaustive()
    }
}

impl DurableRun {
    /// Keeps a run that begins: durable when this answers.
    ///
    /// # Errors
    /// 400 when the request is too long to be kept, 503 when nothing can be kept now.
    pub(crate) async fn create(
        kv: &Arc<dyn Kv>,
        node: &NodeId,
        number: u64,
        head: Head,
    ) -> Result<Self, Failure> {
        let key = keys::head(node, number);
        let value = keys::encode("the request", &head)?;
        let revision = match put(kv, &key, value).await {
            Ok(revision) => revision,
            Err(failure) => {
                // It may have been kept all the same, and then the next start would carry out what is refused here.
                if let Err(error) = delete(kv, &key).await {
                    tracing::warn!(%key, %error, "a refused task may begin with the next start");
                }
                return Err(failure);
            }
        };
        Ok(Self::new(kv, key, head, revision, BTreeMap::new(), false))
    }

    /// A run of an earlier process.
    pub(super) fn resumed(
        kv: &Arc<dyn Kv>,
        key: String,
        head: Head,
        revision: Revision,
        parts: BTreeMap<u32, Bytes>,
    ) -> Self {
        Self::new(kv, key, head, revision, parts, true)
    }

    fn new(
        kv: &Arc<dyn Kv>,
        key: String,
        head: Head,
        revision: Revision,
        parts: BTreeMap<u32, Bytes>,
        resumed: bool,
    ) -> Self {
        Self {
            kv: Arc::clone(kv),
            key,
            paused: watch::channel(head.paused).0,
            state: Mutex::new(State {
                head,
                revision,
                parts,
            }),
            resumed,
            never_pauses: AtomicBool::new(false),
        }
    }

    /// A pause is refused from now on.
    pub(crate) fn never_pauses(&self) {
        self.never_pauses.store(true, Ordering::Relaxed);
    }

    /// Keeps how far `part` is (0 for an operation in one piece, else the number of the by-query slice): durable when this
    /// answers, and what [`DurableRun::load`] gives from then on, here and in a later process. Saves of one part come one after
    /// the other.
    ///
    /// # Errors
    /// 400 when it takes more than 900 KB, 503 when nothing can be kept now; then what was kept before still counts, or this does.
    pub async fn save<T: Serialize>(&self, part: u32, state: &T) -> Result<(), Failure> {
        let value = keys::encode("the state of the task", state)?;
        put(&self.kv, &keys::part(&self.key, part), value.clone()).await?;
        self.state.lock().parts.insert(part, value);
        Ok(())
    }

    /// What was last saved for `part`, by this process or an earlier one; nothing when nothing was.
    ///
    /// # Errors
    /// 500 `illegal_state_exception` when it can't be read.
    #[allow(
        clippy::unused_async,
        reason = "where parts are kept may come to be elsewhere than in memory"
    )]
    pub async fn load<T: DeserializeOwned>(&self, part: u32) -> Result<Option<T>, Failure> {
        let kept = self.state.lock().parts.get(&part).cloned();
        let Some(kept) = kept else { return Ok(None) };
        keys::decode(&kept).map(Some).map_err(|why| {
            Failure::illegal_state(format!(
                "part [{part}] of [{}] can't be read: {why}",
                self.key
            ))
        })
    }

    /// What was asked of `part` while it ran.
    pub(crate) fn asked(&self, part: u32) -> Asked {
        let state = self.state.lock();
        state.head.parts.get(&part).cloned().unwrap_or_default()
    }

    /// Keeps what is asked of parts: durable when this answers. For a run that has ended meanwhile nothing is kept.
    ///
    /// # Errors
    /// 503 when it can't be kept now.
    pub(crate) async fn ask(
        &self,
        parts: &[u32],
        ask: impl Fn(u32, &mut Asked),
    ) -> Result<(), Failure> {
        let change = |head: &mut Head| {
            for part in parts {
                ask(*part, head.parts.entry(*part).or_default());
            }
        };
        match self.change(change).await {
            Err(ended) if ended.kind == Kind::ResourceNotFound => Ok(()),
            kept => kept,
        }
    }

    /// Ready when it is told to pause.
    pub(crate) async fn told_to_pause(&self) {
        let mut paused = self.paused.subscribe();
        // The sender lives as long as this run.
        if paused.wait_for(|paused| *paused).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether an earlier process began it.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// Whether it was told to pause.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Waits while the run is paused; `task`, the one that works, shows the wait `paused` meanwhile. Returns at once when it is
    /// not paused, and when `task` is cancelled.
    pub async fn not_paused(&self, task: &Task) {
        if !self.is_paused() || task.is_cancelled() {
            return;
        }
        let waiting = task.waiting(On::Paused);
        let mut paused = self.paused.subscribe();
        tokio::select! {
            // The sender lives as long as this run.
            _ = paused.wait_for(|paused| !paused) => {}
            _ = task.cancelled() => {}
        }
        drop(waiting);
    }

    /// Pauses it or lets it go on: durable when this answers.
    ///
    /// # Errors
    /// 400 for one that can't pause, 503 when it can't be kept now.
    pub(crate) async fn pause(&self, paused: bool) -> Result<(), Failure> {
        if paused && self.never_pauses.load(Ordering::Relaxed) {
            return Err(Failure::illegal_argument(
                "a task that reads a sorted source can't be paused",
            ));
        }
        self.change(|head| head.paused = paused).await?;
        self.paused.send_replace(self.state.lock().head.paused);
        Ok(())
    }

    /// Changes the head by compare-and-set: pause and cancel may come at once.
    pub(crate) async fn change(&self, change: impl Fn(&mut Head)) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            let (mut head, revision) = {
                let state = self.state.lock();
                (state.head.clone(), state.revision)
            };
            change(&mut head);
            if head == self.state.lock().head {
                return Ok(());
            }
            let value = keys::encode("the request", &head)?;
            match self.kv.compare_and_set(&self.key, revision, value).await {
                Ok(revision) => {
                    self.adopt(head, revision);
                    return Ok(());
                }
                Err(KvError::Conflict { current: None, key }) => {
                    let why = format!("[{key}] is no longer kept: the task has ended");
                    return Err(Failure::resource_not_found(why));
                }
                // Another change of this process, or an own one whose outcome was unknown: it decides what there is now.
                Err(KvError::Conflict { .. } | KvError::Unknown(_)) => self.reread().await?,
                Err(error) => return Err(of_kv(&error)),
            }
        }
        Err(of_kv(&KvError::Unknown(self.key.clone())))
    }

    async fn reread(&self) -> Result<(), Failure> {
        tokio::time::sleep(PAUSE).await;
        let entry = self
            .kv
            .get(&self.key)
            .await
            .map_err(|error| of_kv(&error))?;
        if let Some(entry) = entry
            && let Ok(head) = keys::decode(&entry.value)
        {
            self.adopt(head, entry.revision);
        }
        Ok(())
    }

    fn adopt(&self, head: Head, revision: Revision) {
        let mut state = self.state.lock();
        if revision > state.revision {
            state.head = head;
            state.revision = revision;
        }
    }

    /// Deletes its keys, the head first: its result is durable elsewhere. Parts without a head are never carried out, only
    /// deleted by the next start; a head without its parts would begin again.
    pub(crate) async fn forget(&self) {
        let parts: Vec<u32> = self.state.lock().parts.keys().copied().collect();
        let keys = parts.into_iter().map(|part| keys::part(&self.key, part));
        for key in std::iter::once(self.key.clone()).chain(keys) {
            if let Err(error) = delete(&self.kv, &key).await {
                tracing::warn!(%key, %error, "a key of an ended task stays until the next start");
                return;
            }
        }
    }
}

/// Writes a key that nobody else writes: what is unknown is done again.
async fn put(kv: &Arc<dyn Kv>, key: &str, value: Bytes) -> Result<Revision, Failure> {
    let mut unknown = KvError::Unknown(key.to_owned());
    for _ in 0..ATTEMPTS {
        match kv.put(key, value.clone()).await {
            Err(error @ KvError::Unknown(_)) => unknown = error,
            other => return other.map_err(|error| of_kv(&error)),
        }
    }
    Err(of_kv(&unknown))
}

/// Deletes a key.
pub(super) async fn delete(kv: &Arc<dyn Kv>, key: &str) -> Result<(), KvError> {
    let mut unknown = KvError::Unknown(key.to_owned());
    for _ in 0..ATTEMPTS {
        match kv.delete(key).await {
            Err(error @ KvError::Unknown(_)) => unknown = error,
            other => return other,
        }
    }
    Err(unknown)
}
