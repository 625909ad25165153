//! What a task begins with.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    Action, Describe, Headers, Status, Task, TaskId,
    body::{Body, Parent},
    life::Purpose,
    numbers::NumbersExhausted,
};

/// How a task came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// Through the action layer, or over the network.
    Transport,
    /// A node's part of an operation that the same node coordinates.
    Direct,
    /// By the cluster, to be kept running.
    Persistent,
}

impl Origin {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Direct => "direct",
            Self::Persistent => "persistent",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who is behind a request: shared by all tasks of its tree on this node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) user: Option<Arc<str>>,
    pub(crate) connection: Option<Arc<str>>,
    /// The root of the whole tree, when that is on another node.
    pub(crate) root: Option<TaskId>,
}

/// Everything that [`Registry::start`](crate::Registry::start) should know about a new task. Headers, user, connection
/// and deadline come from a local parent unless they are given.
#[must_use = "nothing is started before Registry::start"]
pub struct Start {
    pub(crate) action: Action,
    pub(crate) origin: Origin,
    pub(crate) parent: Parent,
    pub(crate) headers: Option<Arc<Headers>>,
    pub(crate) who: Option<Who>,
    pub(crate) description: Option<Arc<dyn Describe>>,
    pub(crate) status: Option<Arc<dyn Status>>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) purpose: Purpose,
    pub(crate) internal: bool,
    pub(crate) durable: bool,
    pub(crate) number: Option<u64>,
    pub(crate) begun_millis: Option<i64>,
}

/// How long a closing task may take.
pub const CLOSING_BOUND: Duration = Duration::from_secs(30);

impl Start {
    /// A root task of `action` that came through the action layer.
    pub fn new(action: Action) -> Self {
        Self {
            action,
            origin: Origin::Transport,
            parent: Parent::None,
            headers: None,
            who: None,
            description: None,
            status: None,
            deadline: None,
            purpose: Purpose::Working,
            internal: false,
            durable: false,
            number: None,
            begun_millis: None,
        }
    }

    /// How it came to be.
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// It is a child of `parent`, a task of the same registry.
    pub fn child_of(mut self, parent: &Task) -> Self {
        self.parent = Parent::Local(Arc::clone(parent.body()));
        self
    }

    /// It is a child of `parent` on another node, in the tree of `root` (which may be on a third one).
    pub fn remote_child_of(mut self, parent: TaskId, root: Option<TaskId>) -> Self {
        self.parent = Parent::Remote(Arc::new(parent));
        if root.is_some() {
            self.who.get_or_insert_default().root = root;
        }
        self
    }

    /// The request headers that it carries.
    pub fn headers(mut self, headers: Arc<Headers>) -> Self {
        self.headers = Some(headers);
        self
    }

    /// The user who asked for it.
    pub fn user(mut self, user: impl Into<Arc<str>>) -> Self {
        self.who.get_or_insert_default().user = Some(user.into());
        self
    }

    /// The connection over which it was asked for.
    pub fn connection(mut self, connection: impl Into<Arc<str>>) -> Self {
        self.who.get_or_insert_default().connection = Some(connection.into());
        self
    }

    /// What it says about itself.
    pub fn description(mut self, description: impl Describe + 'static) -> Self {
        self.description = Some(Arc::new(description));
        self
    }

    /// The same, for a description that is shared.
    pub fn shared_description(mut self, description: Arc<dyn Describe>) -> Self {
        self.description = Some(description);
        self
    }

    /// Its live status.
    pub fn status(mut self, status: Arc<dyn Status>) -> Self {
        self.status = Some(status);
        self
    }

    /// It must be over in this time; never later than its parent.
    pub fn deadline(mut self, remaining: Duration) -> Self {
        self.deadline = Some(remaining);
        self
    }

    /// It clears up after its parent: begins also after the parent's cancel, can't be cancelled, and is over in
    /// [`CLOSING_BOUND`].
    pub fn closing(mut self) -> Self {
        self.purpose = Purpose::Closing;
        self.deadline = Some(
            self.deadline
                .map_or(CLOSING_BOUND, |deadline| deadline.min(CLOSING_BOUND)),
        );
        self
    }

    /// It is background work: listed only on request, cancelled only by its exact id.
    pub fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    /// It survives a restart of the process.
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// It goes on under a number from before a restart. The number must come from a block of an earlier process.
    pub fn resumed(mut self, number: u64) -> Self {
        self.number = Some(number);
        self.durable = true;
        self
    }

    /// It began at this moment, milliseconds since 1970, before a restart: its running time counts from there.
    pub fn begun_at(mut self, millis: i64) -> Self {
        self.begun_millis = Some(millis);
        self
    }

    pub(crate) fn local_parent(&self) -> Option<&Arc<Body>> {
        match &self.parent {
            Parent::Local(parent) => Some(parent),
            Parent::None | Parent::Remote(_) => None,
        }
    }
}

/// Why a task did not start. It was never listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The parent, a task here, was cancelled or has ended.
    #[error("The parent task was cancelled, shouldn't start any child tasks, {0}")]
    ParentCancelled(Arc<str>),
    /// The parent was cancelled while this child was on its way.
    #[error("Task cancelled before it started: {0}")]
    CancelledBeforeStart(Arc<str>),
    /// The node has no numbers left.
    #[error(transparent)]
    NumbersExhausted(#[from] NumbersExhausted),
    /// A resumed number is not below those of this process, or is in use.
    #[error("task number {0} can't be resumed: {1}")]
    NotResumable(u64, Cow<'static, str>),
}
