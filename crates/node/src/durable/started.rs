//! What this node started without anybody waiting for it, and has not ended.

use super::DurableRun;
use glasswork_content::failure::Failure;
use glasswork_tasks::TaskId;
use hashbrown::HashMap;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// Tells whoever started a task its id, or why it did not start.
pub(crate) type Told = oneshot::Sender<Result<TaskId, Failure>>;

/// Runs by the number of their task.
pub(crate) struct StartedRuns {
    running: Mutex<HashMap<u64, Started>>,
    /// The node stops: what ends now ends because of that and goes on when the node starts again.
    closed: watch::Sender<bool>,
}

struct Started {
    id: TaskId,
    /// Whoever is to be told the id once the run says that it has begun.
    told: Option<Told>,
    durable: Option<Arc<DurableRun>>,
}

impl Default for StartedRuns {
    fn default() -> Self {
        Self {
            running: Mutex::default(),
            closed: watch::channel(false).0,
        }
    }
}

impl StartedRuns {
    pub(crate) fn add(&self, id: TaskId, told: Option<Told>, durable: Option<Arc<DurableRun>>) {
        self.running
            .lock()
            .insert(id.number, Started { id, told, durable });
    }

    pub(crate) fn remove(&self, number: u64) {
        self.running.lock().remove(&number);
    }

    /// The run has begun: tells the id to whoever waits for it.
    pub(crate) fn begun(&self, number: u64) {
        let told = {
            let mut running = self.running.lock();
            running
                .get_mut(&number)
                .and_then(|started| Some((started.told.take()?, started.id.clone())))
        };
        if let Some((told, id)) = told {
            // A caller that is gone need not be told.
            drop(told.send(Ok(id)));
        }
    }

    pub(crate) fn durable(&self, number: u64) -> Option<Arc<DurableRun>> {
        self.running.lock().get(&number)?.durable.clone()
    }

    /// The node stops.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(crate) fn are_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Ready when the node stops.
    pub(crate) async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // The sender lives as long as this does.
        drop(closed.wait_for(|closed| *closed).await);
    }
}
