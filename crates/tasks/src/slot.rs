//! A place for one value that is published, read by many and cleared, where readers never hold up who publishes or clears.
//!
//! A *mark* (one word) says whether there is something to read; the value itself lies behind a lock that is held only to
//! clone or take it. Publishing finds the lock free, since nobody looks before the mark says so. Clearing only tries the
//! lock: when a reader has it, that reader takes the value out for it.

use crate::sync::{AtomicU64, Lock, Ordering};

/// In the mark: there is something.
pub(crate) const PRESENT: u64 = 1 << 16;
/// In the mark: there was something.
pub(crate) const GONE: u64 = 1 << 17;

/// One place, whose two halves lie in arrays of their own.
pub(crate) struct Slot<'a, T> {
    pub(crate) mark: &'a AtomicU64,
    pub(crate) held: &'a Lock<Option<T>>,
}

impl<T: Clone> Slot<'_, T> {
    /// Puts `value` in and then shows `mark`. Once only.
    pub(crate) fn publish(&self, mark: u64, value: T) {
        *self.held.lock() = Some(value);
        self.mark.store(mark | PRESENT, Ordering::Release);
    }

    /// The value, if it is there.
    pub(crate) fn read(&self) -> Option<T> {
        if self.mark.load(Ordering::Acquire) & (PRESENT | GONE) != PRESENT {
            return None;
        }
        let value = self.held.lock().clone();
        // A write, not a read: if it comes before the clearing's, that one finds the lock free; if after, it sees GONE.
        if self.mark.fetch_or(0, Ordering::AcqRel) & GONE != 0 {
            self.take();
        }
        value
    }

    /// Takes the value out, now or as soon as the reader who is at it has finished.
    pub(crate) fn clear(&self) {
        self.mark.fetch_or(GONE, Ordering::AcqRel);
        self.take();
    }

    fn take(&self) {
        let taken = self.held.try_lock().and_then(|mut held| held.take());
        drop(taken);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::{sync::Arc, thread};

    #[derive(Clone)]
    struct Value(#[expect(dead_code, reason = "only its count matters")] Arc<()>);

    #[test]
    fn whatever_readers_do_a_cleared_place_is_empty_in_the_end() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let place = Arc::new((AtomicU64::new(0), Lock::new(None::<Value>)));
            let slot = |place: &Arc<(AtomicU64, Lock<Option<Value>>)>| {
                let place = Arc::clone(place);
                move |act: fn(Slot<'_, Value>)| {
                    act(Slot {
                        mark: &place.0,
                        held: &place.1,
                    })
                }
            };
            Slot {
                mark: &place.0,
                held: &place.1,
            }
            .publish(0, Value(Arc::new(())));
            let reader = slot(&place);
            let other = slot(&place);
            let reader = thread::spawn(move || reader(|slot| drop(slot.read())));
            let other = thread::spawn(move || other(|slot| drop(slot.read())));
            Slot {
                mark: &place.0,
                held: &place.1,
            }
            .clear();
            reader.join().unwrap();
            other.join().unwrap();
            assert!(place.1.lock().is_none());
        });
    }
}
