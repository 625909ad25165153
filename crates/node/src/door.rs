//! The door: the one place where tasks begin and end.

use crate::{Action, Caller, ClientGone, Node, failure::of_start, pools::panicked};
use futures_util::FutureExt;
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::{Guard, NodeId, Origin, Start, Task};
use std::{future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

/// How a request that came over the `Bus` is served: bytes in, bytes out.
pub(crate) type Serve = fn(
    Arc<Node>,
    Start,
    bytes::Bytes,
) -> Pin<Box<dyn Future<Output = Result<bytes::Bytes, Failure>> + Send>>;

impl Node {
    /// Runs a request from outside as a root task. `finish` makes the answer inside the task; the task has ended when
    /// this returns. When the caller stops waiting the action goes on or is cancelled, as its row says.
    ///
    /// # Errors
    /// Those of `finish`, which is given the action's own.
    pub async fn run<A: Action, T: Send + 'static>(
        self: &Arc<Self>,
        request: A::Request,
        caller: Caller,
        finish: impl FnOnce(Result<A::Response, Failure>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let mut start = Start::new(self.action::<A>()).headers(caller.headers);
        if let Some(user) = caller.user {
            start = start.user(user);
        }
        if let Some(connection) = caller.connection {
            start = start.connection(connection);
        }
        if let Some(deadline) = caller.deadline {
            start = start.deadline(deadline);
        }
        let guard = match self.begin::<A>(start, &request) {
            Ok(guard) => guard,
            Err(failure) => return finish(Err(failure)),
        };
        let leash = Leash::new(self, guard.task(), A::SPEC.client_gone);
        let node = Arc::clone(self);
        let running = tokio::spawn(async move {
            let outcome = perform::<A>(node, &guard, request).await;
            let answer = std::panic::catch_unwind(AssertUnwindSafe(|| finish(outcome)));
            end(guard).await;
            answer.unwrap_or_else(|panic| Err(panicked(&*panic)))
        });
        let answer = running.await;
        leash.release();
        answer.unwrap_or_else(|_| Err(Failure::new(Kind::NodeClosed, "node closed")))
    }

    /// Runs an action as a child of `parent` on this node, started by the action itself.
    ///
    /// # Errors
    /// Those of the action, and that the parent was cancelled.
    pub async fn child<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        request: A::Request,
    ) -> Result<A::Response, Failure> {
        self.beneath::<A>(parent, Origin::Transport, request).await
    }

    /// Runs the part of an action that belongs to node `at` as a child of `parent`: here directly, elsewhere over the
    /// `Bus`.
    ///
    /// # Errors
    /// Those of the action, that the parent was cancelled, and that the node can't be reached.
    pub async fn call<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        at: &NodeId,
        request: A::Request,
    ) -> Result<A::Response, Failure> {
        if at == self.id() {
            self.beneath::<A>(parent, Origin::Direct, request).await
        } else {
            let reason = format!("No such node [{at}]");
            Err(Failure::new(Kind::NoSuchNode, reason).with_text("node_id", at.to_string()))
        }
    }

    async fn beneath<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        origin: Origin,
        request: A::Request,
    ) -> Result<A::Response, Failure> {
        let start = Start::new(self.action::<A>())
            .origin(origin)
            .child_of(parent);
        let guard = self.begin::<A>(start, &request)?;
        let outcome = perform::<A>(Arc::clone(self), &guard, request).await;
        end(guard).await;
        outcome
    }

    fn begin<A: Action>(&self, start: Start, request: &A::Request) -> Result<Guard, Failure> {
        let start = match A::describe(request) {
            Some(description) => start.shared_description(description),
            None => start,
        };
        self.registry()
            .start(start)
            .map_err(|error| of_start(&error))
    }
}

/// Serves a request for `A` that came over the `Bus`.
pub(crate) fn serve<A: Action>(
    node: Arc<Node>,
    start: Start,
    payload: bytes::Bytes,
) -> Pin<Box<dyn Future<Output = Result<bytes::Bytes, Failure>> + Send>> {
    Box::pin(async move {
        let request: A::Request = postcard::from_bytes(&payload)
            .map_err(|error| Failure::illegal_argument(error.to_string()))?;
        let guard = node.begin::<A>(start, &request)?;
        let outcome = perform::<A>(node, &guard, request).await;
        end(guard).await;
        let answer = postcard::to_stdvec(&outcome?)
            .map_err(|error| Failure::illegal_state(error.to_string()))?;
        Ok(answer.into())
    })
}

/// Validates and runs the action; a panic is a failure like any other.
async fn perform<A: Action>(
    node: Arc<Node>,
    guard: &Guard,
    request: A::Request,
) -> Result<A::Response, Failure> {
    A::validate(&request)?;
    let task = guard.task().clone();
    let outcome = AssertUnwindSafe(async move { A::run(node, task, request).await })
        .catch_unwind()
        .await;
    outcome.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Waits for the task's children, then ends it.
async fn end(guard: Guard) {
    guard.task().childless().await;
    drop(guard);
}

/// Ties a task to the caller that waits for it.
struct Leash {
    task: Option<Task>,
    node: Arc<Node>,
}

impl Leash {
    fn new(node: &Arc<Node>, task: &Task, rule: ClientGone) -> Self {
        let task = (rule == ClientGone::CancelsIt).then(|| task.clone());
        Self {
            task,
            node: Arc::clone(node),
        }
    }

    fn release(mut self) {
        self.task = None;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(task) = self.task.take()
            && let Err(error) = self.node.registry().cancel(task.number(), "channel closed")
        {
            tracing::debug!(task = %task.id(), %error, "the task of a client that hung up had ended");
        }
    }
}
