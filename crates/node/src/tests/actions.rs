//! Actions that do what a test needs.

use crate::{
    Action, Description, Node, Spec, StoredAction,
    actions::table::{Durable, Served},
    of_stop,
};
use futures_util::future::join_all;
use glasswork_content::{failure::Failure, render::Render};
use glasswork_tasks::{NodeId, Stop, Task};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

pub(crate) const ALL: &[Served] = &[
    Served::of::<Search>(),
    Served::of::<Shard>(),
    Served::of::<Write>(),
    Served::of::<Echo>(),
    Served::of::<Relay>(),
    Served::of::<Tour>(),
    Served::of::<Work>(),
];

pub(crate) const DURABLE: &[Durable] = &[Durable::of::<Work>()];

/// What a shard does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Behaviour {
    /// Answers at once.
    Answers,
    /// Runs until it is cancelled.
    Lasts,
    /// Runs so many milliseconds, whatever happens.
    Deaf(u64),
    /// Panics.
    Panics,
}

impl Behaviour {
    pub(crate) fn lasts(self) -> bool {
        matches!(self, Self::Lasts | Self::Deaf(_))
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SearchRequest {
    pub(crate) shards: Vec<(NodeId, Behaviour)>,
    pub(crate) cancel_after: Option<Duration>,
}

impl SearchRequest {
    pub(crate) fn of(shards: &[(&str, Behaviour)]) -> Self {
        let shards = shards
            .iter()
            .map(|&(node, behaviour)| (node.into(), behaviour))
            .collect();
        Self {
            shards,
            cancel_after: None,
        }
    }
}

/// Asks shards, as a search does.
pub(crate) struct Search;

impl Action for Search {
    const SPEC: &'static Spec = &Spec::cancellable("test:search", 100)
        .measured()
        .ends_with_its_client();
    type Request = SearchRequest;
    type Response = Vec<String>;

    fn describe(request: &SearchRequest) -> Description {
        Some(Arc::new(format!("shards[{}]", request.shards.len())))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: SearchRequest,
    ) -> Result<Vec<String>, Failure> {
        let timer = request
            .cancel_after
            .map(|interval| node.cancel_after(&task, interval));
        let shards = request
            .shards
            .iter()
            .map(|(at, behaviour)| node.call::<Shard>(&task, at, *behaviour));
        let answers = join_all(shards).await;
        drop(timer);
        answers.into_iter().collect()
    }
}

pub(crate) struct Shard;

impl Action for Shard {
    const SPEC: &'static Spec = &Spec::cancellable("test:search[shard]", 100).measured();
    type Request = Behaviour;
    type Response = String;

    async fn run(node: Arc<Node>, task: Task, behaviour: Behaviour) -> Result<String, Failure> {
        match behaviour {
            Behaviour::Answers => {}
            Behaviour::Lasts => {
                let reason = task.cancelled().await;
                return Err(of_stop(&Stop::Cancelled(reason.text)));
            }
            Behaviour::Deaf(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            Behaviour::Panics => panic!("as told"),
        }
        Ok(format!(
            "{} {:?} {:?}",
            node.id(),
            task.headers().opaque_id(),
            task.user()
        ))
    }
}

/// Can't be cancelled; lasts so many milliseconds.
pub(crate) struct Write;

impl Action for Write {
    const SPEC: &'static Spec =
        &Spec::uncancellable("test:write", 1_000, "a write runs to its end");
    type Request = u64;
    type Response = ();

    async fn run(_node: Arc<Node>, _task: Task, millis: u64) -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok(())
    }
}

/// Gives back what it gets, from the node that it is sent to.
pub(crate) struct Echo;

impl Action for Echo {
    const SPEC: &'static Spec = &Spec::uncancellable("test:echo", 1_000, "it is short");
    type Request = (Option<NodeId>, Vec<u8>);
    type Response = Vec<u8>;

    async fn run(
        node: Arc<Node>,
        task: Task,
        (at, bytes): Self::Request,
    ) -> Result<Vec<u8>, Failure> {
        match at {
            Some(at) if at != *node.id() => {
                node.forward::<Self>(&task, &at, (None, bytes), None).await
            }
            _ => Ok(bytes),
        }
    }
}

/// Runs a search on another node as its child: trees over three nodes.
pub(crate) struct Relay;

impl Action for Relay {
    const SPEC: &'static Spec = &Spec::cancellable("test:relay", 100);
    type Request = (NodeId, SearchRequest);
    type Response = Vec<String>;

    async fn run(
        node: Arc<Node>,
        task: Task,
        (at, request): Self::Request,
    ) -> Result<Vec<String>, Failure> {
        node.call::<Search>(&task, &at, request).await
    }
}

/// Goes from node to node, a child on each, and lasts on the last: trees that no node knows whole.
pub(crate) struct Tour;

impl Action for Tour {
    const SPEC: &'static Spec = &Spec::cancellable("test:tour", 100);
    type Request = Vec<NodeId>;
    type Response = ();

    async fn run(node: Arc<Node>, task: Task, further: Vec<NodeId>) -> Result<(), Failure> {
        match further.split_first() {
            Some((at, further)) => node.call::<Self>(&task, at, further.to_vec()).await,
            None => {
                let reason = task.cancelled().await;
                Err(of_stop(&Stop::Cancelled(reason.text)))
            }
        }
    }
}

/// Counts to a number step by step, as a by-query operation goes from batch to batch: what it did is kept after each step.
pub(crate) struct Work;

/// What [`Work`] is to do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkRequest {
    /// Steps to do.
    pub(crate) steps: u64,
    /// Waits for the cancel or the end of the process behind this many.
    pub(crate) stays_at: Option<u64>,
    /// Fails behind the last.
    pub(crate) fails: bool,
    /// Waits for the end of the process alone: a cancel is not heard before the next start.
    pub(crate) deaf: bool,
}

/// What [`Work`] did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkResponse {
    /// All steps done, those before a restart too.
    pub(crate) steps: u64,
    /// Those that were done before the restart.
    pub(crate) before: u64,
}

