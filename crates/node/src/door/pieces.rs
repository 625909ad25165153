//! Answers that are made piece by piece: the task lives until the last piece is made.

use super::{Ending, end, panicked, perform};
use crate::{Action, Caller, Node};
use futures_util::FutureExt;
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::Task;
use std::{any::Any, future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc};
use tokio::sync::oneshot;

/// What is left to do in the task after its caller has the beginning of the answer. What it gives back is dropped when
/// the task has ended: the way to the client, so that the end of the answer is seen after the end of the task.
pub type Rest = Pin<Box<dyn Future<Output = Box<dyn Any + Send>> + Send>>;

impl Node {
    /// As [`Node::run`], for an answer that may be too long to be made at once: with the beginning of the answer `finish`
    /// can give a [`Rest`], which is run in the task. The action goes on when the caller stops waiting; the rest has to
    /// see for itself that nobody listens.
    ///
    /// # Errors
    /// Those of `finish`, which is given the action's own.
    pub async fn run_in_pieces<A: Action, T: Send + 'static>(
        self: &Arc<Self>,
        request: A::Request,
        caller: Caller,
        finish: impl FnOnce(Result<A::Response, Failure>, &Task) -> Result<(T, Option<Rest>), Failure>
        + Send
        + 'static,
    ) -> Result<T, Failure> {
        let deadline = caller.deadline;
        let guard = self.begin::<A>(self.root::<A>(caller), &request)?;
        let node = Arc::clone(self);
        let (answer, answered) = oneshot::channel();
        tokio::spawn(async move {
            let task = guard.task().clone();
            let outcome = match node.permit::<A>(&task) {
                Ok(()) => perform::<A>(node, &guard, deadline, request).await,
                Err(failure) => Err(failure),
            };
            let ending = Ending::of(&outcome);
            let begun = std::panic::catch_unwind(AssertUnwindSafe(|| finish(outcome, &task)))
                .unwrap_or_else(|panic| Err(panicked(&*panic)));
            // A caller that is gone takes no answer; the task ends as it would have.
            match begun {
                Ok((begun, Some(rest))) => {
                    drop(answer.send(Ok(begun)));
                    let last = AssertUnwindSafe(rest).catch_unwind().await;
                    end(guard, ending).await;
                    if let Err(panic) = last {
                        tracing::error!(failure = %panicked(&*panic), "the rest of an answer was not made");
                    }
                }
                begun => {
                    end(guard, ending).await;
                    drop(answer.send(begun.map(|(begun, _)| begun)));
                }
            }
        });
        answered
            .await
            .unwrap_or_else(|_| Err(Failure::new(Kind::NodeClosed, "node closed")))
    }
}
