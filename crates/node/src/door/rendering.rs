//! Answers that may take long to write: on the pool, where a cancel stops them.

use super::{Ending, Leash, end, panicked, perform};
use crate::{Action, Caller, Node, breaker::HeldMemory, of_stop};
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::Task;
use std::{panic::AssertUnwindSafe, sync::Arc};

/// A response above this weight is written on the pool, in bytes: at some hundred megabytes a second that is when it
/// takes longer than the way there and back.
const HEAVY: u64 = 64 << 10;

impl Node {
    /// As [`Node::run`], for an action whose response may be large. `finish` is given the task, whose checkpoint it has
    /// to pass while it writes; a response heavier than `weight` makes quick work of is written on the pool for searches.
    /// What `finish` answers is how the task ends.
    ///
    /// # Errors
    /// Those of `finish`, which is given the action's own; `rejected_execution_exception` when the pool is full.
    pub async fn run_weighed<A: Action, T: Send + 'static>(
        self: &Arc<Self>,
        request: A::Request,
        caller: Caller,
        weight: fn(&A::Response) -> u64,
        finish: impl FnOnce(Result<A::Response, Failure>, &Task) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let deadline = caller.deadline;
        let guard = self.begin::<A>(self.root::<A>(caller), &request)?;
        let leash = Leash::new(self, guard.task(), A::SPEC.client_gone);
        let node = Arc::clone(self);
        let running = tokio::spawn(async move {
            let task = guard.task().clone();
            let outcome = match node.permit::<A>(&task) {
                Ok(()) => perform::<A>(Arc::clone(&node), &guard, deadline, request).await,
                Err(failure) => Err(failure),
            };
            let heavy = outcome
                .as_ref()
                .is_ok_and(|response| weight(response) > HEAVY);
            let unsent = outcome.as_ref().ok().and_then(A::when_unsent);
            let answer = if heavy {
                task.enter("writing the answer");
                let write = move |task: &Task| finish(outcome, task);
                node.pools().search.run(&task, write).await
            } else {
                std::panic::catch_unwind(AssertUnwindSafe(|| finish(outcome, &task)))
                    .unwrap_or_else(|panic| Err(panicked(&*panic)))
            };
            if let (true, Some(unsent)) = (answer.is_err(), unsent) {
                unsent(Arc::clone(&node), task.clone()).await;
            }
            end(guard, Ending::of(&answer)).await;
            answer
        });
        let answer = running.await;
        leash.release();
        answer.unwrap_or_else(|_| Err(Failure::new(Kind::NodeClosed, "node closed")))
    }

    /// Reserves the memory of something that outlives its task, such as an answer on its way out.
    ///
    /// # Errors
    /// `circuit_breaking_exception` when it is too much.
    pub fn hold(&self, bytes: u64) -> Result<HeldMemory, Failure> {
        HeldMemory::new(self.breaker(), bytes).map_err(|stop| of_stop(&stop))
    }
}
