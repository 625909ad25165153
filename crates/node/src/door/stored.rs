//! Work that is started without waiting: its id is the answer, its outcome a stored result.

use super::{Ending, end, panicked, perform};
use crate::{
    Caller, Node, StoredAction,
    action::Cancels,
    actions::tasks::{
        cancel_node::keep_cancelled,
        results::{self, Outcome},
    },
    durable::{DurableRun, Found, Head},
};
use glasswork_content::{
    failure::{Failure, Kind},
    render::{Options, Render},
};
use glasswork_tasks::{Form, Guard, Reason, Task, TaskId, View};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// Pause before it is looked again whether a result is stored.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl Node {
    /// Starts `A` as a root task, and answers its id as soon as it runs (or says that it has [begun](Node::begun)). What comes of
    /// it is stored in `.tasks` before the task ends; nobody who leaves stops it. A durable action outlives this process.
    ///
    /// # Errors
    /// The request makes no sense, the user may not run it, or it can't be kept; what fails later is a stored error.
    pub async fn start_stored<A: StoredAction>(
        self: &Arc<Self>,
        request: A::Request,
        caller: Caller,
    ) -> Result<TaskId, Failure> {
        A::validate(&request)?;
        let start = self.root::<A>(caller.clone());
        let start = if A::DURABLE { start.durable() } else { start };
        let guard = self.begin::<A>(start, &request)?;
        let prepared = self.permit::<A>(guard.task()).and_then(|()| {
            let head = A::DURABLE.then(|| Head::of::<A>(guard.task(), &request, &caller));
            head.transpose()
        });
        let head = match prepared {
            Ok(head) => head,
            Err(failure) => {
                guard.fail(failure.kind.name(), failure.reason());
                return Err(failure);
            }
        };
        let (told, tells) = oneshot::channel();
        let node = Arc::clone(self);
        // Spawned at once: a caller that leaves meanwhile must not leave a run behind that nobody carries out.
        tokio::spawn(async move {
            match node.keep(guard.task(), head).await {
                Ok(run) => {
                    let id = guard.task().id();
                    node.started_runs().add(id.clone(), Some(told), run.clone());
                    // One that was cancelled before it was among the runs was not kept so.
                    if let Err(failure) = keep_cancelled(&node, guard.task()).await {
                        tracing::warn!(task = %id, %failure, "a cancel would not outlive a crash");
                    }
                    if !A::TELLS_WHEN_BEGUN {
                        node.started_runs().begun(id.number);
                    }
                    node.carry_out::<A>(guard, caller.deadline, request, run)
                        .await;
                }
                Err(failure) => {
                    end(guard, Ending::of::<()>(&Err(failure.clone()))).await;
                    // A caller that is gone need not be told.
                    drop(told.send(Err(failure)));
                }
            }
        });
        let told = tells.await;
        told.unwrap_or_else(|_| Err(Failure::new(Kind::NodeClosed, "node closed")))
    }

    async fn keep(
        &self,
        task: &Task,
        head: Option<Head>,
    ) -> Result<Option<Arc<DurableRun>>, Failure> {
        let Some(head) = head else { return Ok(None) };
        let kv = &self.substrate().kv;
        let run = DurableRun::create(kv, self.id(), task.number(), head).await?;
        Ok(Some(Arc::new(run)))
    }

    /// What was started without waiting says that it has begun: whoever started it is told its id. For a task that is waited
    /// for this is nothing.
    pub fn begun(&self, task: &Task) {
        self.started_runs().begun(task.number());
    }

    /// The durable run of a task, or of the leader above a by-query slice; nothing when it is waited for or not durable.
    pub fn durable_run(&self, task: &Task) -> Option<Arc<DurableRun>> {
        let runs = self.started_runs();
        runs.durable(task.number()).or_else(|| {
            let parent = task.parent().filter(|parent| parent.node == *self.id())?;
            runs.durable(parent.number)
        })
    }

    /// Runs the action, stores what came of it, forgets the run and ends the task.
    async fn carry_out<A: StoredAction>(
        self: Arc<Self>,
        guard: Guard,
        deadline: Option<Duration>,
        request: A::Request,
        run: Option<Arc<DurableRun>>,
    ) {
        let task = guard.task().clone();
        let outcome = perform::<A>(Arc::clone(&self), &guard, deadline, request).await;
        let ending = Ending::of(&outcome);
        self.started_runs().begun(task.number());
        task.childless().await;
        // What a stopping node makes fail or cancels goes on when it starts again.
        let stopped = self.started_runs().are_closed() && (outcome.is_err() || task.is_cancelled());
        if run.is_none() || !stopped {
            let stored = match result::<A>(&task, outcome) {
                Ok(document) => results::store(&self, &task, document).await,
                Err(failure) => Err(failure),
            };
            match stored {
                Ok(()) => {
                    if let Some(run) = &run {
                        run.forget().await;
                    }
                }
                Err(failure) => {
                    tracing::error!(task = %task.id(), %failure, "the result of a task is not stored");
                }
            }
        }
        self.started_runs().remove(task.number());
        end(guard, ending).await;
    }
}

