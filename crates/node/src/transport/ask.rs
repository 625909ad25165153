//! Asking another node.

use super::{
    GET_PART, PROTOCOL, PUT_PART,
    frame::{self, Body, GetPart, Head, PutPart, ReplyHead},
    transfers::{self, PART, unreadable, unwritable},
};
use crate::{Action, Cancels, Node, of_start};
use bytes::Bytes;
use glasswork_content::failure::{Failure, Kind};
use glasswork_substrate::BusError;
use glasswork_tasks::{NodeId, On, RemoteChild, Task};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// Longer than any operation takes: the bus itself ends a call whose node is lost.
const UNBOUNDED: Duration = Duration::from_secs(365 * 24 * 3600);

/// What the way to a node and back may take beyond the bound of an action, before a cancelled caller stops waiting.
const WAY: Duration = Duration::from_secs(1);

/// How much later than the deadline of its caller a call is given up: by then both ends should have said so.
const DEADLINE_GRACE: Duration = Duration::from_millis(250);

/// How long the peer may work on a call: until the deadline of the task, or a grace after the caller's patience, which ends first and says so.
fn for_the_peer(within: Option<Duration>, remaining: Option<Duration>) -> Option<Duration> {
    let within = within.map(|within| within.saturating_add(DEADLINE_GRACE));
    [within, remaining].into_iter().flatten().min()
}

impl Node {
    /// Has `at`, another node, perform `A` for `parent`. The stub that stands for the child here ends with its reply, with
    /// the deadline, with the loss of the node, or when the parent is cancelled and the child breaks its bound.
    pub(crate) async fn ask<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        at: &NodeId,
        request: A::Request,
        within: Option<Duration>,
    ) -> Result<A::Response, Failure> {
        let stub = parent
            .remote_child(at.clone())
            .map_err(|error| of_start(&error))?;
        self.ask_for::<A>(stub, parent, request, within, false)
            .await
    }

    /// The same for work that clears up after a cancelled parent.
    pub(crate) async fn ask_closing<A: Action>(
        self: &Arc<Self>,
        parent: &Task,
        at: &NodeId,
        request: A::Request,
    ) -> Result<A::Response, Failure> {
        let stub = parent
            .remote_closing_child(at.clone())
            .map_err(|error| of_start(&error))?;
        self.ask_for::<A>(
            stub,
            parent,
            request,
            Some(glasswork_tasks::CLOSING_BOUND),
            true,
        )
        .await
    }

    async fn ask_for<A: Action>(
        self: &Arc<Self>,
        stub: RemoteChild,
        parent: &Task,
        request: A::Request,
        within: Option<Duration>,
        closing: bool,
    ) -> Result<A::Response, Failure> {
        let at = stub.node().clone();
        let name = A::SPEC.name;
        let remaining = if closing { None } else { parent.remaining() };
        let timeout = match (within, remaining) {
            (Some(within), Some(remaining)) => Some(within.min(remaining)),
            (within, remaining) => within.or(remaining),
        };
        let head = Head {
            protocol: PROTOCOL,
            parent: parent.id(),
            root: parent.root(),
            headers: parent.headers(),
            user: parent.user(),
            remaining_millis: for_the_peer(within, remaining).map(millis),
            metadata: self.metadata_store().newest(),
            closing,
            internal: parent.is_internal(),
            body: Body::Here,
        };
        let request = postcard::to_stdvec(&request).map_err(|error| unwritable(&error))?;
        let call = Call {
            node: self,
            at: &at,
            name,
            number: self.next_request(),
            until: match (timeout, remaining) {
                // The deadline ends it at both ends, with its own words; this is for a peer that does not answer at all.
                (Some(timeout), Some(remaining)) if timeout == remaining => {
                    Some((Instant::now() + timeout + DEADLINE_GRACE, timeout))
                }
                (timeout, _) => timeout.map(|t| (Instant::now() + t, t)),
            },
        };
        let waiting = parent.waiting(On::Node(at.as_str().into()));
        let answer = tokio::select! {
            answer = call.exchange(head, request) => answer,
            () = broken_bound::<A>(parent, closing) => Err(cancelled(parent)),
        };
        drop(waiting);
        drop(stub);
        postcard::from_bytes(&answer?).map_err(|error| unreadable(&error))
    }

    fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// The failure of a call to `at` that took too long, as it looks for a call between nodes.
    pub(crate) fn timed_out(&self, at: &NodeId, action: &str, after: Duration) -> Failure {
        let request = self.next_request();
        receive_timeout(self, at, action, request, after)
    }
}

