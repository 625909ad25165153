//! Watching the tasks of the cluster: what happens on every node comes together here in one order, in a bounded ring that
//! any number of watchers read. Nothing is collected while nobody watches.

mod feed;
mod tap;

pub(crate) use feed::FEED;
pub(crate) use tap::Taps;
pub use tap::WatchNode;

use bytes::Bytes;
use glasswork_tasks::NodeId;
pub use glasswork_tasks::wire::TaskEvent;
use parking_lot::Mutex;
use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::watch;

/// Events and bytes that are held at most; the oldest go first.
const MOST_EVENTS: usize = 16_384;
const MOST_BYTES: usize = 16 << 20;
/// How long events are collected after the last watcher left, so that one that lost its connection misses none.
const LINGER: Duration = Duration::from_secs(30);

/// How long a new watcher waits for the other nodes.
const REACHED: Duration = Duration::from_secs(1);

/// One thing that a watcher is told.
#[derive(Debug)]
pub struct Told {
    /// Its place in the order of this node; grows, over restarts too.
    pub sequence: u64,
    /// What happened, or how many things happened that this node did not learn of.
    pub what: What,
    /// The event as it is sent, without and with what is known beyond the plain fields: made by the first who needs it.
    pub forms: [OnceLock<Bytes>; 2],
}

/// What is told.
#[derive(Debug)]
pub enum What {
    /// Something happened.
    Event(Box<TaskEvent>),
    /// So many events are lost.
    Missed(u64),
}

/// What a watcher is told next.
#[derive(Debug, Default)]
pub struct News {
    /// Events before these that are no longer held: how many, or `None` in it when that can't be known.
    pub missed: Option<Option<u64>>,
    /// What is held, in order.
    pub told: Vec<Arc<Told>>,
    /// The sequence number before the first of them.
    pub before: u64,
}

/// Everything that is watched on this node.
pub(crate) struct Watches {
    ring: Mutex<Ring>,
    /// The sequence number that comes next; the last value is the end of watching.
    newest: watch::Sender<u64>,
    /// The other nodes of which it is heard what happens.
    heard: watch::Sender<HashSet<NodeId>>,
}

const CLOSED: u64 = u64::MAX;

struct Ring {
    held: VecDeque<Arc<Told>>,
    bytes: usize,
    next: u64,
    /// The first number of this process.
    first: u64,
    watchers: usize,
    /// When the last watcher left.
    left: Option<Instant>,
    /// Which feed fills the ring; 0 = none.
    feed: u64,
    feeds: u64,
}

impl Default for Watches {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(0);
        // A thousand events a millisecond would have to happen for a restart to repeat a number. Below 2^53.
        let first = millis.saturating_mul(1000).clamp(1, 1 << 52);
        Self {
            ring: Mutex::new(Ring {
                held: VecDeque::new(),
                bytes: 0,
                next: first,
                first,
                watchers: 0,
                left: None,
                feed: 0,
                feeds: 0,
            }),
            newest: watch::Sender::new(first),
            heard: watch::Sender::default(),
        }
    }
}

impl Watches {
    /// Takes over what happened.
    fn add(&self, news: impl IntoIterator<Item = What>) {
        let mut dropped = Vec::new();
        let next = {
            let mut ring = self.ring.lock();
            for what in news {
                let told = Told {
                    sequence: ring.next,
                    what,
                    forms: Default::default(),
                };
                ring.next += 1;
                ring.bytes += told.bytes();
                ring.held.push_back(Arc::new(told));
            }
            while ring.held.len() > MOST_EVENTS || ring.bytes > MOST_BYTES {
                let Some(oldest) = ring.held.pop_front() else {
                    break;
                };
                ring.bytes -= oldest.bytes();
                dropped.push(oldest);
            }
            ring.next
        };
        drop(dropped);
        self.newest.send_if_modified(|newest| {
            *newest != CLOSED && std::mem::replace(newest, next) != next
        });
    }

    /// Begins to watch behind `after`, or with what happens from now on. Tells which feed has to be started, if one has.
    fn join(&self, after: Option<u64>) -> (u64, Option<Option<u64>>, Option<u64>) {
        let mut ring = self.ring.lock();
        ring.watchers += 1;
        let mut start = None;
        if ring.feed == 0 {
            ring.feeds += 1;
            ring.feed = ring.feeds;
            start = Some(ring.feed);
        }
        let oldest = ring.next - ring.held.len() as u64;
        let (next, missed) = match after {
            None => (ring.next, None),
            // Of another process or another node.
            Some(after) if after.saturating_add(1) < ring.first || after >= ring.next => {
                (oldest, Some(None))
            }
            Some(after) if after + 1 < oldest => (oldest, Some(Some(oldest - after - 1))),
            Some(after) => (after + 1, None),
        };
        (next, missed, start)
    }

    /// Whether the feed of this number is still wanted; when it is not, it ends with this answer.
    fn wants(&self, feed: u64) -> bool {
        let mut ring = self.ring.lock();
        if ring.feed != feed {
            return false;
        }
        let idle = ring.watchers == 0 && ring.left.is_none_or(|left| left.elapsed() > LINGER);
        if idle {
            ring.feed = 0;
            ring.held.clear();
            ring.bytes = 0;
            // Nobody counts what happens until somebody watches again: one number stands for it.
            ring.next += 1;
        }
        !idle
    }

