//! What a registry and all its tasks share, and what happens when a task begins to be seen and when its entry goes.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use crate::{
    Clock, Memory, Meter, NodeId, Outcome, Peers, Task, TaskId, Usage,
    action::Actions,
    ban::Bans,
    body::{Body, Parent},
    event::{Events, News},
    history::{History, Record},
    lane::{Direction, Lane, Owners},
    numbers::Numbers,
    page::{Hot, Marks, parent_key},
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
    pub(crate) lanes: Box<[Lane]>,
    pub(crate) owners: Owners,
    pub(crate) history: History,
    pub(crate) events: Events,
    pub(crate) wall: Wall,
}

/// A lane as its tasks hold it: what they share is reached through a counter that other lanes don't touch.
pub(crate) struct Anchor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) lane: usize,
}

/// The wall clock, read once a second and carried on by the other one.
#[derive(Default)]
pub(crate) struct Wall {
    offset_millis: AtomicI64,
    read_at: AtomicU64,
}

const REREAD_NANOS: u64 = 1_000_000_000;

impl Wall {
    pub(crate) fn millis(&self, clock: &dyn Clock, now: u64) -> i64 {
        let monotonic = (now / 1_000_000).cast_signed();
        let read_at = self.read_at.load(Ordering::Acquire);
        if read_at == 0 || now.saturating_sub(read_at) >= REREAD_NANOS {
            self.offset_millis
                .store(clock.wall_millis() - monotonic, Ordering::Relaxed);
            self.read_at.store(now.max(1), Ordering::Release);
        }
        monotonic + self.offset_millis.load(Ordering::Relaxed)
    }
}

impl Shared {
    pub(crate) fn measuring(&self) -> bool {
        self.measuring.load(Ordering::Relaxed)
    }

    /// `body` is a task from now on, and everybody may see it.
    pub(crate) fn started(&self, body: &Arc<Body>) {
        if self.events.is_watched() {
            self.events
                .publish(News::Started, Task::of(Arc::clone(body)));
        }
    }

    pub(crate) fn cancel_requested(&self, body: &Arc<Body>) {
        if self.events.is_watched() {
            self.events
                .publish(News::CancelRequested, Task::of(Arc::clone(body)));
        }
    }

    pub(crate) fn progressed(&self, body: &Arc<Body>) {
        if self.events.is_watched() && body.extra().progress.worth_telling(self.clock.nanos()) {
            self.events
                .publish(News::Progress, Task::of(Arc::clone(body)));
        }
    }

    /// The entry of `body` goes: it has ended.
    pub(crate) fn remove(&self, body: &Arc<Body>) {
        let now = self.clock.nanos().max(1);
        let lane = &self.lanes[body.page.anchor.lane];
        lane.clear(&body.page, usize::from(body.slot));
        body.ended_nanos.store(now, Ordering::Release);
        let record = Record::of(body, now.saturating_sub(body.start_nanos));
        let outcome = record.outcome();
        if let Some(mut records) = lane.remember(body.action, record) {
            self.history
                .add(&mut records, self.wall.millis(&*self.clock, now));
        }
        if body.extra.get().is_some() {
            self.settle(body, now);
        }
        if self.events.is_watched() {
            self.events
                .publish(News::Ended(outcome), Task::of(Arc::clone(body)));
        }
    }

    /// Hands over what the lanes hold back, so that the history is complete.
    pub(crate) fn flush_history(&self) {
        let now = self.wall.millis(&*self.clock, self.clock.nanos());
        for lane in &self.lanes {
            self.history.add(&mut lane.take_records(), now);
        }
    }

    /// What only tasks with a past leave to be done.
    fn settle(&self, body: &Body, now: u64) {
        let extra = body.extra();
        let left = extra.account.released(u64::MAX);
        if left > 0 {
            self.memory.give_back(left);
        }
        let own = extra.account.resources().total;
        if own != Usage::default() {
            let declared = body.declared();
            declared
                .cpu_nanos
                .fetch_add(own.cpu_nanos, Ordering::Relaxed);
            declared
                .memory_bytes
                .fetch_add(own.memory_bytes, Ordering::Relaxed);
        }
        if let Parent::Local(parent) = &body.parent {
            let cpu = own.cpu_nanos + extra.account.below_cpu();
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

    /// The live task of this number.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Body>> {
        self.lanes.iter().find_map(|lane| lane.get(number))
    }

    /// Shows every task to `visit`, those included that are about to begin.
    pub(crate) fn each(&self, mut visit: impl FnMut(&Arc<Body>)) {
        self.find(|_| true).iter().for_each(&mut visit);
    }

    /// The tasks whose hot fields please, those included that are about to begin.
    fn find(&self, pleases: impl Fn(&Hot<'_>) -> bool) -> Vec<Arc<Body>> {
        let mut found = Vec::new();
        for lane in &self.lanes {
            lane.walk(Direction::Up, None, Marks::ALL, |hot| {
                if pleases(hot) {
                    found.extend(hot.body());
                }
                ControlFlow::Continue(())
            });
        }
        found
    }

    /// Children here of tasks here.
    pub(crate) fn children_of(&self, parents: &HashSet<u64>) -> Vec<Arc<Body>> {
        self.find(|hot| hot.parent() != 0 && parents.contains(&hot.parent()))
    }

    /// Children here of a task on another node.
    pub(crate) fn children_of_remote(&self, parent: &TaskId) -> Vec<Arc<Body>> {
        let key = parent_key(false, parent.number);
        let mut found = self.find(|hot| hot.parent() == key);
        found.retain(|body| matches!(&body.parent, Parent::Remote(id) if **id == *parent));
        found
    }

    /// Children here of any task on `node`.
    pub(crate) fn children_of_node(&self, node: &NodeId) -> Vec<Arc<Body>> {
        let remote = parent_key(false, 0);
        let mut found = self.find(|hot| hot.parent() & remote != 0);
        found.retain(|body| matches!(&body.parent, Parent::Remote(id) if id.node == *node));
        found
    }

    /// Started and ended tasks of an action, by outcome.
    pub(crate) fn counted(&self, action: crate::Action) -> (u64, [u64; Outcome::ALL.len()]) {
        let mut sums = (0, [0; Outcome::ALL.len()]);
        for lane in &self.lanes {
            let (started, ended) = lane.counted(action);
            sums.0 += started;
            sums.1
                .iter_mut()
                .zip(ended)
                .for_each(|(sum, count)| *sum += count);
        }
        sums
    }
}
