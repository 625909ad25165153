//! Messages in memory: who is there, who hears whom, and calls in flight.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{
    sync::{oneshot, watch},
    task::AbortHandle,
};

use super::Caller;
use crate::{
    BoxFuture, Bus, BusError, Handler, Member, Members,
    bus::{Incoming, MAX_MESSAGE_BYTES},
};

/// Everybody's connections.
#[derive(Default)]
pub(super) struct Network {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    nodes: BTreeMap<Arc<str>, Peer>,
    /// Pairs of nodes that don't hear each other, in order.
    cuts: BTreeSet<(Arc<str>, Arc<str>)>,
    calls: HashMap<u64, Call>,
    /// Lives and calls are numbered from one counter.
    counter: u64,
}

struct Peer {
    life: u64,
    about: Bytes,
    handler: Option<Arc<dyn Handler>>,
    members: watch::Sender<Arc<[Member]>>,
    running: Vec<AbortHandle>,
    frozen: bool,
    detached: bool,
}

/// A request in flight.
struct Call {
    from: Arc<str>,
    to: Arc<str>,
    lost: oneshot::Sender<BusError>,
}

impl State {
    fn hear_each_other(&self, a: &Arc<str>, b: &Arc<str>) -> bool {
        let pair = if a <= b {
            (a.clone(), b.clone())
        } else {
            (b.clone(), a.clone())
        };
        !self.cuts.contains(&pair)
    }

    /// Tells every node whom it sees, and fails the calls whose peer is not seen any more.
    fn settle(&mut self) {
        for (node, peer) in &self.nodes {
            let members: Arc<[Member]> = self
                .nodes
                .iter()
                .filter(|(other, _)| self.hear_each_other(node, other))
                .map(|(other, peer)| Member {
                    node: other.clone(),
                    about: peer.about.clone(),
                })
                .collect();
            peer.members.send_if_modified(|seen| {
                let changed = *seen != members;
                *seen = members;
                changed
            });
        }
        let lost: Vec<u64> = self
            .calls
            .iter()
            .filter(|(_, call)| {
                !self.nodes.contains_key(&call.to) || !self.hear_each_other(&call.from, &call.to)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in lost {
            if let Some(call) = self.calls.remove(&id) {
                // The caller may have gone; then nobody needs to know.
                let _ = call.lost.send(BusError::Lost(call.to.to_string()));
            }
        }
    }

    fn leave(&mut self, node: &str) {
        if let Some(peer) = self.nodes.remove(node) {
            for running in peer.running {
                running.abort();
            }
            self.calls.retain(|_, call| &*call.from != node);
        }
    }
}

impl Network {
    pub(super) fn join(&self, id: &str) -> Seat {
        let mut state = self.state.lock();
        state.leave(id);
        state.settle();
        state.counter += 1;
        let life = state.counter;
        let node: Arc<str> = id.into();
        let (members, _) = watch::channel(Arc::default());
        let peer = Peer {
            life,
            about: Bytes::new(),
            handler: None,
            members,
            running: Vec::new(),
            frozen: false,
            detached: false,
        };
        state.nodes.insert(node.clone(), peer);
        state.settle();
        Seat {
            node,
            life,
            state: self.state.clone(),
        }
    }

    pub(super) fn crash(&self, node: &str) {
        let mut state = self.state.lock();
        state.leave(node);
        state.settle();
    }

    pub(super) fn partition(&self, a: &str, b: &str) {
        let mut state = self.state.lock();
        let (a, b): (Arc<str>, Arc<str>) = (a.into(), b.into());
        state.cuts.insert(if a <= b { (a, b) } else { (b, a) });
        state.settle();
    }

    pub(super) fn heal(&self) {
        let mut state = self.state.lock();
        state.cuts.clear();
        state.settle();
    }

    pub(super) fn set_frozen(&self, node: &str, frozen: bool) {
        if let Some(peer) = self.state.lock().nodes.get_mut(node) {
            peer.frozen = frozen;
        }
    }

    pub(super) fn set_detached(&self, node: &str, detached: bool) {
        if let Some(peer) = self.state.lock().nodes.get_mut(node) {
            peer.detached = detached;
        }
    }
}

/// One life of a node in the network.
#[derive(Clone)]
pub(super) struct Seat {
    node: Arc<str>,
    life: u64,
    state: Arc<Mutex<State>>,
}

impl Seat {
    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// Refuses calls of a node that is dead or cut off from the stores.
    pub(super) fn check_store(&self) -> Result<(), String> {
        let attached = self.with_peer(|peer| !peer.detached);
        match attached {
            Some(true) => Ok(()),
            Some(false) => Err("not connected".to_owned()),
            None => Err("this node has crashed".to_owned()),
        }
    }

    /// The peer of this life; none when it is over.
    fn with_peer<T>(&self, call: impl FnOnce(&mut Peer) -> T) -> Option<T> {
        let mut state = self.state.lock();
        state
            .nodes
            .get_mut(&self.node)
            .filter(|peer| peer.life == self.life)
            .map(call)
    }

    /// Starts a call to `to` and answers its number, its loss and the way it takes; it ends with [`CallEnd`].
    fn call(&self, to: &str) -> Result<(CallEnd, oneshot::Receiver<BusError>), BusError> {
        let mut state = self.state.lock();
        let unreachable = || BusError::Unreachable(to.to_owned());
        if state
            .nodes
            .get(&self.node)
            .is_none_or(|peer| peer.life != self.life)
        {
            return Err(unreachable());
        }
        let (target, peer) = state.nodes.get_key_value(to).ok_or_else(unreachable)?;
        if !state.hear_each_other(&self.node, target) {
            return Err(unreachable());
        }
        if peer.handler.is_none() && !peer.frozen {
            return Err(BusError::NoHandler(to.to_owned()));
        }
        let to = target.clone();
        let (lost, told) = oneshot::channel();
        state.counter += 1;
        let id = state.counter;
        state.calls.insert(
            id,
            Call {
                from: self.node.clone(),
                to,
                lost,
            },
        );
        Ok((
            CallEnd {
                id,
                state: self.state.clone(),
            },
            told,
        ))
    }

    /// Runs the request on `to` and answers where the reply will come; none when it will never come.
    fn deliver(&self, to: &str, request: Incoming) -> Option<oneshot::Receiver<Bytes>> {
        let mut state = self.state.lock();
        let peer = state.nodes.get_mut(to).filter(|peer| !peer.frozen)?;
        let handler = peer.handler.clone()?;
        let (reply, replied) = oneshot::channel();
        let running = tokio::spawn(async move {
            // Whoever asked may have given up.
            let _ = reply.send(handler.handle(request).await);
        });
        peer.running.retain(|running| !running.is_finished());
        peer.running.push(running.abort_handle());
        Some(replied)
    }
}

/// Takes the call off the table when it ends, however it ends.
struct CallEnd {
    id: u64,
    state: Arc<Mutex<State>>,
}

impl CallEnd {
    /// Whether the connection that the call went over is still there: no reply comes over one that was cut.
    fn is_open(&self) -> bool {
        self.state.lock().calls.contains_key(&self.id)
    }
}

impl Drop for CallEnd {
    fn drop(&mut self) {
        self.state.lock().calls.remove(&self.id);
    }
}

pub(super) struct MemoryBus {
    caller: Caller,
}

impl MemoryBus {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller }
    }

