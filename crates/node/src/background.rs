//! Loops that live as long as the node and wait for something to do. What they do, they do as tasks.

use crate::{
    Node, actions::tasks::results::retention, bans::OrderBook, late, members::life, numbers,
};
use futures_util::FutureExt;
use glasswork_tasks::NodeId;
use std::{
    collections::BTreeMap,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
    time::Duration,
};

/// How long to wait before a reservation that failed is tried again. Half a block is left by then.
const RESERVE_AGAIN: Duration = Duration::from_secs(1);

/// How often expired contexts of searches are looked for: cheap, and a keep-alive is kept to the second.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

impl Node {
    /// Runs a loop until the node stops. It must not keep the node alive while it waits.
    pub(crate) fn background(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let running = tokio::spawn(async move {
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                tracing::error!(name, "a background loop panicked and has ended");
            }
        });
        let mut loops = self.loops.lock();
        loops.retain(|running| !running.is_finished());
        loops.push(running.abort_handle());
    }

    pub(crate) fn start_background(self: &Arc<Self>, orders: OrderBook) {
        self.background("numbers", keep_numbers(Arc::downgrade(self)));
        self.background("bans", orders.hand_out(Arc::downgrade(self)));
        self.background("members", watch_members(Arc::downgrade(self)));
        self.background("results", retention::keep(Arc::downgrade(self)));
        self.background("contexts", sweep_contexts(Arc::downgrade(self)));
        self.background("late", late::watch(Arc::downgrade(self)));
    }
}

/// Reserves the next block of task numbers whenever half of the last one is used.
async fn keep_numbers(node: Weak<Node>) {
    while let Some(registry) = node.upgrade().map(|node| node.registry().clone()) {
        registry.numbers_wanted().await;
        let Some(node) = node.upgrade() else { return };
        if let Err(error) = numbers::reserve(&node.substrate().kv, node.id(), &registry).await {
            tracing::warn!(%error, "the next block of task numbers is not yet reserved");
            drop(node);
            tokio::time::sleep(RESERVE_AGAIN).await;
        }
    }
}

/// Ends the contexts of searches that nobody has used for their keep-alive.
async fn sweep_contexts(node: Weak<Node>) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        let Some(node) = node.upgrade() else { return };
        node.taps().sweep();
        let expired = node.contexts().sweep();
        if expired > 0 {
            tracing::debug!(expired, "contexts of searches have expired");
        }
    }
}

/// Lets go what nodes that left had here: their bans, the tasks that they started, and what their operations read from.
async fn watch_members(node: Weak<Node>) {
    let lives = |members: &[glasswork_substrate::Member]| -> BTreeMap<NodeId, Option<String>> {
        let of = |member: &glasswork_substrate::Member| (NodeId::from(&*member.node), life(member));
        members.iter().map(of).collect()
    };
    let Some(mut members) = node
        .upgrade()
        .map(|node| node.substrate().bus.watch_members())
    else {
        return;
    };
    let mut known = lives(&members.now());
    while let Some(now) = members.changed().await {
        let Some(node) = node.upgrade() else { return };
        let now = lives(&now);
        // One that starts again may be there before anybody sees that it was gone.
        let left = known.iter().filter(|(node, life)| match now.get(*node) {
            None => true,
            Some(now) => life.is_some() && *now != **life,
        });
        for (lost, _) in left {
            tracing::info!(node = %lost, "a node left");
            let cancels = node.registry().node_lost(lost, "channel was closed");
            node.bans().set(cancels.remote);
            node.transfers().forget(lost);
            node.taps().forget(lost);
            node.contexts().free_scans_of(lost);
        }
        known = now;
    }
}