/// The document that is stored.
fn result<A: StoredAction>(
    task: &Task,
    outcome: Result<A::Response, Failure>,
) -> Result<Vec<u8>, Failure> {
    let mut snapshot = task.snapshot(&View {
        form: Form::Plain,
        ..View::DETAILED
    });
    snapshot.resources = None;
    let rendered = outcome.and_then(|response| {
        let rendering = AssertUnwindSafe(|| {
            let mut out = Render::new(Options {
                human: true,
                ..Options::default()
            });
            A::render(&response, &mut out)?;
            Ok(out.finish())
        });
        std::panic::catch_unwind(rendering).unwrap_or_else(|panic| Err(panicked(&*panic)))
    });
    match &rendered {
        Ok(response) => results::document(&snapshot, &Outcome::Response(response)),
        Err(failure) => results::document(&snapshot, &Outcome::Error(failure)),
    }
}

/// Has a run of an earlier process go on: its task is there when this answers.
///
/// # Errors
/// Its request can't be read, or its number can't be used.
pub(crate) fn resume<A: StoredAction>(node: &Arc<Node>, found: Found) -> Result<(), Failure> {
    let Found { number, head, run } = found;
    let request: A::Request = postcard::from_bytes(&head.request)
        .map_err(|error| Failure::illegal_state(format!("its request can't be read: {error}")))?;
    let mut caller = head.caller();
    // What can't be cancelled had begun, and is not stopped by a deadline that passed while the node was down.
    if let Cancels::Never(..) = A::SPEC.cancels {
        caller.deadline = None;
    }
    let deadline = caller.deadline;
    let start = node
        .root::<A>(caller)
        .resumed(number)
        .begun_at(head.start_millis);
    let guard = node.begin::<A>(start, &request)?;
    let task = guard.task().clone();
    if let Some(kept) = head.cancelled {
        node.cancel(&task, Reason::from(kept));
    }
    node.started_runs()
        .add(task.id(), None, Some(Arc::clone(&run)));
    let node = Arc::clone(node);
    tokio::spawn(async move {
        // What has ended must not be done again: an update's script would change documents twice.
        let stored = loop {
            match results::is_stored(&node, &task).await {
                Ok(stored) => break stored,
                Err(failure) if node.started_runs().are_closed() => {
                    node.started_runs().remove(number);
                    return end(guard, Ending::of::<()>(&Err(failure))).await;
                }
                Err(failure) => {
                    tracing::warn!(task = %task.id(), %failure, "it is not known yet whether a result is stored");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        };
        if stored {
            // The crash came between the result and the end.
            run.forget().await;
            node.started_runs().remove(number);
            end(guard, Ending::Well).await;
        } else {
            node.carry_out::<A>(guard, deadline, request, Some(run))
                .await;
        }
    });
    Ok(())
}
