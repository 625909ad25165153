//! Contexts: the views that query phases keep for the fetch phases that follow.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use glasswork_content::{Failure, Kind};
use glasswork_engine::View;
use hashbrown::HashMap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::identity::random_id;

/// For how long a context waits for its fetch phase: a coordinator that is lost leaves nothing behind.
const KEEP_ALIVE: Duration = Duration::from_secs(300);

/// The contexts of one node.
pub(crate) struct Contexts {
    session: String,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Kept>>,
}

struct Kept {
    view: Arc<View>,
    since: Instant,
}

/// Which context of which session of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Default for Contexts {
    fn default() -> Self {
        Self {
            session: random_id(),
            next: AtomicU64::new(1),
            open: Mutex::default(),
        }
    }
}

impl Contexts {
    /// Keeps a view.
    pub(crate) fn keep(&self, view: Arc<View>) -> ContextId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut open = self.open.lock();
        open.retain(|_, kept| now.duration_since(kept.since) < KEEP_ALIVE);
        open.insert(number, Kept { view, since: now });
        ContextId {
            session: self.session.clone(),
            number,
        }
    }

    /// Takes a view out.
    ///
    /// # Errors
    /// 404 `search_context_missing_exception`.
    pub(crate) fn take(&self, id: &ContextId) -> Result<Arc<View>, Failure> {
        let kept = if id.session == self.session {
            self.open.lock().remove(&id.number)
        } else {
            None
        };
        kept.map(|kept| kept.view).ok_or_else(|| {
            Failure::new(
                Kind::SearchContextMissing,
                format!("No search context found for id [{}]", id.number),
            )
        })
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.open.lock().len()
    }
}
