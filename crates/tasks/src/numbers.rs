//! Numbers of tasks: they grow for ever, restarts included.
//!
//! The host reserves blocks durably and hands them in; a number is never given out twice because a block never is. When
//! less than half a block is left, [`Wanted`] wakes the host, which has the time of 2^19 tasks to reserve the next one.

use std::{
    collections::VecDeque,
    future::Future,
    ops::Range,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use crate::sync::{AtomicU64, Lock, Ordering};

/// How many numbers a host reserves at once.
pub const BLOCK: u64 = 1 << 20;

/// Numbers stay below this, so that every JSON reader keeps them exact.
pub const END: u64 = 1 << 53;

/// All reserved numbers are used up and the host has not handed in more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no task number is left: the next block is not yet reserved")]
pub struct NumbersExhausted;

/// A block that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It begins below numbers that were handed in before, so that some would repeat.
    #[error("task numbers {0:?} begin below {1}, which was handed in before")]
    Repeats(Range<u64>, u64),
    /// It holds 0, nothing, or numbers from 2^53 on.
    #[error("task numbers {0:?} are empty or not within 1..2^53")]
    Outside(Range<u64>),
}

/// Drawn from by every start: on cache lines of its own, so that it slows down nothing else.
#[repr(align(128))]
pub(crate) struct Numbers {
    next: AtomicU64,
    /// The block in use is `floor..limit`. `floor` is written before `limit`: who sees the new limit sees its floor.
    limit: AtomicU64,
    floor: AtomicU64,
    /// From this number on the host is woken.
    wake_at: AtomicU64,
    stock: Lock<Stock>,
}

struct Stock {
    waiting: VecDeque<Range<u64>>,
    /// Where the first block began, and where the last one ends.
    first: u64,
    end: u64,
    wakers: Vec<Waker>,
}

impl Numbers {
    pub(crate) fn new() -> Self {
        Self {
            next: AtomicU64::new(1),
            limit: AtomicU64::new(0),
            floor: AtomicU64::new(0),
            wake_at: AtomicU64::new(0),
            stock: Lock::new(Stock {
                waiting: VecDeque::new(),
                first: END,
                end: 1,
                wakers: Vec::new(),
            }),
        }
    }

    /// The next number. One contended addition; a number drawn while blocks change may stay unused.
    pub(crate) fn take(&self) -> Result<u64, NumbersExhausted> {
        loop {
            // Looking first keeps a node without numbers from eating into the block that is still to come.
            if self.next.load(Ordering::Relaxed) < self.limit.load(Ordering::Acquire) {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let limit = self.limit.load(Ordering::Acquire);
                if number < limit && number >= self.floor.load(Ordering::Relaxed) {
                    if number >= self.wake_at.load(Ordering::Relaxed) {
                        self.wake();
                    }
                    return Ok(number);
                }
            }
            self.open_next_block()?;
        }
    }

    fn open_next_block(&self) -> Result<(), NumbersExhausted> {
        let mut stock = self.stock.lock();
        if self.next.load(Ordering::Relaxed) < self.limit.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(block) = stock.waiting.pop_front() else {
            return Err(NumbersExhausted);
        };
        let wake_at = if stock.waiting.is_empty() {
            block.end - (block.end - block.start) / 2
        } else {
            u64::MAX
        };
        self.next.fetch_max(block.start, Ordering::Relaxed);
        self.floor.store(block.start, Ordering::Relaxed);
        self.wake_at.store(wake_at, Ordering::Relaxed);
        self.limit.store(block.end, Ordering::Release);
        Ok(())
    }

