//! Contexts: what a shard keeps between the phases of a search, between the pages of a scroll, and for a point in time.
//!
//! A context ends when it is taken or freed, when its keep-alive has passed without use (a sweep looks for that, whether
//! or not anybody asks), and when its shard goes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use glasswork_content::{Failure, Kind};
use glasswork_engine::View;
use glasswork_search::{query::Query, shard::ShardDoc};
use glasswork_tasks::NodeId;
use hashbrown::HashMap;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use crate::{actions::indices::ShardId, identity::random_id};

/// For how long a context waits for its fetch phase: a coordinator that is lost leaves nothing behind.
const BETWEEN_PHASES: Duration = Duration::from_secs(300);

/// The contexts of one node.
pub(crate) struct Contexts {
    session: String,
    next: AtomicU64,
    begun: Instant,
    open: Mutex<HashMap<u64, Arc<Reader>>>,
}

/// Which context of which session of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct ContextId {
    /// The node's session: another one after each start.
    pub(crate) session: String,
    /// Number in the session.
    pub(crate) number: u64,
}

impl std::fmt::Display for ContextId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "[{}][{}]", self.session, self.number)
    }
}

/// What a context is kept for.
pub(crate) enum Kept {
    /// The fetch phase of the same search.
    Fetch,
    /// The next page. Whoever reads a page holds the place; another request for the same page is turned away.
    Scroll(Box<Mutex<Cursor>>),
    /// The next page of a scan, which only an operation of this node reads.
    Scan(NodeId, Box<Mutex<Cursor>>),
    /// Searches that name it.
    PointInTime(Box<PointInTime>),
}

/// What a point in time knows beside its view.
pub(crate) struct PointInTime {
    /// What the aliases let through that it was made of.
    pub(crate) filter: Option<Query>,
    /// Its id and when it was made, milliseconds since 1970; unknown until every shard has answered.
    pub(crate) about: Mutex<Option<About>>,
}

/// What a list of points in time tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct About {
    /// When it was made, milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) id: String,
}

/// One context.
pub(crate) struct Reader {
    /// The shard.
    pub(crate) shard: ShardId,
    /// What it looked like.
    pub(crate) view: Arc<View>,
    kept: Kept,
    /// Milliseconds without use after which it ends.
    keep_alive: AtomicU64,
    /// Milliseconds after [`Contexts::begun`] when it was used last.
    touched: AtomicU64,
    users: AtomicU32,
}

impl Reader {
    /// The place of the scroll, for one page at a time.
    ///
    /// # Errors
    /// 404 when this is no scroll, 429 when another request reads a page.
    pub(crate) fn cursor(&self) -> Result<MutexGuard<'_, Cursor>, Failure> {
        let (Kept::Scroll(cursor) | Kept::Scan(_, cursor)) = &self.kept else {
            return Err(Failure::new(
                Kind::SearchContextMissing,
                "the context is none of a scroll",
            ));
        };
        cursor
            .try_lock()
            .ok_or_else(|| Failure::rejected("another request reads a page of this scroll"))
    }

    /// It stays for `keep_alive` after it is no longer in use.
    pub(crate) fn set_keep_alive(&self, keep_alive: Duration) {
        self.keep_alive.store(millis(keep_alive), Ordering::Relaxed);
    }

    /// It stays for `keep_alive` at least after it is no longer in use.
    pub(crate) fn keep_for(&self, keep_alive: Duration) {
        self.keep_alive
            .fetch_max(millis(keep_alive), Ordering::Relaxed);
    }

    /// What it knows as a point in time.
    ///
    /// # Errors
    /// 404 when it is none.
    pub(crate) fn point_in_time(&self) -> Result<&PointInTime, Failure> {
        match &self.kept {
            Kept::PointInTime(pit) => Ok(pit),
            _ => Err(Failure::new(
                Kind::SearchContextMissing,
                "the context is none of a point in time",
            )),
        }
    }

    fn is_scroll(&self) -> bool {
        matches!(self.kept, Kept::Scroll(_) | Kept::Scan(..))
    }

    /// The next page begins behind `last`; nothing changes without it.
    ///
    /// # Errors
    /// As [`Reader::cursor`].
    pub(crate) fn gave_out(&self, last: Option<ShardDoc>) -> Result<(), Failure> {
        let Some(last) = last else {
            return Ok(());
        };
        if let Cursor::Ranked(ranked) = &mut *self.cursor()? {
            ranked.last = Some(last);
        }
        Ok(())
    }
}

/// A context in use: it does not expire. Its keep-alive begins anew when this is dropped.
pub(crate) struct InUse {
    pub(crate) reader: Arc<Reader>,
    begun: Instant,
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.reader
            .touched
            .store(millis(self.begun.elapsed()), Ordering::Relaxed);
        self.reader.users.fetch_sub(1, Ordering::Release);
    }
}

impl Default for Contexts {
    fn default() -> Self {
        Self {
            session: random_id(),
            next: AtomicU64::new(1),
            begun: Instant::now(),
            open: Mutex::default(),
        }
    }
}

impl Contexts {
    /// The node's session: another one after each start.
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// Keeps a view for the fetch phase of the same search.
    pub(crate) fn keep(&self, shard: ShardId, view: Arc<View>) -> ContextId {
        let mut open = self.open.lock();
        self.insert(&mut open, shard, view, Kept::Fetch, BETWEEN_PHASES)
    }

