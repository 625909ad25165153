//! Serving requests of other nodes: each begins a task here, as a child of the task there.

use super::{
    GET_PART, PROTOCOL, PUT_PART,
    frame::{self, Body, GetPart, Head, PutPart, ReplyHead},
    transfers::{self, PART, unreadable, unwritable},
};
use crate::{Node, actions::table};
use bytes::Bytes;
use glasswork_content::failure::{Failure, Kind};
use glasswork_substrate::{BoxFuture, bus::Incoming};
use glasswork_tasks::{NodeId, Start};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// Actions that go by the metadata, and how long they wait for this node to know what their sender knew.
const NEEDS_METADATA: &str = "indices:";
const CATCH_UP: Duration = Duration::from_secs(5);

/// What the bus hands requests to. It does not keep the node alive.
pub(crate) struct Handler {
    node: Weak<Node>,
}

impl Handler {
    pub(crate) fn new(node: &Arc<Node>) -> Arc<Self> {
        Arc::new(Self {
            node: Arc::downgrade(node),
        })
    }
}

impl glasswork_substrate::Handler for Handler {
    fn handle(&self, request: Incoming) -> BoxFuture<'static, Bytes> {
        let node = self.node.upgrade();
        Box::pin(async move {
            let from = NodeId::from(&*request.from);
            let answer = match &node {
                Some(node) => serve(node, request).await,
                None => Err(Failure::new(Kind::NodeClosed, "node closed")),
            };
            reply(node.as_deref(), from, answer)
        })
    }
}

async fn serve(node: &Arc<Node>, request: Incoming) -> Result<Bytes, Failure> {
    let from = NodeId::from(&*request.from);
    match &*request.action {
        PUT_PART => {
            let (part, bytes): (PutPart, Bytes) =
                frame::split(&request.payload).map_err(|error| unreadable(&error))?;
            node.transfers()
                .put(from, part.transfer, part.offset, part.length, &bytes)?;
            Ok(Bytes::new())
        }
        GET_PART => {
            let (part, _): (GetPart, Bytes) =
                frame::split(&request.payload).map_err(|error| unreadable(&error))?;
            node.transfers().get(from, part.transfer, part.offset)
        }
        name => {
            let protocol: u16 =
                frame::first(&request.payload).map_err(|error| unreadable(&error))?;
            if protocol != PROTOCOL {
                let reason = format!(
                    "node [{from}] speaks version [{protocol}] of the protocol, this one [{PROTOCOL}]"
                );
                return Err(Failure::illegal_state(reason));
            }
            let (head, bytes): (Head, Bytes) =
                frame::split(&request.payload).map_err(|error| unreadable(&error))?;
            let body = match head.body {
                Body::Here => bytes,
                Body::Parts { transfer, .. } => node.transfers().take(&from, transfer)?,
            };
            let served = table::find(name).ok_or_else(|| {
                Failure::illegal_argument(format!("No handler for action [{name}]"))
            })?;
            if name.starts_with(NEEDS_METADATA) {
                node.metadata_store().reach(head.metadata, CATCH_UP).await;
            }
            let deadline = head.remaining_millis.map(Duration::from_millis);
            let action = node
                .registry()
                .action(name)
                .expect("every action of the table is declared");
            let mut start = Start::new(action)
                .remote_child_of(head.parent, Some(head.root))
                .headers(head.headers);
            if let Some(user) = head.user {
                start = start.user(user);
            }
            if let Some(deadline) = deadline {
                start = start.deadline(deadline);
            }
            if head.closing {
                start = start.closing();
            }
            if head.internal {
                start = start.internal();
            }
            (served.serve)(Arc::clone(node), start, deadline, body).await
        }
    }
}

fn reply(node: Option<&Node>, to: NodeId, answer: Result<Bytes, Failure>) -> Bytes {
    let framed = match (answer, node) {
        (Ok(bytes), Some(node)) if bytes.len() > PART => {
            let (transfer, length) = (transfers::fresh(), bytes.len() as u64);
            match node.transfers().keep(to, transfer, bytes) {
                Ok(()) => frame::join(&ReplyHead::Ok(Body::Parts { transfer, length }), &[]),
                Err(failure) => frame::join(&ReplyHead::Err(failure), &[]),
            }
        }
        (Ok(bytes), _) => frame::join(&ReplyHead::Ok(Body::Here), &bytes),
        (Err(failure), _) => frame::join(&ReplyHead::Err(failure), &[]),
    };
    framed.unwrap_or_else(|error| {
        let failure = ReplyHead::Err(unwritable(&error));
        // A failure made of one short text can always be written.
        frame::join(&failure, &[]).unwrap_or_default()
    })
}
