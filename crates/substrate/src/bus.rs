//! Messages between nodes: request and reply, and who is there.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::watch;

use crate::BoxFuture;

/// The most bytes of a request or a reply: 1 MiB, with its headers. Larger results are paged by whoever sends them.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// A node that takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id of the node: what [`Bus::request`] is addressed to.
    pub node: Arc<str>,
    /// What the node tells about itself (name, addresses, roles), as it announced it: opaque here.
    pub about: Bytes,
}

/// Why a request got no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// No such node listens. The request did not run.
    #[error("node [{0}] is not connected")]
    Unreachable(String),
    /// No reply within the time given. The request may have run, or still run.
    #[error("node [{node}] did not answer [{action}] within {millis}ms")]
    TimedOut {
        /// The node that was asked.
        node: String,
        /// The action.
        action: String,
        /// How long was waited.
        millis: u64,
    },
    /// The node left while the request was in flight. It may have run.
    #[error("node [{0}] left while it was asked")]
    Lost(String),
    /// The node is there but serves nothing (it is still starting or already stopping). The request did not run.
    #[error("node [{0}] takes no requests")]
    NoHandler(String),
    /// The request or the reply is longer than [`MAX_MESSAGE_BYTES`].
    #[error("a message of {bytes} bytes can't be sent, at most {MAX_MESSAGE_BYTES} are allowed")]
    TooLarge {
        /// Length of the message in bytes.
        bytes: usize,
    },
}

/// A request as it reaches the node that serves it.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The node that asks.
    pub from: Arc<str>,
    /// The name of the action.
    pub action: Box<str>,
    /// The request's bytes.
    pub payload: Bytes,
}

/// What a node does with requests of others. A failure of the action is part of the reply's bytes.
pub trait Handler: Send + Sync {
    /// Runs one request. The future is driven to its end also when whoever asked gives up.
    fn handle(&self, request: Incoming) -> BoxFuture<'static, Bytes>;
}

impl<F> Handler for F
where
    F: Fn(Incoming) -> BoxFuture<'static, Bytes> + Send + Sync,
{
    fn handle(&self, request: Incoming) -> BoxFuture<'static, Bytes> {
        self(request)
    }
}

/// The members as they change.
#[derive(Clone, Debug)]
pub struct Members {
    members: watch::Receiver<Arc<[Member]>>,
}

impl Members {
    pub(crate) fn new(members: watch::Receiver<Arc<[Member]>>) -> Self {
        Self { members }
    }

    /// The members now, ordered by node id.
    #[must_use]
    pub fn now(&self) -> Arc<[Member]> {
        self.members.borrow().clone()
    }

    /// Waits for a change since the last call and answers the members; none when the bus has closed.
    pub async fn changed(&mut self) -> Option<Arc<[Member]>> {
        self.members.changed().await.ok()?;
        Some(self.members.borrow_and_update().clone())
    }
}

/// Request and reply between nodes.
///
/// * A request runs **at most once**. After [`BusError::TimedOut`] and [`BusError::Lost`] it may have run.
/// * A call in flight to a node that is lost is failed by the bus itself, within its bound; it never waits for the peer.
/// * Who is a member is what this node believes now; two nodes may believe different things for a while.
pub trait Bus: Send + Sync {
    /// The id of this node.
    fn me(&self) -> Arc<str>;

    /// Tells the others what this node is (name, addresses, roles): [`Member::about`] of this node from now on.
    fn announce(&self, about: Bytes);

    /// The members now, this node among them, ordered by node id.
    fn members(&self) -> Arc<[Member]>;

    /// The members as they change.
    fn watch_members(&self) -> Members;

    /// Asks `node` (this one too) and waits at most `timeout` for the reply.
    ///
    /// # Errors
    /// See [`BusError`].
    fn request(
        &self,
        node: &str,
        action: &str,
        payload: Bytes,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Bytes, BusError>>;

    /// Serves requests of others with `handler` from now on, in place of an earlier one.
    fn serve(&self, handler: Arc<dyn Handler>);

    /// Stops serving: requests get [`BusError::NoHandler`], those that run go on.
    fn stop_serving(&self);
}
