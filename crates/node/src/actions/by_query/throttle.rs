//! The pace of one by-query slice: how long it waits before it writes a page, and how a wait is cut short.
//!
//! The arithmetic is OpenSearch's (`WorkerBulkByScrollTaskState`): the first page is written at once; each further one waits
//! `documents of the last batch / requests per second` seconds after it arrived, an hour at most.

use glasswork_tasks::{On, Task};
use parking_lot::Mutex;
use std::time::Duration;
use tokio::{sync::Notify, time::Instant};

/// The longest wait before a page.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Without limit; told as `-1.0`.
pub const UNLIMITED: f32 = f32::INFINITY;

/// The pace of one by-query slice.
#[derive(Debug)]
pub(super) struct Throttle {
    state: Mutex<State>,
    /// The pace was changed.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// Documents a second.
    rate: f32,
    /// The wait that goes on.
    wait: Option<Wait>,
    /// What the waits that ended were planned to last.
    waited: Duration,
    /// The pace was asked for while it ran.
    rethrottled: bool,
}

/// One wait.
#[derive(Debug, Clone, Copy)]
struct Wait {
    /// The pace that it was planned with.
    rate: f32,
    planned: Duration,
    until: Instant,
}

/// Why [`Throttle::wait`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// The wait is over, or there was none.
    Over,
    /// The pace is another one now; the wait goes on with the next call.
    Rethrottled,
}

impl Throttle {
    /// A pace of `rate` documents a second.
    pub(super) fn new(rate: f32) -> Self {
        Self {
            state: Mutex::new(State {
                rate,
                wait: None,
                waited: Duration::ZERO,
                rethrottled: false,
            }),
            changed: Notify::new(),
        }
    }

    /// Documents a second; infinite without limit.
    pub(super) fn rate(&self) -> f32 {
        self.state.lock().rate
    }

    /// What the waits that ended were planned to last.
    pub(super) fn waited(&self) -> Duration {
        self.state.lock().waited
    }

    /// Goes on from the pace and the waits of an earlier process. A pace that was asked for since this one began stays.
    pub(super) fn restore(&self, rate: f32, waited: Duration) {
        let mut state = self.state.lock();
        if !state.rethrottled {
            state.rate = rate;
        }
        state.waited = waited;
    }

    /// How long the wait goes on yet.
    pub(super) fn remaining(&self) -> Duration {
        let wait = self.state.lock().wait;
        wait.map_or(Duration::ZERO, |wait| {
            wait.until.saturating_duration_since(Instant::now())
        })
    }

    /// How long the page behind a batch of `documents` waits.
    pub(super) fn wait_after(&self, documents: usize) -> Duration {
        wait_at(self.rate(), documents)
    }

    /// Plans the wait behind a batch of `documents`.
    pub(super) fn begin(&self, documents: usize) {
        let mut state = self.state.lock();
        let planned = wait_at(state.rate, documents);
        state.wait = (!planned.is_zero()).then(|| Wait {
            rate: state.rate,
            planned,
            until: Instant::now() + planned,
        });
    }

    /// Waits until the planned wait is over, the pace is changed, or `task` is cancelled, which lifts the limit and leaves
    /// nothing of the wait in the sum.
    pub(super) async fn wait(&self, task: &Task) -> Woken {
        let Some(wait) = self.state.lock().wait else {
            return Woken::Over;
        };
        let waiting = task.waiting(On::Throttle);
        let woken = tokio::select! {
            biased;
            _ = task.cancelled() => {
                self.lift();
                Woken::Over
            }
            () = self.changed.notified() => Woken::Rethrottled,
            () = tokio::time::sleep_until(wait.until) => {
                let mut state = self.state.lock();
                // Rethrottled in the same instant: what it was planned to last last counts.
                if let Some(ended) = state.wait.take() {
                    state.waited += ended.planned;
                }
                Woken::Over
            }
        };
        drop(waiting);
        woken
    }

    /// Sets another pace. A faster one shortens the wait that goes on, in proportion and at once; a slower one counts from the
    /// next batch on, because what the source keeps open for the next page is kept for the planned wait only.
    pub(super) fn set(&self, rate: f32) {
        let mut state = self.state.lock();
        state.rate = rate;
        state.rethrottled = true;
        if let Some(wait) = &mut state.wait
            && rate >= wait.rate
        {
            let now = Instant::now();
            let left = wait.until.saturating_duration_since(now);
            let left = if rate.is_infinite() {
                Duration::ZERO
            } else {
                left.mul_f64(f64::from(wait.rate) / f64::from(rate))
            };
            *wait = Wait {
                rate,
                planned: left,
                until: now + left,
            };
        }
        drop(state);
        self.changed.notify_one();
    }

    /// No limit any more, and no wait: the task was cancelled.
    pub(super) fn lift(&self) {
        let mut state = self.state.lock();
        state.rate = UNLIMITED;
        state.wait = None;
    }
}

