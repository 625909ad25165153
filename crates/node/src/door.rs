//! The door: the one place where tasks begin and end.

mod pieces;
mod rendering;
mod stored;

pub use pieces::Rest;
pub(crate) use stored::resume;

use crate::{Action, Caller, ClientGone, Node, X_TASK_DEADLINE, of_start, pools::panicked};
use futures_util::FutureExt;
use glasswork_content::{
    failure::{Failure, Kind},
    text::duration_text,
};
use glasswork_tasks::{Guard, NodeId, Origin, Reason, Start, Task};
use std::{future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc, time::Duration};

/// How a request that came over the `Bus` is served: bytes in, bytes out. The third is the time it has.
pub(crate) type Serve = fn(
    Arc<Node>,
    Start,
    Option<Duration>,
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
        let deadline = caller.deadline;
        let start = self.root::<A>(caller);
        let guard = match self.begin::<A>(start, &request) {
            Ok(guard) => guard,
            Err(failure) => return finish(Err(failure)),
        };
        let leash = Leash::new(self, guard.task(), A::SPEC.client_gone);
        let node = Arc::clone(self);
        let running = tokio::spawn(async move {
            let permitted = node.permit::<A>(guard.task());
            let outcome = match permitted {
                Ok(()) => perform::<A>(node, &guard, deadline, request).await,
                Err(failure) => Err(failure),
            };
            let ending = Ending::of(&outcome);
            let answer = std::panic::catch_unwind(AssertUnwindSafe(|| finish(outcome)));
            end(guard, ending).await;
            answer.unwrap_or_else(|panic| Err(panicked(&*panic)))
        });
        let answer = running.await;
        leash.release();
        answer.unwrap_or_else(|_| Err(Failure::new(Kind::NodeClosed, "node closed")))
    }

    /// What a root task of `A` begins with.
    fn root<A: Action>(&self, caller: Caller) -> Start {
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
        start
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
        let start = Start::new(self.action::<A>()).child_of(parent);
        self.beneath::<A>(start, request).await
    }

    /// The same for work that clears up after its parent: it begins also when the parent was cancelled.
    ///
    /// # Errors
    /// Those of the action.
    pub async fn closing_child<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        request: A::Request,
    ) -> Result<A::Response, Failure> {
        let start = Start::new(self.action::<A>()).child_of(parent).closing();
        self.beneath::<A>(start, request).await
    }

    /// Runs background work of the node: a root task that is listed only on request, as everything below it is.
    ///
    /// # Errors
    /// Those of the action.
    pub(crate) async fn internal<A: Action>(
        self: &Arc<Self>,
        request: A::Request,
    ) -> Result<A::Response, Failure> {
        let start = Start::new(self.action::<A>()).internal();
        self.beneath::<A>(start, request).await
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
        self.call_within::<A>(parent, at, request, None).await
    }

    /// The same with a bound on the time that the answer may take.
    ///
    /// # Errors
    /// As [`Node::call`], and `receive_timeout_transport_exception` when the time is over.
    pub async fn call_within<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        at: &NodeId,
        request: A::Request,
        within: Option<Duration>,
    ) -> Result<A::Response, Failure> {
        if at != self.id() {
            return self.ask::<A>(parent, at, request, within).await;
        }
        let start = Start::new(self.action::<A>())
            .origin(Origin::Direct)
            .child_of(parent);
        let answer = self.beneath::<A>(start, request);
        let Some(within) = within else {
            return answer.await;
        };
        match tokio::time::timeout(within, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(self.timed_out(at, A::SPEC.name, within)),
        }
    }

    /// Passes an action's own request on to another node, where it runs as a child of `parent`: what an action does whose
    /// request belongs elsewhere (to the manager, to the node of a task). Unlike [`Node::call`] an action may use it on
    /// itself; `at` must be another node.
    ///
    /// # Errors
    /// As [`Node::call_within`].
    pub async fn forward<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        at: &NodeId,
        request: A::Request,
        within: Option<Duration>,
    ) -> Result<A::Response, Failure> {
        self.ask::<A>(parent, at, request, within).await
    }

    /// [`Node::call`] for work that clears up after its parent (frees a context that the parent opened there).
    ///
    /// # Errors
    /// Those of the action, and that the node can't be reached.
    pub async fn call_closing<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        at: &NodeId,
        request: A::Request,
    ) -> Result<A::Response, Failure> {
        if at != self.id() {
            return self.ask_closing::<A>(parent, at, request).await;
        }
        let start = Start::new(self.action::<A>())
            .origin(Origin::Direct)
            .child_of(parent)
            .closing();
        self.beneath::<A>(start, request).await
    }

    async fn beneath<A: Action>(
        self: &Arc<Self>,
        start: Start,
        request: A::Request,
    ) -> Result<A::Response, Failure> {
        let guard = self.begin::<A>(start, &request)?;
        let outcome = perform::<A>(Arc::clone(self), &guard, None, request).await;
        end(guard, Ending::of(&outcome)).await;
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

    fn permit<A: Action>(&self, task: &Task) -> Result<(), Failure> {
        self.authority().permit(task.user().as_deref(), A::SPEC)
    }

    /// Cancels a task of this node and everything below it, on other nodes too; does not wait for any of it. A task that
    /// has ended meanwhile is none that must be cancelled.
    pub fn cancel(&self, task: &Task, reason: impl Into<Reason>) {
        match self.registry().cancel(task.number(), reason) {
            Ok(cancels) => self.bans().set(cancels.remote),
            Err(error) => tracing::debug!(task = %task.id(), %error, "not cancelled"),
        }
    }

    /// Cancels `task` when `interval` has passed, unless the answer is dropped before.
    #[must_use = "the task is not cancelled once this is dropped"]
    pub fn cancel_after(self: &Arc<Self>, task: &Task, interval: Duration) -> CancelTimer {
        let (node, task) = (Arc::downgrade(self), task.clone());
        let text = duration_text(interval.as_nanos());
        let timer = tokio::spawn(async move {
            tokio::time::sleep(interval).await;
            if let Some(node) = node.upgrade() {
                node.cancel(&task, format!("Cancellation timeout of {text} is expired"));
            }
        });
        CancelTimer(timer.abort_handle())
    }
}