    /// The way there and back; never ends when a message is lost.
    async fn exchange(
        &self,
        to: &str,
        request: Incoming,
        call: &CallEnd,
    ) -> Result<Bytes, BusError> {
        let (delay, request_lost, reply_lost) = {
            let faults = self.caller.world.faults.lock();
            let mut dice = self.caller.world.dice.lock();
            let delay = dice.up_to(faults.delay);
            (
                delay,
                dice.happens(faults.request_lost),
                dice.happens(faults.reply_lost),
            )
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let action = request.action.clone();
        let replied = if request_lost {
            None
        } else {
            self.caller.seat.deliver(to, request)
        };
        let reply = match replied {
            Some(replied) => replied.await.ok().filter(|_| call.is_open()),
            None => None,
        };
        match reply {
            Some(reply) if !reply_lost && reply.len() > MAX_MESSAGE_BYTES => {
                Err(BusError::TooLarge { bytes: reply.len() })
            }
            Some(_) if self.caller.world.traps.lock().loses(to, &action) => {
                Err(BusError::Lost(to.to_owned()))
            }
            Some(reply) if !reply_lost => Ok(reply),
            _ => std::future::pending().await,
        }
    }
}

impl Bus for MemoryBus {
    fn me(&self) -> Arc<str> {
        self.caller.seat.node.clone()
    }

    fn announce(&self, about: Bytes) {
        self.caller.seat.with_peer(|peer| peer.about = about);
        self.caller.seat.state.lock().settle();
    }

    fn members(&self) -> Arc<[Member]> {
        self.watch_members().now()
    }

    fn watch_members(&self) -> Members {
        let subscribed = self.caller.seat.with_peer(|peer| peer.members.subscribe());
        Members::new(subscribed.unwrap_or_else(|| watch::channel(Arc::default()).1))
    }

    fn request(
        &self,
        node: &str,
        action: &str,
        payload: Bytes,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Bytes, BusError>> {
        let to = node.to_owned();
        let action: Box<str> = action.into();
        Box::pin(async move {
            if payload.len() > MAX_MESSAGE_BYTES {
                return Err(BusError::TooLarge {
                    bytes: payload.len(),
                });
            }
            let (call, lost) = self.caller.seat.call(&to)?;
            let request = Incoming {
                from: self.me(),
                action: action.clone(),
                payload,
            };
            tokio::select! {
                reply = self.exchange(&to, request, &call) => reply,
                lost = lost => Err(lost.unwrap_or_else(|_| BusError::Lost(to.clone()))),
                () = tokio::time::sleep(timeout) => Err(BusError::TimedOut {
                    node: to.clone(),
                    action: action.into_string(),
                    millis: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
                }),
            }
        })
    }

    fn serve(&self, handler: Arc<dyn Handler>) {
        self.caller
            .seat
            .with_peer(|peer| peer.handler = Some(handler));
    }

    fn stop_serving(&self) {
        self.caller.seat.with_peer(|peer| peer.handler = None);
    }
}