/// `WorkerBulkByScrollTaskState.throttleWaitTime`, in floats as there.
fn wait_at(rate: f32, documents: usize) -> Duration {
    if rate.is_infinite() || documents == 0 {
        return Duration::ZERO;
    }
    let seconds = documents as f32 / rate;
    let nanos = 1e9_f32 * seconds;
    if nanos.is_nan() || nanos >= LONGEST_WAIT.as_nanos() as f32 {
        return LONGEST_WAIT;
    }
    Duration::from_nanos(nanos as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glasswork_tasks::{ActionSpec, Config, Guard, NodeId, Registry, Start};

    fn started() -> (Registry, Guard) {
        let registry = Registry::new(Config::new(NodeId::from("node")));
        registry
            .hand_in_numbers(1..1 + glasswork_tasks::BLOCK)
            .unwrap();
        let action = registry
            .declare(ActionSpec::cancellable("a", Duration::from_secs(1)))
            .unwrap();
        let guard = registry.start(Start::new(action)).unwrap();
        (registry, guard)
    }

    /// Waits a planned wait out; gives how long that took.
    async fn wait_out(throttle: &Throttle, task: &Task) -> Duration {
        let begun = Instant::now();
        while throttle.wait(task).await == Woken::Rethrottled {}
        begun.elapsed()
    }

    fn close(left: Duration, right: Duration) -> bool {
        left.abs_diff(right) <= Duration::from_millis(2)
    }

    #[test]
    fn a_batch_costs_its_documents_over_the_pace() {
        assert_eq!(wait_at(1.0, 5), Duration::from_secs(5));
        assert_eq!(wait_at(4.0, 10), Duration::from_millis(2500));
        assert_eq!(wait_at(UNLIMITED, 1000), Duration::ZERO);
        assert_eq!(wait_at(1.0, 0), Duration::ZERO);
        assert_eq!(wait_at(0.000_000_01, 1), LONGEST_WAIT);
        assert_eq!(wait_at(f32::MIN_POSITIVE, usize::MAX), LONGEST_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_lasts_as_planned_and_counts() {
        let (_registry, guard) = started();
        let throttle = Throttle::new(2.0);
        assert_eq!(wait_out(&throttle, guard.task()).await, Duration::ZERO);
        throttle.begin(10);
        assert!(close(throttle.remaining(), Duration::from_secs(5)));
        assert!(close(
            wait_out(&throttle, guard.task()).await,
            Duration::from_secs(5)
        ));
        assert_eq!(throttle.waited(), Duration::from_secs(5));
        assert_eq!(throttle.remaining(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_faster_pace_shortens_the_wait_in_proportion() {
        let (_registry, guard) = started();
        let throttle = Throttle::new(1.0);
        throttle.begin(10);
        let faster = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            throttle.set(4.0);
            throttle.set(4.0);
        };
        let (took, ()) = tokio::join!(wait_out(&throttle, guard.task()), faster);
        // Two seconds, and a quarter of the eight that were left; the same pace again changes nothing.
        assert!(close(took, Duration::from_secs(4)), "{took:?}");
        // Only what was planned last counts.
        assert!(close(throttle.waited(), Duration::from_secs(2)));
        assert_eq!(throttle.rate(), 4.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slower_pace_counts_from_the_next_batch_on() {
        let (_registry, guard) = started();
        let throttle = Throttle::new(2.0);
        throttle.begin(10);
        let slower = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            throttle.set(1.0);
        };
        let (took, ()) = tokio::join!(wait_out(&throttle, guard.task()), slower);
        assert!(close(took, Duration::from_secs(5)), "{took:?}");
        assert_eq!(throttle.wait_after(10), Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn lifting_the_limit_ends_the_wait_and_counts_nothing() {
        let (_registry, guard) = started();
        let throttle = Throttle::new(0.000_000_01);
        throttle.begin(1);
        let lift = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            throttle.set(UNLIMITED);
        };
        let (took, ()) = tokio::join!(wait_out(&throttle, guard.task()), lift);
        assert!(close(took, Duration::from_secs(3)), "{took:?}");
        assert_eq!(throttle.waited(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancel_ends_the_wait_lifts_the_limit_and_counts_nothing() {
        let (registry, guard) = started();
        let throttle = Throttle::new(1.0);
        throttle.begin(100);
        let number = guard.task().number();
        let cancel = async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            registry.cancel(number, "by user request").unwrap();
        };
        let (took, _) = tokio::join!(wait_out(&throttle, guard.task()), cancel);
        assert!(close(took, Duration::from_secs(7)), "{took:?}");
        assert_eq!(throttle.waited(), Duration::ZERO);
        assert!(throttle.rate().is_infinite());
        assert_eq!(throttle.remaining(), Duration::ZERO);
    }
}
