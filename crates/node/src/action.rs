//! An action: a named operation with its request, its response and what may be done to it while it runs.

use crate::Node;
use futures_util::future::BoxFuture;
use glasswork_content::{failure::Failure, render::Render};
use glasswork_tasks::{ActionSpec, Describe, Task};
use serde::{Serialize, de::DeserializeOwned};
use std::{future::Future, sync::Arc, time::Duration};

/// What a task says about itself when somebody looks; `None` is a task without a description.
pub type Description = Option<Arc<dyn Describe>>;

/// A named operation. Request and response travel between nodes, so they are plain serde values.
pub trait Action: Sized + Send + 'static {
    /// Its row in [`crate::actions::table`].
    const SPEC: &'static Spec;
    /// What it is asked.
    type Request: Serialize + DeserializeOwned + Send + 'static;
    /// What it answers.
    type Response: Serialize + DeserializeOwned + Send + 'static;

    /// Checked inside the task, before it runs.
    ///
    /// # Errors
    /// The request makes no sense (`action_request_validation_exception`).
    fn validate(_request: &Self::Request) -> Result<(), Failure> {
        Ok(())
    }

    /// The task's description. Cheap: it is asked for every task and rendered only when somebody looks. An empty text
    /// is [`Nothing`].
    fn describe(_request: &Self::Request) -> Description {
        Some(Arc::new(Nothing))
    }

    /// What to do when the answer could not be written, as after a cancel: what it keeps for a client that never hears of it is
    /// given back. Asked before the answer is written.
    fn when_unsent(_response: &Self::Response) -> Option<Unsent> {
        None
    }

    /// Does it.
    fn run(
        node: Arc<Node>,
        task: Task,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, Failure>> + Send;
}

/// Clears up beneath the task whose answer could not be written.
pub type Unsent = Box<dyn FnOnce(Arc<Node>, Task) -> BoxFuture<'static, ()> + Send>;

/// An action that can be started without waiting for it ([`Node::start_stored`]); its outcome is stored in `.tasks`.
pub trait StoredAction: Action {
    /// Whether `{"task":…}` is answered only when the action said [`Node::begun`] (its slices are registered and can be
    /// rethrottled), or has ended.
    const TELLS_WHEN_BEGUN: bool = false;
    /// Whether it outlives the process: it is then named in [`crate::actions::table::DURABLE`], runs again with the same request
    /// after a restart, and finds what it saved in its [`Node::durable_run`].
    const DURABLE: bool = false;

    /// Writes the answer as it is stored: one JSON value, in the human form that `out` asks for.
    ///
    /// # Errors
    /// It can't be written; then that is stored.
    fn render(response: &Self::Response, out: &mut Render) -> Result<(), Failure>;
}

/// The description of most actions: an empty text.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Describe for Nothing {
    fn describe(&self, _out: &mut dyn std::fmt::Write) -> std::fmt::Result {
        Ok(())
    }
}

/// What is fixed about an action.
#[derive(Debug)]
pub struct Spec {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether it can be cancelled, and how soon it ends then.
    pub cancels: Cancels,
    /// Whether CPU time and memory of its tasks are shown.
    pub measured: bool,
    /// What happens to it when the client that asked hangs up.
    pub client_gone: ClientGone,
}

/// Whether an action can be cancelled.
#[derive(Debug, Clone, Copy)]
pub enum Cancels {
    /// It ends within this time after a cancel.
    Within(Duration),
    /// It can't be cancelled, for this reason; it is expected to end within this time by itself.
    Never(&'static str, Duration),
}

/// What happens to an action when the client that asked hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientGone {
    /// It is cancelled: nobody wants the answer.
    CancelsIt,
    /// It goes on: its effect was wanted.
    GoesOn,
}

impl Spec {
    /// An action that ends within `millis` milliseconds after a cancel.
    pub const fn cancellable(name: &'static str, millis: u64) -> Self {
        let cancels = Cancels::Within(Duration::from_millis(millis));
        Self {
            name,
            cancels,
            measured: false,
            client_gone: ClientGone::GoesOn,
        }
    }

    /// An action that can't be cancelled because of `reason` and should end by itself within `millis` milliseconds.
    pub const fn uncancellable(name: &'static str, millis: u64, reason: &'static str) -> Self {
        let cancels = Cancels::Never(reason, Duration::from_millis(millis));
        Self {
            name,
            cancels,
            measured: false,
            client_gone: ClientGone::GoesOn,
        }
    }

    /// The same, with the CPU time and memory of its tasks shown.
    #[must_use]
    pub const fn measured(mut self) -> Self {
        self.measured = true;
        self
    }

    /// The same, cancelled when its client hangs up.
    #[must_use]
    pub const fn ends_with_its_client(mut self) -> Self {
        self.client_gone = ClientGone::CancelsIt;
        self
    }

    /// Whether it changes nothing: it can be given up at any moment.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.name.contains(":monitor/") || self.name.starts_with("indices:data/read/")
    }

    pub(crate) fn declaration(&self) -> ActionSpec {
        let spec = match self.cancels {
            Cancels::Within(bound) => ActionSpec::cancellable(self.name, bound),
            Cancels::Never(reason, bound) => ActionSpec::uncancellable(self.name, bound, reason),
        };
        if self.measured { spec.measured() } else { spec }
    }
}