fn receive_timeout(
    node: &Node,
    at: &NodeId,
    action: &str,
    request: u64,
    after: Duration,
) -> Failure {
    let label = label(node, at);
    let millis = after.as_millis();
    let reason = format!("{label}[{action}] request_id [{request}] timed out after [{millis}ms]");
    Failure::new(Kind::ReceiveTimeoutTransport, reason)
}

fn label(node: &Node, at: &NodeId) -> String {
    node.member(at)
        .map_or_else(|| format!("[{at}]"), |member| member.label())
}

/// Ready when the parent was cancelled and the child, which was cancelled with it, should long have answered.
async fn broken_bound<A: Action>(parent: &Task, closing: bool) {
    match A::SPEC.cancels {
        Cancels::Within(bound) if !closing => {
            parent.cancelled().await;
            tokio::time::sleep(bound + WAY).await;
        }
        _ => std::future::pending().await,
    }
}

fn cancelled(parent: &Task) -> Failure {
    let reason = parent
        .cancellation()
        .map(|cancellation| cancellation.reason.text);
    Failure::task_cancelled(reason.as_deref().unwrap_or_default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One request to one node.
struct Call<'a> {
    node: &'a Arc<Node>,
    at: &'a NodeId,
    name: &'static str,
    number: u64,
    /// The end of its time, and how long that was.
    until: Option<(Instant, Duration)>,
}

impl Call<'_> {
    /// Sends the request, whole or in parts, and gives the answer's bytes.
    async fn exchange(&self, mut head: Head, request: Vec<u8>) -> Result<Bytes, Failure> {
        let message = if request.len() > PART {
            head.body = self.upload(&request).await?;
            frame::join(&head, &[])
        } else {
            frame::join(&head, &request)
        };
        let message = message.map_err(|error| unwritable(&error))?;
        let (body, bytes) = self.send(self.name, message).await?;
        match body {
            Body::Here => Ok(bytes),
            Body::Parts { transfer, length } => self.download(transfer, length).await,
        }
    }

    async fn upload(&self, request: &[u8]) -> Result<Body, Failure> {
        let (transfer, length) = (transfers::fresh(), request.len() as u64);
        for (part, offset) in request.chunks(PART).zip((0..).step_by(PART)) {
            let head = PutPart {
                transfer,
                offset,
                length,
            };
            let message = frame::join(&head, part).map_err(|error| unwritable(&error))?;
            self.send(PUT_PART, message).await?;
        }
        Ok(Body::Parts { transfer, length })
    }

    async fn download(&self, transfer: u128, length: u64) -> Result<Bytes, Failure> {
        let length = usize::try_from(length)
            .map_err(|_| Failure::illegal_state("the answer is too long"))?;
        let mut answer = Vec::new();
        while answer.len() < length {
            let head = GetPart {
                transfer,
                offset: answer.len() as u64,
            };
            let message = frame::join(&head, &[]).map_err(|error| unwritable(&error))?;
            let (_, part) = self.send(GET_PART, message).await?;
            if part.is_empty() {
                return Err(Failure::illegal_state("the answer is no longer held"));
            }
            answer.extend_from_slice(&part);
        }
        Ok(answer.into())
    }

    async fn send(&self, action: &str, message: Bytes) -> Result<(Body, Bytes), Failure> {
        let left = self.until.map_or(UNBOUNDED, |(end, _)| {
            end.saturating_duration_since(Instant::now())
        });
        let bus = &self.node.substrate().bus;
        let reply = bus
            .request(self.at.as_str(), action, message, left)
            .await
            .map_err(|error| self.failed(&error))?;
        let (head, bytes): (ReplyHead, Bytes) =
            frame::split(&reply).map_err(|error| unreadable(&error))?;
        Ok((head?, bytes))
    }

    fn failed(&self, error: &BusError) -> Failure {
        let label = label(self.node, self.at);
        match error {
            BusError::TimedOut { .. } => {
                let after = self.until.map_or(UNBOUNDED, |(_, timeout)| timeout);
                receive_timeout(self.node, self.at, self.name, self.number, after)
            }
            BusError::Unreachable(_) | BusError::NoHandler(_) => Failure::new(
                Kind::NodeNotConnected,
                format!("{label} Node not connected"),
            ),
            BusError::Lost(_) => Failure::new(
                Kind::NodeDisconnected,
                format!("{label}[{}] disconnected", self.name),
            ),
            BusError::TooLarge { .. } => Failure::illegal_state(error.to_string()),
        }
    }
}
