//! What a registry and all its tasks share.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;

use crate::{
    Clock, Memory, Meter, NodeId, Peers,
    action::Actions,
    ban::Bans,
    body::{Body, Parent},
    numbers::Numbers,
};

pub(crate) struct Shared {
    pub(crate) node: NodeId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) meter: Arc<dyn Meter>,
    pub(crate) memory: Arc<dyn Memory>,
    pub(crate) peers: Option<Arc<dyn Peers>>,
    pub(crate) actions: Actions,
    pub(crate) numbers: Numbers,
    pub(crate) bans: Bans,
    pub(crate) measuring: AtomicBool,
    pub(crate) live: Mutex<BTreeMap<u64, Arc<Body>>>,
}

impl Shared {
    pub(crate) fn measuring(&self) -> bool {
        self.measuring.load(Ordering::Relaxed)
    }

    pub(crate) fn insert(&self, body: &Arc<Body>) {
        self.live.lock().insert(body.number, Arc::clone(body));
    }

    pub(crate) fn withdraw(&self, body: &Body) {
        self.live.lock().remove(&body.number);
    }

    /// The entry of `body` goes: it has ended.
    pub(crate) fn remove(&self, body: &Body) {
        let now = self.clock.nanos().max(1);
        body.ended_nanos.store(now, Ordering::Release);
        self.live.lock().remove(&body.number);
        let Some(extra) = body.extra.get() else {
            return;
        };
        let left = extra.account.released(u64::MAX);
        self.memory.give_back(left);
        if let Parent::Local(parent) = &body.parent {
            let cpu = extra.account.resources().total.cpu_nanos + extra.account.below_cpu();
            if cpu > 0 {
                parent.extra().account.add_below(cpu);
            }
        }
        if let Some(cancellation) = body.cancellation() {
            let declared = body.declared();
            declared.cancel_latency.record(
                now.saturating_sub(cancellation.at_nanos),
                declared.spec.bound,
            );
        }
        let nodes = std::mem::take(&mut extra.rare.lock().banned_on);
        if !nodes.is_empty()
            && let Some(peers) = &self.peers
        {
            peers.unban(body.id(), nodes);
        }
    }

    pub(crate) fn find(&self, fits: impl Fn(&Body) -> bool) -> Vec<Arc<Body>> {
        self.live
            .lock()
            .values()
            .filter(|body| fits(body))
            .cloned()
            .collect()
    }

    pub(crate) fn children_of(&self, parents: &HashSet<u64>) -> Vec<Arc<Body>> {
        self.find(|body| matches!(&body.parent, Parent::Local(parent) if parents.contains(&parent.number)))
    }

    pub(crate) fn cancel_requested(&self, _body: &Body) {}

    pub(crate) fn progressed(&self, _body: &Body) {}
}
