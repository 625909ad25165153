//! `internal:tasks/watch[n]`: what happened on this node since another one asked last. Between two questions the
//! subscription is kept, so that nothing is missed.

use super::TaskEvent;
use crate::{Action, Node, actions::table};
use glasswork_content::failure::Failure;
use glasswork_tasks::{Heard, NodeId, Subscription, Task};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// How long an answer waits for something to happen.
pub(super) const WAIT: Duration = Duration::from_secs(3);
/// A node that does not ask for so long watches no more.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// Events of an answer.
const BATCH: usize = 2000;
/// Events of the same moment are told together.
const GATHER: Duration = Duration::from_millis(2);

/// Asks for what happened behind an event.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct WatchNodeRequest {
    /// The event; none = what happens from now on.
    pub after: Option<u64>,
}

/// What happened.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WatchNodeResponse {
    /// Events before these that are lost.
    pub missed: u64,
    /// The events, in order.
    pub events: Vec<TaskEvent>,
    /// The number of the last event that was looked at here.
    pub through: u64,
}

/// Whether a task belongs to watching itself: telling of it would bring about the next one.
pub(super) fn is_ours(action: &str) -> bool {
    action.starts_with(super::FEED.name)
}

/// Who watches from elsewhere.
#[derive(Default)]
pub(crate) struct Taps(Mutex<HashMap<NodeId, Tap>>);

struct Tap {
    subscription: Subscription,
    through: u64,
    touched: Instant,
}

impl Taps {
    /// Ends those that nobody asks any more.
    pub(crate) fn sweep(&self) {
        let mut taps = self.0.lock();
        taps.retain(|_, tap| tap.touched.elapsed() < FORGOTTEN);
    }

    /// `node` left.
    pub(crate) fn forget(&self, node: &NodeId) {
        self.0.lock().remove(node);
    }
}

/// The action.
pub struct WatchNode;

impl Action for WatchNode {
    const SPEC: &'static crate::Spec = &table::TASKS_WATCH_NODE;
    type Request = WatchNodeRequest;
    type Response = WatchNodeResponse;

    async fn run(
        node: Arc<Node>,
        own: Task,
        request: WatchNodeRequest,
    ) -> Result<WatchNodeResponse, Failure> {
        let asker = own
            .parent()
            .ok_or_else(|| Failure::illegal_argument("only other nodes watch so"))?
            .node;
        let held = node.taps().0.lock().remove(&asker);
        let mut tap = match (held, request.after) {
            (Some(tap), Some(after)) if tap.through == after => tap,
            // The last answer was lost: the same is told again, as far as it is still held. The old subscription goes only
            // now, or what is held would go with it.
            (_held, Some(after)) => Tap {
                subscription: node.registry().subscribe_after(after),
                through: after,
                touched: Instant::now(),
            },
            (_, None) => Tap {
                subscription: node.registry().subscribe(),
                through: 0,
                touched: Instant::now(),
            },
        };
        let mut answer = WatchNodeResponse::default();
        // Who begins wants to know soon that nothing is missed from now on.
        let wait = request.after.map_or(Duration::ZERO, |_| WAIT);
        let first = timeout(wait, async {
            loop {
                let heard = tap.subscription.next().await;
                if tap.take(&heard, &mut answer) {
                    return;
                }
            }
        });
        if first.await.is_ok() {
            sleep(GATHER).await;
            while answer.events.len() < BATCH
                && let Some(heard) = tap.subscription.try_next()
            {
                tap.take(&heard, &mut answer);
            }
        }
        tap.through = tap.subscription.through();
        answer.through = tap.through;
        tap.touched = Instant::now();
        node.taps().0.lock().insert(asker, tap);
        Ok(answer)
    }
}

impl Tap {
    /// Puts it into the answer; tells whether the asker wants to know.
    fn take(&mut self, heard: &Heard, answer: &mut WatchNodeResponse) -> bool {
        match heard {
            Heard::Missed(missed) => {
                answer.missed += missed;
                true
            }
            Heard::Event(event) if is_ours(&event.snapshot.action) => false,
            Heard::Event(event) => {
                answer.events.push(TaskEvent::of(event));
                true
            }
        }
    }
}
