//! How often and how soon what was refused for lack of room is tried again: OpenSearch's backoff (500 ms, 11 times, about a
//! minute in all).

use glasswork_content::{Failure, Kind};
use glasswork_tasks::{On, Task};
use std::time::Duration;

/// How often something is tried again.
const RETRIES: u32 = 11;
/// The wait before the first time.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// HTTP status of what was refused for lack of room.
const TOO_MANY_REQUESTS: u16 = 429;

/// The waits before each further try.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// Waits for the next try; false when there is none: all are used up, or `task` was cancelled.
    pub(super) async fn next(&mut self, task: &Task) -> bool {
        let Some(wait) = self.wait() else {
            return false;
        };
        let waiting = task.waiting(On::Other("retry".into()));
        let goes_on = tokio::select! {
            biased;
            _ = task.cancelled() => false,
            () = tokio::time::sleep(wait) => true,
        };
        drop(waiting);
        goes_on
    }

    /// `BackoffPolicy.exponentialBackoff`: `start + 10 ms · (⌊e^(0.8·n)⌋ − 1)`.
    fn wait(&mut self) -> Option<Duration> {
        if self.tries == RETRIES {
            return None;
        }
        let growth = (0.8 * f64::from(self.tries)).exp() as u64 - 1;
        self.tries += 1;
        Some(FIRST_WAIT + Duration::from_millis(10 * growth))
    }
}

/// Whether a whole request was refused for lack of room, so that it may be tried again as it is.
pub(super) fn is_rejected(failure: &Failure) -> bool {
    failure.has_kind(Kind::RejectedExecution)
}

/// Whether the answer did not come, although the node may still be there: what only reads may be asked for again.
pub(super) fn is_lost(failure: &Failure) -> bool {
    anywhere(failure, Kind::NodeDisconnected) || anywhere(failure, Kind::NodeNotConnected)
}

/// Whether a failure, a cause of it or that of one of its shards is of this kind.
pub(super) fn anywhere(failure: &Failure, kind: Kind) -> bool {
    let mut chain = std::iter::successors(Some(failure), |failure| failure.cause.as_deref());
    chain.any(|failure| failure.kind == kind)
        || failure.root_causes().iter().any(|cause| cause.kind == kind)
}

/// Whether one write was.
pub(super) fn is_overload(failure: &Failure) -> bool {
    failure.status() == TOO_MANY_REQUESTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_grow_and_end() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = std::iter::from_fn(|| backoff.wait())
            .map(|wait| wait.as_millis())
            .collect();
        assert_eq!(
            waits,
            [
                500, 510, 530, 600, 730, 1030, 1700, 3190, 6500, 13880, 30290
            ]
        );
    }
}
