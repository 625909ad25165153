//! What a task is made of: a fixed part that every task has and a rare part that is built when first needed.

use std::{
    borrow::Cow,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    task::Waker,
};

use parking_lot::Mutex;

use crate::{
    Action, Cancellation, Describe, Headers, NodeId, Origin, Reason, Status, TaskId,
    account::Account,
    action::Declared,
    cancel::RemoteBan,
    clock::Meter,
    history::Ending,
    life::{Life, Purpose, Word},
    page::Page,
    progress::Counters,
    shared::Shared,
    start::Who,
    wait::Wait,
};

/// The task one level up.
#[derive(Clone)]
pub(crate) enum Parent {
    None,
    Local(Arc<Body>),
    Remote(Arc<TaskId>),
}

/// One task. Alive as long as anybody has a handle to it; *listed* as long as `life` is held.
pub(crate) struct Body {
    pub(crate) page: Arc<Page>,
    pub(crate) number: u64,
    pub(crate) start_nanos: u64,
    pub(crate) start_millis: i64,
    /// By the registry's clock; `u64::MAX` = none.
    pub(crate) deadline: u64,
    pub(crate) parent: Parent,
    pub(crate) headers: Option<Arc<Headers>>,
    pub(crate) who: Option<Arc<Who>>,
    pub(crate) description: Option<Arc<dyn Describe>>,
    pub(crate) life: Life,
    /// 0 while it is listed.
    pub(crate) ended_nanos: AtomicU64,
    pub(crate) extra: OnceLock<Box<Extra>>,
    pub(crate) ticks: AtomicU32,
    pub(crate) action: Action,
    pub(crate) origin: Origin,
    pub(crate) purpose: Purpose,
    pub(crate) slot: u8,
    pub(crate) internal: bool,
    pub(crate) durable: bool,
}

/// What few tasks need.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) account: Account,
    pub(crate) progress: Counters,
    pub(crate) rare: Mutex<Rare>,
}

#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) cancellation: Option<Cancellation>,
    pub(crate) status: Option<Arc<dyn Status>>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) unit: Option<&'static str>,
    pub(crate) phase: Option<Cow<'static, str>>,
    pub(crate) checked_nanos: u64,
    pub(crate) ending: Option<Ending>,
    /// Live children on other nodes, by node.
    pub(crate) remote: Vec<(NodeId, u32)>,
    /// Nodes that were told to ban children.
    pub(crate) banned_on: Vec<NodeId>,
    pub(crate) wakers: Vec<(u64, Waker)>,
    pub(crate) next_key: u64,
}

impl Rare {
    pub(crate) fn key(&mut self) -> u64 {
        self.next_key += 1;
        self.next_key
    }
}

impl Body {
    pub(crate) fn extra(&self) -> &Extra {
        self.extra.get_or_init(Box::default)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.page.anchor.shared
    }

    pub(crate) fn id(&self) -> TaskId {
        TaskId::new(self.shared().node.clone(), self.number)
    }

    pub(crate) fn declared(&self) -> &Declared {
        self.shared().actions.get(self.action)
    }

    pub(crate) fn meter(&self) -> &dyn Meter {
        &*self.shared().meter
    }

    pub(crate) fn cancellable(&self) -> bool {
        self.purpose == Purpose::Working && self.declared().spec.cancellable
    }

    pub(crate) fn parent_id(&self) -> Option<TaskId> {
        match &self.parent {
            Parent::None => None,
            Parent::Local(parent) => Some(parent.id()),
            Parent::Remote(id) => Some((**id).clone()),
        }
    }

    /// Id of the task at the top of its tree, as far as it is known here.
    pub(crate) fn root_id(&self) -> TaskId {
        let mut body = self;
        while let Parent::Local(parent) = &body.parent {
            body = parent;
        }
        match &body.parent {
            Parent::Remote(id) => body
                .who
                .as_ref()
                .and_then(|who| who.root.clone())
                .unwrap_or_else(|| (**id).clone()),
            Parent::None | Parent::Local(_) => body.id(),
        }
    }

    /// Nanoseconds since its start, or how long it lived.
    pub(crate) fn running_nanos(&self, now: u64) -> u64 {
        let end = match self.ended_nanos.load(Ordering::Acquire) {
            0 => now,
            ended => ended,
        };
        end.saturating_sub(self.start_nanos)
    }

    pub(crate) fn cancellation(&self) -> Option<Cancellation> {
        self.life
            .word()
            .cancelled()
            .then(|| self.extra().rare.lock().cancellation.clone())
            .flatten()
    }

    /// Why no child may begin: the cancel's reason, or that it has ended.
    pub(crate) fn ban_reason(&self) -> Arc<str> {
        self.cancellation()
            .map_or_else(|| Arc::from(ENDED), |cancellation| cancellation.reason.text)
    }

    /// Cancelled and past what its action promised.
    pub(crate) fn overdue(&self, now: u64) -> bool {
        let end = match self.ended_nanos.load(Ordering::Acquire) {
            0 => now,
            ended => ended,
        };
        if self.purpose == Purpose::Closing {
            return end > self.deadline;
        }
        self.cancellation().is_some_and(|cancellation| {
            u128::from(end.saturating_sub(cancellation.at_nanos))
                > self.declared().spec.bound.as_nanos()
        })
    }

    /// Marks this one task; adds the bans that other nodes need. Tells whether it was the first time.
    pub(crate) fn cancel(self: &Arc<Self>, reason: &Reason, remote: &mut Vec<RemoteBan>) -> bool {
        let first = {
            let mut rare = self.extra().rare.lock();
            let first = rare.cancellation.is_none();
            // Reason and time stand before the mark does: who sees the mark finds them.
            let cancellation = rare.cancellation.get_or_insert_with(|| Cancellation {
                reason: reason.clone(),
                at_millis: self.shared().clock.wall_millis(),
                at_nanos: self.shared().clock.nanos(),
            });
            let text = Arc::clone(&cancellation.reason.text);
            self.life.cancel();
            self.page.mark_cancelled(usize::from(self.slot));
            self.ban_remote(&mut rare, &text, remote);
            first
        };
        if first {
            self.shared().cancel_requested(self);
        }
        self.wake();
        first
    }

    /// Collects the nodes that have children of this task.
    pub(crate) fn ban_remote(
        &self,
        rare: &mut Rare,
        reason: &Arc<str>,
        remote: &mut Vec<RemoteBan>,
    ) {
        for (node, _) in &rare.remote {
            if !rare.banned_on.contains(node) {
                rare.banned_on.push(node.clone());
            }
            remote.push(RemoteBan {
                parent: self.id(),
                node: node.clone(),
                reason: Arc::clone(reason),
            });
        }
    }

    pub(crate) fn wake(&self) {
        let Some(extra) = self.extra.get() else {
            return;
        };
        let wakers = std::mem::take(&mut extra.rare.lock().wakers);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

/// Reason given to children of a task that ended without being cancelled.
pub(crate) const ENDED: &str = "the parent task has ended";

/// Gives one hold of `body` back; removes its entry with the last one, and then its parent's if that was the last there.
pub(crate) fn release(body: &Arc<Body>) {
    let word = body.life.release();
    released(body, word);
}

/// What follows from a hold that was given back.
pub(crate) fn released(mut body: &Arc<Body>, mut word: Word) {
    loop {
        if word.ended() {
            body.shared().remove(body);
        }
        if word.watched() && (word.ended() || word.childless()) {
            body.wake();
        }
        match &body.parent {
            Parent::Local(parent) if word.ended() => {
                body = parent;
                word = body.life.release();
            }
            _ => return,
        }
    }
}
