//! Lanes: each thread appends its tasks to pages of its own, so that threads that start and end tasks don't meet.
//!
//! Numbers are drawn under the lane's lock, so a lane's tasks lie in the order of their numbers: a list merges a few
//! ordered lanes, a look-up is a search in each. (Pages indexed by number alone would make threads that start tasks at the
//! same time write to the same cache lines.)

use std::{
    collections::BTreeMap,
    ops::{Bound, ControlFlow},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;

use crate::{
    Action, Outcome,
    account::this_thread,
    body::Body,
    history::{BATCH, Record},
    numbers::NumbersExhausted,
    page::{Hot, Marks, PROVISIONAL, Page, SLOTS},
    shared::Anchor,
};

/// One lane. Aligned so that two of them share no cache line.
#[repr(align(128))]
pub(crate) struct Lane {
    tail: Mutex<Tail>,
    pages: Mutex<BTreeMap<u64, Arc<Page>>>,
    ended: Mutex<Ended>,
}

/// Where the next task goes.
struct Tail {
    page: Option<Arc<Page>>,
    used: usize,
    /// Tasks started, by action.
    started: Vec<u64>,
}

/// Tasks that ended here.
#[derive(Default)]
struct Ended {
    /// Those that are not yet in the history.
    records: Vec<Record>,
    /// How many, by action and outcome.
    counts: Vec<[u64; Outcome::ALL.len()]>,
}

/// A place for a task, and its number.
pub(crate) struct Place {
    pub(crate) number: u64,
    pub(crate) page: Arc<Page>,
    pub(crate) slot: usize,
}

/// In which order a lane is walked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// The slots whose bits are set, in order.
fn slots<const WORDS: usize>(
    mut bits: [u64; WORDS],
    direction: Direction,
) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let (word, slot) = match direction {
            Direction::Up => {
                let word = bits.iter().position(|word| *word != 0)?;
                (word, bits[word].trailing_zeros())
            }
            Direction::Down => {
                let word = bits.iter().rposition(|word| *word != 0)?;
                (word, 63 - bits[word].leading_zeros())
            }
        };
        bits[word] &= !(1 << slot);
        Some(word * 64 + slot as usize)
    })
}

/// Pages fetched at once: the lock on them is held for about a microsecond.
const CHUNK: usize = 32;

