//! Fills the ring: from this node's registry, and from the other nodes by asking them again and again.

use super::{
    TaskEvent, What,
    tap::{self, WatchNode, WatchNodeRequest},
};
use crate::{Node, Spec};
use glasswork_tasks::{Heard, NodeId, Start, Subscription};
use std::{
    collections::HashSet,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{interval, sleep},
};

/// What asks the other nodes, as background work.
pub(crate) const FEED: Spec = Spec::uncancellable(
    "internal:tasks/watch",
    15_000,
    "it waits for events a few seconds at most",
);

/// Events of the same moment are passed on together: watchers are woken this often at most.
const GATHER: Duration = Duration::from_millis(4);
/// Events passed on at once.
const BATCH: usize = 4096;
/// How often it is asked whether anybody still watches.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How long to wait before a node that did not answer is asked again.
const RETRY: Duration = Duration::from_secs(1);
/// How long a node may take to answer, beyond the time it waits for events.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the feed of this number. It ends when nobody watches.
pub(super) fn start(node: &Arc<Node>, feed: u64) {
    // Subscribed here, so that nothing is missed that happens after a watcher was let in.
    let here = node.registry().subscribe();
    node.watches().heard.send_replace(HashSet::new());
    node.background("watch", own(Arc::downgrade(node), here, feed));
    node.background("watch of other nodes", others(Arc::downgrade(node), feed));
}

/// Passes on what happens here.
async fn own(node: Weak<Node>, mut here: Subscription, feed: u64) {
    let mut ask = interval(ASK_AGAIN);
    loop {
        let heard = tokio::select! {
            heard = here.next() => heard,
            _ = ask.tick() => {
                let wanted = node.upgrade().is_some_and(|node| node.watches().wants(feed));
                if !wanted {
                    return;
                }
                continue;
            }
        };
        let mut batch: Vec<What> = Vec::new();
        batch.extend(told(&heard));
        sleep(GATHER).await;
        while batch.len() < BATCH
            && let Some(heard) = here.try_next()
        {
            batch.extend(told(&heard));
        }
        let Some(node) = node.upgrade() else { return };
        node.watches().add(batch);
    }
}

fn told(heard: &Heard) -> Option<What> {
    match heard {
        Heard::Missed(missed) => Some(What::Missed(*missed)),
        Heard::Event(event) if tap::is_ours(&event.snapshot.action) => None,
        Heard::Event(event) => Some(What::Event(Box::new(TaskEvent::of(event)))),
    }
}

/// Passes on what happens on the other nodes, as they come and go.
async fn others(node: Weak<Node>, feed: u64) {
    let Some(mut members) = node
        .upgrade()
        .map(|node| node.substrate().bus.watch_members())
    else {
        return;
    };
    let mut asked = JoinSet::new();
    let mut followed: HashSet<NodeId> = HashSet::new();
    let mut ask = interval(ASK_AGAIN);
    loop {
        let Some(strong) = node.upgrade() else { return };
        for member in members.now().iter() {
            let id = NodeId::from(&*member.node);
            if id != *strong.id() && followed.insert(id.clone()) {
                asked.spawn(follow(node.clone(), id, feed));
            }
        }
        drop(strong);
        tokio::select! {
            changed = members.changed() => if changed.is_none() { return },
            Some(gone) = asked.join_next(), if !asked.is_empty() => match gone {
                Ok(id) => { followed.remove(&id); }
                Err(error) => {
                    tracing::error!(%error, "watching another node failed");
                    // Which one it was is not known: all are followed that are not.
                    followed.clear();
                    asked.abort_all();
                }
            },
            _ = ask.tick() => {
                if !node.upgrade().is_some_and(|node| node.watches().feeds(feed)) {
                    return;
                }
            }
        }
    }
}

/// Asks one node until it is gone or nobody watches.
async fn follow(node: Weak<Node>, at: NodeId, feed: u64) -> NodeId {
    ask_on(&node, &at, feed).await;
    if let Some(node) = node.upgrade() {
        node.watches().set_heard(&at, false);
    }
    at
}

async fn ask_on(node: &Weak<Node>, at: &NodeId, feed: u64) {
    let mut after = None;
    loop {
        let Some(strong) = node.upgrade() else {
            return;
        };
        if !strong.watches().feeds(feed) || strong.member(at).is_none() {
            return;
        }
        match ask(&strong, at, after).await {
            Some(answer) => {
                after = Some(answer.through);
                strong.watches().set_heard(at, true);
                let missed = (answer.missed > 0).then_some(What::Missed(answer.missed));
                let events = answer.events.into_iter();
                let events = events.map(|event| What::Event(Box::new(event)));
                strong.watches().add(missed.into_iter().chain(events));
            }
            None => {
                strong.watches().set_heard(at, false);
                drop(strong);
                sleep(RETRY).await;
            }
        }
    }
}

async fn ask(node: &Arc<Node>, at: &NodeId, after: Option<u64>) -> Option<tap::WatchNodeResponse> {
    let start = Start::new(node.internal_action(&FEED)).internal();
    let guard = match node.registry().start(start) {
        Ok(guard) => guard,
        Err(error) => {
            tracing::debug!(%error, "other nodes can't be watched now");
            return None;
        }
    };
    let request = WatchNodeRequest { after };
    let answer = node
        .call_within::<WatchNode>(guard.task(), at, request, Some(tap::WAIT + PATIENCE))
        .await;
    match answer {
        Ok(answer) => {
            guard.succeed();
            Some(answer)
        }
        Err(failure) => {
            tracing::debug!(node = %at, %failure, "a node can't be watched now");
            guard.fail(failure.kind.name(), failure.reason());
            None
        }
    }
}