impl Action for Work {
    const SPEC: &'static Spec = &Spec::cancellable("test:work", 250);
    type Request = WorkRequest;
    type Response = WorkResponse;

    fn validate(request: &WorkRequest) -> Result<(), Failure> {
        match request.steps {
            0 => Err(Failure::validation(["there is nothing to do"])),
            _ => Ok(()),
        }
    }

    fn describe(request: &WorkRequest) -> Description {
        Some(Arc::new(format!("work in {} steps", request.steps)))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: WorkRequest,
    ) -> Result<WorkResponse, Failure> {
        let run = node.durable_run(&task);
        let before = match &run {
            Some(run) => run.load::<u64>(0).await?.unwrap_or(0),
            None => 0,
        };
        node.begun(&task);
        task.count_in("steps");
        task.expect(request.steps);
        task.reach(before);
        for step in before..request.steps {
            if let Some(run) = &run {
                run.not_paused(&task).await;
            }
            if request.stays_at == Some(step) && run.as_ref().is_none_or(|run| !run.is_resumed()) {
                if request.deaf {
                    std::future::pending::<()>().await;
                }
                task.cancelled().await;
            }
            if task.is_cancelled() {
                return Ok(WorkResponse {
                    steps: step,
                    before,
                });
            }
            if let Some(run) = &run {
                run.save(0, &(step + 1)).await?;
            }
            task.advance(1);
            // Memory answers at once: without this nothing else of the task would get its turn.
            tokio::task::yield_now().await;
        }
        if request.fails {
            return Err(Failure::index_not_found("books"));
        }
        Ok(WorkResponse {
            steps: request.steps,
            before,
        })
    }
}

impl StoredAction for Work {
    const TELLS_WHEN_BEGUN: bool = true;
    const DURABLE: bool = true;

    fn render(response: &WorkResponse, out: &mut Render) -> Result<(), Failure> {
        out.object();
        out.field_unsigned("steps", response.steps);
        out.field_unsigned("before", response.before);
        if out.human() {
            out.field_str("told", "to people");
        }
        out.end_object();
        Ok(())
    }
}
