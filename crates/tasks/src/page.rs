//! A page: the hot fields of 256 tasks, each field in an array of its own, so that a filter is a walk over few bytes.

use std::sync::Arc;

use crate::{
    body::Body,
    headers::short_hash,
    shared::Anchor,
    slot::{GONE, PRESENT, Slot},
    sync::{AtomicU64, Lock, Ordering, fence},
};

/// Tasks on a page. More make a walk faster; fewer make the page smaller that one long task keeps alive (12 KiB).
pub(crate) const SLOTS: usize = WORDS * 64;
/// Words that have a bit for each slot of a page.
const WORDS: usize = 4;

/// What a mark holds beside the two bits of [`crate::slot`]: the action in the lowest 16 bits, these, and two short hashes.
pub(crate) const PROVISIONAL: u64 = 1 << 18;
pub(crate) const CANCELLABLE: u64 = 1 << 19;
pub(crate) const CANCELLED: u64 = 1 << 20;
pub(crate) const INTERNAL: u64 = 1 << 21;
const ACTION: u64 = 0xffff;
const USER_SHIFT: u32 = 24;
const OPAQUE_SHIFT: u32 = 40;

/// The number of a parent on another node is told from one here by this bit.
const REMOTE: u64 = 1 << 63;

/// 256 tasks of one lane, in the order of their numbers.
pub(crate) struct Page {
    marks: [AtomicU64; SLOTS],
    numbers: [AtomicU64; SLOTS],
    parents: [AtomicU64; SLOTS],
    starts: [AtomicU64; SLOTS],
    bodies: [Lock<Option<Arc<Body>>>; SLOTS],
    pub(crate) anchor: Arc<Anchor>,
    /// Number of the first task that got a place here.
    pub(crate) first: u64,
    gone: AtomicU64,
}

/// The hot fields of one task, read one by one as they are asked for.
#[derive(Clone, Copy)]
pub(crate) struct Hot<'a> {
    page: &'a Page,
    pub(crate) slot: usize,
    pub(crate) mark: u64,
}

impl Hot<'_> {
    pub(crate) fn number(&self) -> u64 {
        self.page.numbers[self.slot].load(Ordering::Relaxed)
    }

    pub(crate) fn parent(&self) -> u64 {
        self.page.parents[self.slot].load(Ordering::Relaxed)
    }

    pub(crate) fn start_nanos(&self) -> u64 {
        self.page.starts[self.slot].load(Ordering::Relaxed)
    }

    /// The task, if it is still there.
    pub(crate) fn body(&self) -> Option<Arc<Body>> {
        self.page
            .slot(self.slot)
            .read()
            .filter(|body| !body.life.word().ended())
    }
}

/// The action in a mark.
pub(crate) fn action_of(mark: u64) -> u16 {
    u16::try_from(mark & ACTION).expect("16 bits are kept")
}

/// Which marks are meant: those that have these bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    mask: u64,
    value: u64,
}

impl Marks {
    /// All tasks, those included that are about to begin.
    pub(crate) const ALL: Self = Self {
        mask: PRESENT | GONE,
        value: PRESENT,
    };

    /// Those of them whose bits `bits` are set, or clear.
    pub(crate) fn with(self, bits: u64, set: bool) -> Self {
        self.having(bits, if set { bits } else { 0 })
    }

    fn having(self, mask: u64, value: u64) -> Self {
        Self {
            mask: self.mask | mask,
            value: self.value | value,
        }
    }

    /// Those of them of this action.
    pub(crate) fn of_action(self, action: u16) -> Self {
        self.having(ACTION, u64::from(action))
    }

    /// Those of them whose user has this short hash.
    pub(crate) fn of_user(self, hash: u32) -> Self {
        self.having(0xffff << USER_SHIFT, u64::from(hash) << USER_SHIFT)
    }

    /// Those of them whose `X-Opaque-Id` has this short hash.
    pub(crate) fn of_opaque_id(self, hash: u32) -> Self {
        self.having(0xffff << OPAQUE_SHIFT, u64::from(hash) << OPAQUE_SHIFT)
    }