    /// Waits until it is heard what happens on `nodes`; a node that can't be asked is not waited for long.
    pub(crate) async fn hears(&self, nodes: &[NodeId]) {
        let mut heard = self.heard.subscribe();
        let all = heard.wait_for(|heard| nodes.iter().all(|node| heard.contains(node)));
        if tokio::time::timeout(REACHED, all).await.is_err() {
            tracing::debug!("not every node can be watched");
        }
    }

    fn set_heard(&self, node: &NodeId, heard: bool) {
        self.heard.send_if_modified(|nodes| match heard {
            true => nodes.insert(node.clone()),
            false => nodes.remove(node),
        });
    }

    /// Whether this is the feed that fills the ring.
    fn feeds(&self, feed: u64) -> bool {
        self.ring.lock().feed == feed
    }

    /// Ends all watching.
    pub(crate) fn close(&self) {
        self.newest.send_replace(CLOSED);
    }
}

impl Told {
    /// What it takes, about: the forms are made of the same.
    fn bytes(&self) -> usize {
        const FIXED: usize = 2048;
        match &self.what {
            What::Missed(_) => FIXED,
            What::Event(event) => {
                let headers = event.task.headers.iter();
                FIXED
                    + 3 * headers
                        .map(|(name, value)| name.len() + value.len())
                        .sum::<usize>()
            }
        }
    }
}

/// One who watches.
pub struct Watcher {
    watches: Arc<Watches>,
    newest: watch::Receiver<u64>,
    next: u64,
    missed: Option<Option<u64>>,
}

impl Watcher {
    /// What happened next, at most `most` things, once something has; `None` when watching is over.
    pub async fn next(&mut self, most: usize) -> Option<News> {
        loop {
            // An error means that the node is gone.
            let newest = *self.newest.borrow_and_update();
            if newest == CLOSED {
                return None;
            }
            if newest > self.next || self.missed.is_some() {
                let news = self.take(most);
                if !news.told.is_empty() || news.missed.is_some() {
                    return Some(news);
                }
            }
            self.newest.changed().await.ok()?;
        }
    }

    fn take(&mut self, most: usize) -> News {
        let ring = self.watches.ring.lock();
        let oldest = ring.next - ring.held.len() as u64;
        let mut missed = self.missed.take();
        if self.next < oldest {
            missed = missed.or(Some(Some(oldest - self.next)));
            self.next = oldest;
        }
        let from = usize::try_from(self.next - oldest).unwrap_or(usize::MAX);
        let told: Vec<Arc<Told>> = ring.held.iter().skip(from).take(most).cloned().collect();
        let before = self.next - 1;
        self.next += told.len() as u64;
        News {
            missed,
            told,
            before,
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut ring = self.watches.ring.lock();
        ring.watchers -= 1;
        ring.left = Some(Instant::now());
    }
}

impl crate::Node {
    /// Hears what happens to the tasks of all nodes from now on, or from behind the event of this sequence number.
    pub fn watch_tasks(self: &Arc<Self>, after: Option<u64>) -> Watcher {
        let watches = self.watches();
        let newest = watches.newest.subscribe();
        let (next, missed, start) = watches.join(after);
        if let Some(feed) = start {
            feed::start(self, feed);
        }
        Watcher {
            watches: Arc::clone(watches),
            newest,
            next,
            missed,
        }
    }

    /// Ends all watching: who watches is told no more.
    pub fn end_watching(&self) {
        self.watches().close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(watches: &Watches, count: u64) {
        watches.add((0..count).map(What::Missed));
    }

    fn watcher(watches: &Arc<Watches>, after: Option<u64>) -> Watcher {
        let newest = watches.newest.subscribe();
        let (next, missed, _) = watches.join(after);
        Watcher {
            watches: Arc::clone(watches),
            newest,
            next,
            missed,
        }
    }

    #[tokio::test]
    async fn a_watcher_goes_on_where_it_was_and_is_told_what_it_missed() {
        let watches = Arc::new(Watches::default());
        let mut one = watcher(&watches, None);
        lost(&watches, 3);
        let news = one.next(2).await.unwrap();
        assert_eq!((news.missed, news.told.len()), (None, 2));
        let last = news.told[1].sequence;
        let mut again = watcher(&watches, Some(last));
        assert_eq!(again.next(10).await.unwrap().told[0].sequence, last + 1);
        lost(&watches, MOST_EVENTS as u64 + 1);
        let news = one.next(1).await.unwrap();
        assert!(matches!(news.missed, Some(Some(missed)) if missed > 0));
        assert_eq!(news.told[0].sequence, news.before + 1);
        let mut stranger = watcher(&watches, Some(17));
        assert_eq!(stranger.next(1).await.unwrap().missed, Some(None));
        watches.close();
        assert!(one.next(1).await.is_none());
    }

    #[test]
    fn what_is_held_is_bounded_and_goes_when_nobody_watches() {
        let watches = Watches::default();
        let (_, _, start) = watches.join(None);
        let feed = start.unwrap();
        assert!(watches.wants(feed));
        lost(&watches, 100_000);
        assert!(watches.ring.lock().bytes <= MOST_BYTES);
        watches.ring.lock().watchers = 0;
        assert!(!watches.wants(feed), "nobody watches");
        assert_eq!(watches.ring.lock().held.len(), 0);
        assert!(!watches.wants(feed));
    }
}
