//! The life of a task in one word: who still holds it and what was decided about it.
//!
//! The word counts holds (the guard, each live child here, each child on another node) and carries marks. Everything
//! that must happen exactly once (removing the entry, the first cancel) or never (a child that slips in after its parent
//! was cancelled) hangs on the total order of changes to this one word, so that no lock is needed.

use crate::sync::{AtomicU64, Ordering};

const HOLDS: u64 = 0xffff_ffff;
const GUARD_GONE: u64 = 1 << 32;
const BANNED: u64 = 1 << 33;
const CANCELLED: u64 = 1 << 34;
const WATCHED: u64 = 1 << 35;

pub(crate) struct Life(AtomicU64);

/// What a word said at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(u64);

impl Word {
    pub(crate) fn holds(self) -> u64 {
        self.0 & HOLDS
    }

    /// Nobody holds it any more: its entry is gone.
    pub(crate) fn ended(self) -> bool {
        self.holds() == 0
    }

    pub(crate) fn banned(self) -> bool {
        self.0 & BANNED != 0
    }

    pub(crate) fn cancelled(self) -> bool {
        self.0 & CANCELLED != 0
    }

    /// Somebody waits for it: wakers are to be woken.
    pub(crate) fn watched(self) -> bool {
        self.0 & WATCHED != 0
    }

    pub(crate) fn guard_gone(self) -> bool {
        self.0 & GUARD_GONE != 0
    }

    /// No child is left.
    pub(crate) fn childless(self) -> bool {
        self.holds() == u64::from(!self.guard_gone())
    }
}

/// Why a child may not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Banned,
    Ended,
}

/// Whether a child is part of the work or of clearing up after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Working,
    Closing,
}

impl Life {
    /// Held by a guard alone.
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(1))
    }

    pub(crate) fn word(&self) -> Word {
        Word(self.0.load(Ordering::Acquire))
    }

    /// The question of loops: one relaxed load.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed) & CANCELLED != 0
    }

    /// A child begins.
    pub(crate) fn attach(&self, purpose: Purpose) -> Result<(), Refused> {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            if Word(word).ended() {
                return Err(Refused::Ended);
            }
            if Word(word).banned() && purpose == Purpose::Working {
                return Err(Refused::Banned);
            }
            match self
                .0
                .compare_exchange_weak(word, word + 1, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// Asked by a child after it can be found: either it sees the ban here, or who bans sees the child.
    ///
    /// A read would not do: this write is ordered against the ban's, one of the two comes second and sees the other.
    pub(crate) fn banned_meanwhile(&self) -> bool {
        Word(self.0.fetch_or(0, Ordering::AcqRel)).banned()
    }

    /// A hold ends. Who gets `ended` removes the entry.
    pub(crate) fn release(&self) -> Word {
        Word(self.0.fetch_sub(1, Ordering::AcqRel) - 1)
    }

    /// The guard goes and there is no child: one step instead of two.
    pub(crate) fn end_alone(&self) -> Option<Word> {
        let mut word = self.0.load(Ordering::Relaxed);
        while Word(word).holds() == 1 && !Word(word).guard_gone() {
            let ended = (word | GUARD_GONE | BANNED) - 1;
            match self
                .0
                .compare_exchange_weak(word, ended, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return Some(Word(ended)),
                Err(now) => word = now,
            }
        }
        None
    }

    /// The guard is about to go: no further child begins.
    pub(crate) fn guard_goes(&self) -> Word {
        Word(self.0.fetch_or(GUARD_GONE | BANNED, Ordering::AcqRel))
    }

    /// Cancels; the word before it tells whether this was the first time.
    pub(crate) fn cancel(&self) -> Word {
        Word(self.0.fetch_or(CANCELLED | BANNED, Ordering::AcqRel))
    }

    /// A waker was left: whoever changes the word from now on looks for it. The word tells what changed before.
    pub(crate) fn watch(&self) -> Word {
        Word(self.0.fetch_or(WATCHED, Ordering::AcqRel))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_last_hold_ends_the_task() {
        let life = Life::new();
        life.attach(Purpose::Working).unwrap();
        assert!(!life.guard_goes().ended());
        assert!(!life.release().ended());
        assert_eq!(life.attach(Purpose::Working), Err(Refused::Banned));
        life.attach(Purpose::Closing).unwrap();
        assert!(!life.release().ended());
        assert!(life.release().ended());
        assert_eq!(life.attach(Purpose::Closing), Err(Refused::Ended));
    }

    #[test]
    fn only_the_first_cancel_is_the_first() {
        let life = Life::new();
        assert!(!life.cancel().cancelled());
        assert!(life.cancel().cancelled());
        assert!(life.is_cancelled());
        assert_eq!(life.attach(Purpose::Working), Err(Refused::Banned));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::{sync::Arc, thread};

    fn explore(body: impl Fn() + Sync + Send + 'static) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(body);
    }

    #[test]
    fn exactly_one_of_guard_and_children_removes_the_entry() {
        explore(|| {
            let life = Arc::new(Life::new());
            life.attach(Purpose::Working).unwrap();
            let child = {
                let life = Arc::clone(&life);
                thread::spawn(move || u32::from(life.release().ended()))
            };
            let late = {
                let life = Arc::clone(&life);
                thread::spawn(move || match life.attach(Purpose::Closing) {
                    Ok(()) => u32::from(life.release().ended()),
                    Err(_) => 0,
                })
            };
            let here = match life.end_alone() {
                Some(word) => u32::from(word.ended()),
                None => {
                    life.guard_goes();
                    u32::from(life.release().ended())
                }
            };
            assert_eq!(here + child.join().unwrap() + late.join().unwrap(), 1);
        });
    }

    #[test]
    fn no_child_slips_past_a_cancel() {
        explore(|| {
            let life = Arc::new(Life::new());
            let published = Arc::new(AtomicU64::new(0));
            let child = {
                let (life, published) = (Arc::clone(&life), Arc::clone(&published));
                thread::spawn(move || {
                    if life.attach(Purpose::Working).is_err() {
                        return true;
                    }
                    published.store(1, Ordering::Relaxed);
                    life.banned_meanwhile()
                })
            };
            life.cancel();
            let seen = published.load(Ordering::Relaxed) == 1;
            let refused = child.join().unwrap();
            assert!(seen || refused, "the child runs and nobody cancelled it");
        });
    }

    #[test]
    fn a_waiter_is_woken_or_sees_the_end() {
        explore(|| {
            let life = Arc::new(Life::new());
            let waker = Arc::new(AtomicU64::new(0));
            let waiter = {
                let (life, waker) = (Arc::clone(&life), Arc::clone(&waker));
                thread::spawn(move || {
                    waker.store(1, Ordering::Relaxed);
                    life.watch().ended()
                })
            };
            let word = life.release();
            let woken = word.watched() && waker.load(Ordering::Relaxed) == 1;
            assert!(waiter.join().unwrap() || woken);
        });
    }
}