    #[inline]
    pub(crate) fn fit(self, mark: u64) -> bool {
        mark & self.mask == self.value
    }
}

/// How a parent looks in the hot fields: exact for one on this node, by its number alone for one elsewhere.
pub(crate) fn parent_key(here: bool, number: u64) -> u64 {
    if here { number } else { number | REMOTE }
}

/// Marks of a task that is about to be published.
pub(crate) fn mark_of(body: &Body, cancellable: bool) -> u64 {
    let user = body
        .who
        .as_ref()
        .and_then(|who| who.user.as_deref())
        .map_or(0, short_hash);
    let opaque = body
        .headers
        .as_ref()
        .map_or(0, |headers| headers.opaque_hash());
    u64::from(body.action.0)
        | if cancellable { CANCELLABLE } else { 0 }
        | if body.internal { INTERNAL } else { 0 }
        | u64::from(user) << USER_SHIFT
        | u64::from(opaque) << OPAQUE_SHIFT
}

/// The mark of a task as its page has or had it.
pub(crate) fn whole_mark(body: &Body) -> u64 {
    mark_of(body, body.cancellable())
        | PRESENT
        | if body.life.word().cancelled() {
            CANCELLED
        } else {
            0
        }
}

impl Page {
    pub(crate) fn new(anchor: &Arc<Anchor>, first: u64) -> Self {
        Self {
            anchor: Arc::clone(anchor),
            marks: std::array::from_fn(|_| AtomicU64::new(0)),
            numbers: std::array::from_fn(|_| AtomicU64::new(0)),
            parents: std::array::from_fn(|_| AtomicU64::new(0)),
            starts: std::array::from_fn(|_| AtomicU64::new(0)),
            bodies: std::array::from_fn(|_| Lock::new(None)),
            first,
            gone: AtomicU64::new(0),
        }
    }

    fn slot(&self, slot: usize) -> Slot<'_, Arc<Body>> {
        Slot {
            mark: &self.marks[slot],
            held: &self.bodies[slot],
        }
    }

    /// Makes `body` visible.
    pub(crate) fn publish(&self, slot: usize, mark: u64, parent: u64, body: &Arc<Body>) {
        self.numbers[slot].store(body.number, Ordering::Relaxed);
        self.parents[slot].store(parent, Ordering::Relaxed);
        self.starts[slot].store(body.start_nanos, Ordering::Relaxed);
        self.slot(slot).publish(mark, Arc::clone(body));
    }

    /// The task may be listed: its parent was not cancelled while it came.
    pub(crate) fn confirm(&self, slot: usize) {
        self.marks[slot].fetch_and(!PROVISIONAL, Ordering::AcqRel);
    }

    /// Shows that the task was cancelled.
    pub(crate) fn mark_cancelled(&self, slot: usize) {
        self.marks[slot].fetch_or(CANCELLED, Ordering::AcqRel);
    }

    /// Takes a task off. Tells whether all places were used and are empty now.
    pub(crate) fn clear(&self, slot: usize) -> bool {
        self.slot(slot).clear();
        self.gone.fetch_add(1, Ordering::AcqRel) + 1 == SLOTS as u64
    }

    /// The slots whose marks fit, as bits.
    pub(crate) fn candidates(&self, marks: Marks) -> [u64; WORDS] {
        let mut found = [0; WORDS];
        for (word, some) in found.iter_mut().zip(self.marks.chunks(64)) {
            for (slot, mark) in some.iter().enumerate() {
                *word |= u64::from(marks.fit(mark.load(Ordering::Relaxed))) << slot;
            }
        }
        // What was written before a mark that was seen is seen too.
        fence(Ordering::Acquire);
        found
    }

    /// The hot fields of a slot that is a candidate.
    pub(crate) fn hot(&self, slot: usize) -> Hot<'_> {
        Hot {
            page: self,
            slot,
            mark: self.marks[slot].load(Ordering::Relaxed),
        }
    }
}