impl Lane {
    pub(crate) fn new() -> Self {
        Self {
            tail: Mutex::new(Tail {
                page: None,
                used: 0,
                started: Vec::new(),
            }),
            pages: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    /// The next number and a place for its task.
    pub(crate) fn place(
        &self,
        anchor: &Arc<Anchor>,
        action: Action,
    ) -> Result<Place, NumbersExhausted> {
        let mut tail = self.tail.lock();
        let number = anchor.shared.numbers.take()?;
        *count(&mut tail.started, action) += 1;
        let page = match &tail.page {
            Some(page) if tail.used < SLOTS => Arc::clone(page),
            _ => {
                let page = self.add_page(anchor, number);
                tail.page = Some(Arc::clone(&page));
                tail.used = 0;
                page
            }
        };
        let slot = tail.used;
        tail.used += 1;
        Ok(Place { number, page, slot })
    }

    /// A page of its own for a task with a number from before; `None` when a task has that number.
    pub(crate) fn place_resumed(
        &self,
        anchor: &Arc<Anchor>,
        action: Action,
        number: u64,
    ) -> Option<Place> {
        let page = Arc::new(Page::new(anchor, number));
        for slot in 1..SLOTS {
            page.clear(slot);
        }
        let mut pages = self.pages.lock();
        if pages.contains_key(&number) {
            return None;
        }
        pages.insert(number, Arc::clone(&page));
        drop(pages);
        *count(&mut self.tail.lock().started, action) += 1;
        Some(Place {
            number,
            page,
            slot: 0,
        })
    }

    fn add_page(&self, anchor: &Arc<Anchor>, first: u64) -> Arc<Page> {
        let page = Arc::new(Page::new(anchor, first));
        self.pages.lock().insert(first, Arc::clone(&page));
        page
    }

    /// Takes a task off its page, and the page off the lane when that was its last.
    pub(crate) fn clear(&self, page: &Page, slot: usize) {
        if page.clear(slot) {
            let page = self.pages.lock().remove(&page.first);
            drop(page);
        }
    }

    /// Lets its pages go: nobody will start or look for tasks here any more.
    pub(crate) fn forget(&self) {
        self.tail.lock().page = None;
        let pages = std::mem::take(&mut *self.pages.lock());
        drop(pages);
    }

    /// Takes back a task that never began.
    pub(crate) fn withdraw(&self, page: &Page, slot: usize, action: Action) {
        self.clear(page, slot);
        *count(&mut self.tail.lock().started, action) -= 1;
    }

    /// Counts a task that ended and keeps its record. Gives the records when there are enough for the history.
    pub(crate) fn remember(&self, action: Action, record: Record) -> Option<Vec<Record>> {
        let mut ended = self.ended.lock();
        count(&mut ended.counts, action)[record.outcome() as usize] += 1;
        if ended.records.capacity() == 0 {
            ended.records.reserve_exact(BATCH);
        }
        ended.records.push(record);
        (ended.records.len() >= BATCH)
            .then(|| std::mem::replace(&mut ended.records, Vec::with_capacity(BATCH)))
    }

    /// The records that are not yet in the history.
    pub(crate) fn take_records(&self) -> Vec<Record> {
        std::mem::take(&mut self.ended.lock().records)
    }

    /// Started and ended tasks of an action, by outcome.
    pub(crate) fn counted(&self, action: Action) -> (u64, [u64; Outcome::ALL.len()]) {
        // Ended before started: a task that ends in between must not make the difference negative.
        let ended = self
            .ended
            .lock()
            .counts
            .get(usize::from(action.0))
            .copied()
            .unwrap_or_default();
        let started = self
            .tail
            .lock()
            .started
            .get(usize::from(action.0))
            .copied()
            .unwrap_or_default();
        (started, ended)
    }

    /// The task of this number.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Body>> {
        let page = {
            let pages = self.pages.lock();
            Arc::clone(pages.range(..=number).next_back()?.1)
        };
        let confirmed = Marks::ALL.with(PROVISIONAL, false);
        slots(page.candidates(confirmed), Direction::Up)
            .map(|slot| page.hot(slot))
            .find(|hot| hot.number() == number)?
            .body()
    }

    /// Shows the hot fields of each task with fitting marks beyond `after` (none: all) to `visit`, in order, until it breaks.
    pub(crate) fn walk(
        &self,
        direction: Direction,
        after: Option<u64>,
        marks: Marks,
        mut visit: impl FnMut(&Hot<'_>) -> ControlFlow<()>,
    ) {
        // Only the first page can hold both sides of `after`.
        let mut check = after;
        let mut done = None;
        loop {
            let chunk = self.chunk(direction, after, done);
            let Some(last) = chunk.last() else { return };
            done = Some(last.first);
            for page in &chunk {
                for slot in slots(page.candidates(marks), direction) {
                    let hot = page.hot(slot);
                    let beyond = check.is_none_or(|after| match direction {
                        Direction::Up => hot.number() > after,
                        Direction::Down => hot.number() < after,
                    });
                    if beyond && visit(&hot).is_break() {
                        return;
                    }
                }
                check = None;
            }
        }
    }

    /// The next pages: those behind the page that begins with `done`, or from where `after` may be.
    fn chunk(&self, direction: Direction, after: Option<u64>, done: Option<u64>) -> Vec<Arc<Page>> {
        let pages = self.pages.lock();
        let clone = |(_, page): (&u64, &Arc<Page>)| Arc::clone(page);
        match direction {
            Direction::Up => {
                let from = match (done, after) {
                    (Some(page), _) => Bound::Excluded(page),
                    (None, None) => Bound::Unbounded,
                    // The page on which that number would be.
                    (None, Some(number)) => pages
                        .range(..=number)
                        .next_back()
                        .map_or(Bound::Unbounded, |(&first, _)| Bound::Included(first)),
                };
                pages
                    .range((from, Bound::Unbounded))
                    .take(CHUNK)
                    .map(clone)
                    .collect()
            }
            Direction::Down => {
                let to = match (done, after) {
                    (Some(number), _) | (None, Some(number)) => Bound::Excluded(number),
                    (None, None) => Bound::Unbounded,
                };
                pages
                    .range((Bound::Unbounded, to))
                    .rev()
                    .take(CHUNK)
                    .map(clone)
                    .collect()
            }
        }
    }
}

/// Which lane belongs to which thread.
pub(crate) struct Owners(Box<[AtomicUsize]>);

impl Owners {
    pub(crate) fn new(lanes: usize) -> Self {
        Self((0..lanes).map(|_| AtomicUsize::new(0)).collect())
    }

    /// The lane of this thread: its own while there are free ones, else one that it shares.
    pub(crate) fn mine(&self) -> usize {
        let thread = this_thread();
        let lanes = self.0.len();
        let home = (thread.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize) >> 32) % lanes;
        for step in 0..lanes {
            let lane = (home + step) % lanes;
            let owner = self.0[lane].load(Ordering::Relaxed);
            let free = owner == 0
                && self.0[lane]
                    .compare_exchange(0, thread, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok();
            if owner == thread || free {
                return lane;
            }
        }
        home
    }
}

/// The counter of an action in a list that grows with the actions used.
fn count<T: Default + Clone>(counts: &mut Vec<T>, action: Action) -> &mut T {
    let number = usize::from(action.0);
    if counts.len() <= number {
        counts.resize(number + 1, T::default());
    }
    &mut counts[number]
}
