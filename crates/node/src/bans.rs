//! Carries cancels to other nodes: a node that has children of a cancelled task is told to refuse further ones and to
//! cancel those it has, and told again when it may forget that.
//!
//! Orders for one node go out one after the other, so that "forget" never overtakes "refuse"; what isn't acknowledged is
//! sent again. When the node is lost nothing is left to do: it drops our bans itself.

use crate::{
    Node,
    actions::tasks::ban::{Ban, BanRequest},
};
use glasswork_tasks::{NodeId, Peers, RemoteBan, Start, TaskId};
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// How long an order may take, and how often it is sent at most.
const WITHIN: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 3;

/// Takes orders and has them carried out.
#[derive(Clone)]
pub(crate) struct Bans {
    orders: mpsc::UnboundedSender<Order>,
}

struct Order {
    node: NodeId,
    parent: TaskId,
    /// Why children are refused; none = they are no longer.
    reason: Option<Arc<str>>,
    done: Option<oneshot::Sender<()>>,
}

impl Bans {
    /// The queue, and the book that its orders are carried out from.
    pub(crate) fn new() -> (Self, OrderBook) {
        let (orders, book) = mpsc::unbounded_channel();
        (Self { orders }, OrderBook(book))
    }

    /// Sets bans on other nodes; nobody waits.
    pub(crate) fn set(&self, bans: Vec<RemoteBan>) {
        for ban in bans {
            self.order(ban, None);
        }
    }

    /// Sets bans on other nodes and waits until each has it or is given up.
    pub(crate) async fn set_and_wait(&self, bans: Vec<RemoteBan>) {
        let waits: Vec<_> = bans
            .into_iter()
            .map(|ban| {
                let (done, wait) = oneshot::channel();
                self.order(ban, Some(done));
                wait
            })
            .collect();
        for wait in waits {
            // An order that is given up counts as carried out: its node is gone, or silent beyond all bounds.
            drop(wait.await);
        }
    }

    fn order(&self, ban: RemoteBan, done: Option<oneshot::Sender<()>>) {
        self.send(Order {
            node: ban.node,
            parent: ban.parent,
            reason: Some(ban.reason),
            done,
        });
    }

    fn send(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::debug!("a ban is not sent any more: the node stops");
        }
    }
}

impl Peers for Bans {
    fn ban(&self, bans: Vec<RemoteBan>) {
        self.set(bans);
    }

    fn unban(&self, parent: TaskId, nodes: Vec<NodeId>) {
        for node in nodes {
            self.send(Order {
                node,
                parent: parent.clone(),
                reason: None,
                done: None,
            });
        }
    }
}

/// The orders that are not yet given to the one who carries them to their node.
pub(crate) struct OrderBook(mpsc::UnboundedReceiver<Order>);

impl OrderBook {
    /// Hands each order to the queue of its node, which is made with the first one.
    pub(crate) async fn hand_out(mut self, node: Weak<Node>) {
        let mut queues: HashMap<NodeId, mpsc::UnboundedSender<Order>> = HashMap::new();
        while let Some(order) = self.0.recv().await {
            let Some(strong) = node.upgrade() else { return };
            queues.retain(|_, queue| !queue.is_closed());
            let queue = queues.entry(order.node.clone()).or_insert_with(|| {
                let (queue, orders) = mpsc::unbounded_channel();
                strong.background("bans of a node", carry_out(node.clone(), orders));
                queue
            });
            if queue.send(order).is_err() {
                tracing::debug!("a ban is not sent any more: its queue has ended");
            }
        }
    }
}

async fn carry_out(node: Weak<Node>, mut orders: mpsc::UnboundedReceiver<Order>) {
    while let Some(order) = orders.recv().await {
        let Some(node) = node.upgrade() else { return };
        tell(&node, &order).await;
        if let Some(done) = order.done {
            // Who ordered it may have stopped waiting.
            let _ = done.send(());
        }
    }
}

async fn tell(node: &Arc<Node>, order: &Order) {
    let request = BanRequest {
        parent: order.parent.clone(),
        reason: order.reason.clone(),
    };
    for _ in 0..ATTEMPTS {
        if node.member(&order.node).is_none() {
            return;
        }
        let task = match node
            .registry()
            .start(Start::new(node.action::<Ban>()).internal())
        {
            Ok(guard) => guard,
            Err(error) => return tracing::warn!(%error, "a ban could not be sent"),
        };
        match node
            .call_within::<Ban>(task.task(), &order.node, request.clone(), Some(WITHIN))
            .await
        {
            Ok(_) => return task.succeed(),
            Err(failure) => {
                tracing::debug!(node = %order.node, parent = %order.parent, reason = failure.reason(), "a ban was not acknowledged");
                task.fail(failure.kind.name(), failure.reason());
            }
        }
    }
}