/// Cancels a task in a while, as long as this lives.
#[derive(Debug)]
pub struct CancelTimer(tokio::task::AbortHandle);

impl Drop for CancelTimer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves a request for `A` that came over the `Bus`.
pub(crate) fn serve<A: Action>(
    node: Arc<Node>,
    start: Start,
    deadline: Option<Duration>,
    payload: bytes::Bytes,
) -> Pin<Box<dyn Future<Output = Result<bytes::Bytes, Failure>> + Send>> {
    Box::pin(async move {
        let request: A::Request = postcard::from_bytes(&payload)
            .map_err(|error| Failure::illegal_argument(error.to_string()))?;
        drop(payload);
        let guard = node.begin::<A>(start, &request)?;
        let outcome = perform::<A>(node, &guard, deadline, request).await;
        let ending = Ending::of(&outcome);
        let answer = outcome.and_then(|answer| {
            postcard::to_stdvec(&answer).map_err(|error| Failure::illegal_state(error.to_string()))
        });
        end(guard, ending).await;
        answer.map(Into::into)
    })
}

/// Validates and runs the action; a panic is a failure like any other. When the `deadline` of its request passes, a task that
/// can be cancelled is; one that only reads and can't is given up; a write goes on once it has begun, and does not begin later.
async fn perform<A: Action>(
    node: Arc<Node>,
    guard: &Guard,
    deadline: Option<Duration>,
    request: A::Request,
) -> Result<A::Response, Failure> {
    A::validate(&request)?;
    let task = guard.task().clone();
    if task.remaining().is_some_and(|left| left.is_zero()) {
        let why = exceeded(&task, deadline.unwrap_or_default());
        if !task.is_cancellable() {
            return Err(Failure::timeout(why));
        }
        node.cancel(&task, why);
    }
    // Boxed: an action within an action within an action would be one type, too deep for the compiler and too large to move.
    let mut work = {
        let (node, task) = (Arc::clone(&node), task.clone());
        AssertUnwindSafe(async move { A::run(node, task, request).await })
            .catch_unwind()
            .boxed()
    };
    let outcome = match deadline {
        None => work.await,
        Some(deadline) => {
            tokio::select! {
                outcome = &mut work => outcome,
                () = tokio::time::sleep(task.remaining().unwrap_or(deadline)) => {
                    let why = exceeded(&task, deadline);
                    if task.is_cancellable() {
                        node.cancel(&task, why);
                        work.await
                    } else if A::SPEC.only_reads() {
                        return Err(Failure::timeout(why));
                    } else {
                        work.await
                    }
                }
            }
        }
    };
    outcome.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// That the deadline of a request has passed, which is named as the client gave it.
fn exceeded(task: &Task, deadline: Duration) -> String {
    let headers = task.headers();
    match headers.get(X_TASK_DEADLINE) {
        Some(given) => format!("deadline of {given} exceeded"),
        None => format!(
            "deadline of {} exceeded",
            duration_text(deadline.as_nanos())
        ),
    }
}

/// How a task ended, for the history.
enum Ending {
    Well,
    Badly { kind: &'static str, reason: String },
}

impl Ending {
    fn of<T>(outcome: &Result<T, Failure>) -> Self {
        match outcome {
            Ok(_) => Self::Well,
            Err(failure) => Self::Badly {
                kind: failure.kind.name(),
                reason: failure.reason().to_owned(),
            },
        }
    }
}

/// Waits for the task's children, then ends it.
async fn end(guard: Guard, ending: Ending) {
    guard.task().childless().await;
    match ending {
        Ending::Well => guard.succeed(),
        Ending::Badly { kind, reason } => guard.fail(kind, reason),
    }
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
        if let Some(task) = self.task.take() {
            self.node.cancel(&task, "channel closed");
        }
    }
}