    fn wake(&self) {
        let wakers = {
            let mut stock = self.stock.lock();
            self.wake_at.store(u64::MAX, Ordering::Relaxed);
            std::mem::take(&mut stock.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn hand_in(&self, block: Range<u64>) -> Result<(), BlockError> {
        if block.is_empty() || block.start == 0 || block.end > END {
            return Err(BlockError::Outside(block));
        }
        let mut stock = self.stock.lock();
        if block.start < stock.end {
            return Err(BlockError::Repeats(block, stock.end));
        }
        stock.first = stock.first.min(block.start);
        stock.end = block.end;
        stock.waiting.push_back(block);
        Ok(())
    }

    /// Whether `number` lies below everything that was handed in here.
    pub(crate) fn is_from_before(&self, number: u64) -> bool {
        number > 0 && number < self.stock.lock().first
    }

    fn wanted(&self, stock: &Stock) -> bool {
        let limit = self.limit.load(Ordering::Relaxed);
        let floor = self.floor.load(Ordering::Relaxed);
        stock.waiting.is_empty()
            && limit.saturating_sub(self.next.load(Ordering::Relaxed))
                <= limit.saturating_sub(floor) / 2
    }

    fn poll_wanted(&self, waker: &Waker) -> Poll<()> {
        let mut stock = self.stock.lock();
        if self.wanted(&stock) {
            return Poll::Ready(());
        }
        let limit = self.limit.load(Ordering::Relaxed);
        let half = limit - limit.saturating_sub(self.floor.load(Ordering::Relaxed)) / 2;
        // With blocks in stock nothing is wanted before the last of them is opened; that sets the mark itself.
        self.wake_at.store(
            if stock.waiting.is_empty() {
                half
            } else {
                u64::MAX
            },
            Ordering::Relaxed,
        );
        stock.wakers.push(waker.clone());
        // The half may have been passed between the question and the mark.
        if self.wanted(&stock) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// Ready when the host should reserve and hand in the next block.
pub struct Wanted<'a> {
    pub(crate) numbers: &'a Numbers,
}

impl Future for Wanted<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.numbers.poll_wanted(context.waker())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_one_and_stop_at_the_end_of_what_was_reserved() {
        let numbers = Numbers::new();
        assert_eq!(numbers.take(), Err(NumbersExhausted));
        numbers.hand_in(1..4).unwrap();
        assert_eq!(
            [numbers.take(), numbers.take(), numbers.take()],
            [Ok(1), Ok(2), Ok(3)]
        );
        assert_eq!(numbers.take(), Err(NumbersExhausted));
        numbers.hand_in(10..12).unwrap();
        assert_eq!([numbers.take(), numbers.take()], [Ok(10), Ok(11)]);
        assert_eq!(numbers.take(), Err(NumbersExhausted));
    }

    #[test]
    fn a_block_that_would_repeat_numbers_is_refused() {
        let numbers = Numbers::new();
        numbers.hand_in(5..8).unwrap();
        assert_eq!(numbers.hand_in(7..9), Err(BlockError::Repeats(7..9, 8)));
        assert_eq!(numbers.hand_in(0..9), Err(BlockError::Outside(0..9)));
        assert_eq!(numbers.hand_in(9..9), Err(BlockError::Outside(9..9)));
        assert!(numbers.hand_in(9..END + 1).is_err());
    }

    #[test]
    fn the_host_is_woken_when_half_a_block_is_used() {
        let numbers = Numbers::new();
        let mut context = Context::from_waker(Waker::noop());
        let mut poll = || {
            Pin::new(&mut Wanted { numbers: &numbers })
                .poll(&mut context)
                .is_ready()
        };
        assert!(poll());
        numbers.hand_in(1..9).unwrap();
        assert!(!poll());
        for _ in 0..3 {
            numbers.take().unwrap();
        }
        assert!(!poll());
        numbers.take().unwrap();
        assert!(poll());
        numbers.hand_in(9..17).unwrap();
        assert!(!poll());
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::{sync::Arc, thread};

    #[test]
    fn no_number_is_given_out_twice_while_blocks_change() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let numbers = Arc::new(Numbers::new());
            numbers.hand_in(1..2).unwrap();
            numbers.hand_in(5..7).unwrap();
            let take = |numbers: Arc<Numbers>| move || [numbers.take().ok(), numbers.take().ok()];
            let other = thread::spawn(take(Arc::clone(&numbers)));
            let mut taken: Vec<u64> = take(numbers)().into_iter().flatten().collect();
            taken.extend(other.join().unwrap().into_iter().flatten());
            taken.sort_unstable();
            let count = taken.len();
            taken.dedup();
            assert_eq!(taken.len(), count, "{taken:?}");
            assert!(
                taken.iter().all(|number| [1, 5, 6].contains(number)),
                "{taken:?}"
            );
        });
    }
}
