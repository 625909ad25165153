//! What a task waits for, so that a list can say why it is still there.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::body::Body;

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// A place in the pool of this name.
    Pool(&'static str),
    /// Tasks below this one.
    Children,
    /// An answer of the node of this name.
    Node(Arc<str>),
    /// Durable storage.
    Disk,
    /// The pace that its caller set.
    Throttle,
    /// It was told to pause.
    Paused,
    /// The client that reads the answer or sends the body.
    Client,
    /// Something else, in the host's words.
    Other(Cow<'static, str>),
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool(name) => write!(f, "pool:{name}"),
            Self::Children => f.write_str("children"),
            Self::Node(name) => write!(f, "node:{name}"),
            Self::Disk => f.write_str("disk"),
            Self::Throttle => f.write_str("throttle"),
            Self::Paused => f.write_str("paused"),
            Self::Client => f.write_str("client"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// The task waits as long as this lives.
#[must_use = "the wait ends when this is dropped"]
pub struct Waiting {
    pub(crate) body: Arc<Body>,
    pub(crate) key: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.body
            .extra()
            .rare
            .lock()
            .waits
            .retain(|wait| wait.key != self.key);
    }
}

/// One wait that has not ended.
pub(crate) struct Wait {
    pub(crate) key: u64,
    pub(crate) on: On,
    pub(crate) since_nanos: u64,
}