    /// Keeps a view and a place for the next page of a scroll, or of a scan that node `scans` goes on with.
    ///
    /// # Errors
    /// 429 when `limit` scrolls are open already.
    pub(crate) fn open_scroll(
        &self,
        shard: ShardId,
        view: Arc<View>,
        (cursor, scans): (Cursor, Option<NodeId>),
        keep_alive: Duration,
        limit: usize,
    ) -> Result<ContextId, Failure> {
        let mut open = self.open.lock();
        let scrolls = open.values().filter(|reader| reader.is_scroll()).count();
        if scrolls >= limit {
            return Err(Failure::rejected(format!(
                "Trying to create too many scroll contexts. Must be less than or equal to: [{limit}]. This limit can be set by \
                 changing the [search.max_open_scroll_context] setting."
            )));
        }
        let cursor = Box::new(Mutex::new(cursor));
        let kept = match scans {
            Some(node) => Kept::Scan(node, cursor),
            None => Kept::Scroll(cursor),
        };
        Ok(self.insert(&mut open, shard, view, kept, keep_alive))
    }

    /// Keeps a view for the searches of a point in time.
    ///
    /// # Errors
    /// 429 when `limit` of them are open already.
    pub(crate) fn open_point_in_time(
        &self,
        shard: ShardId,
        view: Arc<View>,
        filter: Option<Query>,
        keep_alive: Duration,
        limit: usize,
    ) -> Result<ContextId, Failure> {
        let mut open = self.open.lock();
        let points = open
            .values()
            .filter(|reader| matches!(reader.kept, Kept::PointInTime(_)))
            .count();
        if points >= limit {
            return Err(Failure::rejected(format!(
                "Trying to create too many Point In Time contexts. Must be less than or equal to: [{limit}]. This limit can be set \
                 by changing the [search.max_open_pit_context] setting."
            )));
        }
        let kept = Kept::PointInTime(Box::new(PointInTime {
            filter,
            about: Mutex::new(None),
        }));
        Ok(self.insert(&mut open, shard, view, kept, keep_alive))
    }

    /// The points in time that have contexts here, each once, with their keep-alives in milliseconds.
    pub(crate) fn points_in_time(&self) -> Vec<(About, u64)> {
        let mut points: Vec<(About, u64)> = self
            .open
            .lock()
            .values()
            .filter_map(|reader| {
                let about = reader.point_in_time().ok()?.about.lock().clone()?;
                Some((about, reader.keep_alive.load(Ordering::Relaxed)))
            })
            .collect();
        points.sort();
        points.dedup_by(|left, right| left.0 == right.0);
        points
    }

    fn insert(
        &self,
        open: &mut HashMap<u64, Arc<Reader>>,
        shard: ShardId,
        view: Arc<View>,
        kept: Kept,
        keep_alive: Duration,
    ) -> ContextId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let reader = Reader {
            shard,
            view,
            kept,
            keep_alive: AtomicU64::new(millis(keep_alive)),
            touched: AtomicU64::new(millis(self.begun.elapsed())),
            users: AtomicU32::new(0),
        };
        open.insert(number, Arc::new(reader));
        ContextId {
            session: self.session.clone(),
            number,
        }
    }

    /// Looks into a context.
    ///
    /// # Errors
    /// 404 `search_context_missing_exception`.
    pub(crate) fn look(&self, id: &ContextId) -> Result<InUse, Failure> {
        if id.session != self.session {
            return Err(missing(id));
        }
        let open = self.open.lock();
        let reader = Arc::clone(open.get(&id.number).ok_or_else(|| missing(id))?);
        // Under the lock: the sweep that holds it sees the user.
        reader.users.fetch_add(1, Ordering::Acquire);
        drop(open);
        Ok(InUse {
            reader,
            begun: self.begun,
        })
    }

    /// What the fetch phase reads from: its own context is taken, that of a scroll or a point in time stays.
    ///
    /// # Errors
    /// 404 `search_context_missing_exception`.
    pub(crate) fn fetch_from(&self, id: &ContextId) -> Result<InUse, Failure> {
        let used = self.look(id)?;
        if matches!(used.reader.kept, Kept::Fetch) {
            self.open.lock().remove(&id.number);
        }
        Ok(used)
    }

    /// Ends a context; tells whether it was there.
    pub(crate) fn free(&self, id: &ContextId) -> bool {
        let freed = if id.session == self.session {
            self.open.lock().remove(&id.number)
        } else {
            None
        };
        freed.is_some()
    }

    /// Ends every scroll; tells how many there were.
    pub(crate) fn free_scrolls(&self) -> usize {
        self.free_where(Reader::is_scroll)
    }

    /// Ends the scans of a node that left: its operations open others when it is there again.
    pub(crate) fn free_scans_of(&self, node: &NodeId) -> usize {
        self.free_where(|reader| matches!(&reader.kept, Kept::Scan(whose, _) if whose == node))
    }

    /// Ends what is kept of a shard that goes.
    pub(crate) fn free_shard(&self, uuid: &str, shard: u32) -> usize {
        self.free_where(|reader| reader.shard.uuid == uuid && reader.shard.shard == shard)
    }

    /// Ends what nobody has used for its keep-alive.
    pub(crate) fn sweep(&self) -> usize {
        let now = millis(self.begun.elapsed());
        self.free_where(|reader| {
            let idle = now.saturating_sub(reader.touched.load(Ordering::Relaxed));
            reader.users.load(Ordering::Acquire) == 0
                && idle > reader.keep_alive.load(Ordering::Relaxed)
        })
    }

    fn free_where(&self, mut ends: impl FnMut(&Reader) -> bool) -> usize {
        let mut freed = Vec::new();
        self.open.lock().retain(|_, reader| {
            let ends = ends(reader);
            if ends {
                freed.push(Arc::clone(reader));
            }
            !ends
        });
        // Views and bits are given back here, outside of the lock.
        freed.len()
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.open.lock().len()
    }
}

pub(super) fn missing(id: &ContextId) -> Failure {
    Failure::new(
        Kind::SearchContextMissing,
        format!("No search context found for id [{}]", id.number),
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
