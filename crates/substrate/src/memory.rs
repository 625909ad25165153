//! All three traits in memory, for many nodes in one process, with seeded faults: what tests run on.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use glasswork_substrate::memory::World;
//!
//! let world = World::new(7);
//! let (a, b) = (world.node("a"), world.node("b"));
//! a.kv.put("color", "green".into()).await.unwrap();
//! assert_eq!(b.kv.get("color").await.unwrap().unwrap().value, "green");
//! world.crash("a");
//! assert!(a.kv.put("color", "blue".into()).await.is_err());
//! assert_eq!(b.bus.members().len(), 1);
//! # });
//! ```
//!
//! Futures must be polled inside a tokio runtime with time enabled; with paused time faults cost no time.

mod bus;
mod faults;
mod kv;
mod log;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use faults::Traps;
pub use faults::{Fate, Faults};

use crate::{Bus, Kv, Logs, dice::Dice};

/// The shared state of a cluster that exists in this process only. Clones are handles of the same world.
#[derive(Clone)]
pub struct World {
    inner: Arc<Inner>,
}

/// What one node holds of a [`World`]. Clones are the same node.
#[derive(Clone)]
pub struct Node {
    /// The logs.
    pub logs: Arc<dyn Logs>,
    /// The keys and values.
    pub kv: Arc<dyn Kv>,
    /// The messages.
    pub bus: Arc<dyn Bus>,
}

struct Inner {
    dice: Mutex<Dice>,
    faults: Mutex<Faults>,
    plans: Mutex<HashMap<String, VecDeque<Fate>>>,
    traps: Mutex<Traps>,
    network: bus::Network,
    logs: log::Store,
    kv: kv::Store,
}

impl World {
    /// An empty world without faults. Equal seeds give equal faults for equal sequences of calls.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            inner: Arc::new(Inner {
                dice: Mutex::new(Dice::new(seed)),
                faults: Mutex::default(),
                plans: Mutex::default(),
                traps: Mutex::default(),
                network: bus::Network::default(),
                logs: log::Store::default(),
                kv: kv::Store::default(),
            }),
        }
    }

    /// Starts the node `id`: from now on it is a member. A node of this id that was there before is crashed by it, and its
    /// handles stay dead.
    #[must_use]
    pub fn node(&self, id: &str) -> Node {
        let seat = self.inner.network.join(id);
        let caller = Caller {
            world: self.inner.clone(),
            seat,
        };
        Node {
            logs: Arc::new(log::MemoryLogs::new(caller.clone())),
            kv: Arc::new(kv::MemoryKv::new(caller.clone())),
            bus: Arc::new(bus::MemoryBus::new(caller)),
        }
    }

    /// How often calls go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        *self.inner.faults.lock() = faults;
    }

    /// Plans what becomes of the next changes that `node` makes in a store, in this order; after them the dice decide again.
    pub fn plan(&self, node: &str, fates: impl IntoIterator<Item = Fate>) {
        self.inner
            .plans
            .lock()
            .entry(node.to_owned())
            .or_default()
            .extend(fates);
    }

    /// Kills `node` when it is about to change a key that begins with `prefix` and ends with `suffix`, after `before` such
    /// changes that land. The one that kills it never does.
    pub fn crash_at_key(&self, node: &str, (prefix, suffix): (&str, &str), before: u32) {
        let mut traps = self.inner.traps.lock();
        traps.crash_at_key(node, (prefix, suffix), before);
    }

    /// Loses the next reply of `node` to a request for `action`: it does what is asked, and whoever asked is told that the node
    /// was lost.
    pub fn lose_reply(&self, node: &str, action: &str) {
        self.inner.traps.lock().lose_reply(node, action);
    }

    /// Whether all that was to go wrong at a key or a reply has.
    #[must_use]
    pub fn has_sprung(&self) -> bool {
        self.inner.traps.lock().is_empty()
    }

    /// Kills the node: its handles fail from now on, requests that it served are cut off, the others see it leave.
    pub fn crash(&self, node: &str) {
        self.inner.network.crash(node);
    }

    /// Stops the node from answering without anybody being told: requests to it time out.
    pub fn freeze(&self, node: &str) {
        self.inner.network.set_frozen(node, true);
    }

    /// Lets a frozen node go on.
    pub fn thaw(&self, node: &str) {
        self.inner.network.set_frozen(node, false);
    }

    /// Cuts the connection between two nodes: each sees the other leave. The stores stay reachable for both.
    pub fn partition(&self, a: &str, b: &str) {
        self.inner.network.partition(a, b);
    }

    /// Mends every cut between nodes.
    pub fn heal(&self) {
        self.inner.network.heal();
    }

    /// Cuts the node off from logs and keys: its calls are refused.
    pub fn detach_store(&self, node: &str) {
        self.inner.network.set_detached(node, true);
    }

    /// Gives the node logs and keys back.
    pub fn attach_store(&self, node: &str) {
        self.inner.network.set_detached(node, false);
    }

    /// Makes every watch that is open now tell nothing for a while.
    pub fn silence_watches(&self, how_long: Duration) {
        self.inner.kv.watchers.silence(how_long);
    }

    /// Ends a lease before its time. True when the key was leased.
    pub fn lose_lease(&self, key: &str) -> bool {
        self.inner.kv.lose_lease(key)
    }
}

/// One life of a node, as its calls arrive in the world.
#[derive(Clone)]
struct Caller {
    world: Arc<Inner>,
    seat: bus::Seat,
}

impl Caller {
    /// The way of a call to a store: it takes time and may be refused.
    async fn reach_store(&self) -> Result<(), String> {
        let (delay, refused) = {
            let faults = self.world.faults.lock();
            let mut dice = self.world.dice.lock();
            (dice.up_to(faults.delay), dice.happens(faults.unavailable))
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.seat.check_store()?;
        if refused {
            Err("no leader".to_owned())
        } else {
            Ok(())
        }
    }

    /// What becomes of a change that reached the store.
    fn fate(&self) -> Fate {
        let planned = self
            .world
            .plans
            .lock()
            .get_mut(self.seat.node())
            .and_then(VecDeque::pop_front);
        if let Some(fate) = planned {
            return fate;
        }
        let unknown = self.world.faults.lock().unknown;
        let mut dice = self.world.dice.lock();
        if !dice.happens(unknown) {
            return Fate::Lands;
        }
        match dice.next() % 3 {
            0 => Fate::UnknownLanded,
            1 => Fate::UnknownLandsLate,
            _ => Fate::UnknownLost,
        }
    }

    /// Whether a read shows an earlier state.
    fn stale(&self) -> bool {
        let stale = self.world.faults.lock().stale;
        self.world.dice.lock().happens(stale)
    }
}
