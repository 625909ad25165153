//! The bus of a node that is alone: it is the one member, and can ask itself.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use parking_lot::RwLock;
use tokio::sync::{oneshot, watch};

use crate::{
    BoxFuture, Bus, BusError, Handler, Member, Members,
    bus::{Incoming, MAX_MESSAGE_BYTES},
};

pub(super) struct LocalBus {
    node: Arc<str>,
    members: watch::Sender<Arc<[Member]>>,
    handler: RwLock<Option<Arc<dyn Handler>>>,
}

impl LocalBus {
    pub(super) fn new(node: &str) -> Self {
        let node: Arc<str> = node.into();
        let alone: Arc<[Member]> = [Member {
            node: node.clone(),
            about: Bytes::new(),
        }]
        .into();
        Self {
            node,
            members: watch::channel(alone).0,
            handler: RwLock::default(),
        }
    }

    fn handler(&self, to: &str) -> Result<Arc<dyn Handler>, BusError> {
        if to != &*self.node {
            return Err(BusError::Unreachable(to.to_owned()));
        }
        self.handler
            .read()
            .clone()
            .ok_or_else(|| BusError::NoHandler(to.to_owned()))
    }
}

impl Bus for LocalBus {
    fn me(&self) -> Arc<str> {
        self.node.clone()
    }

    fn announce(&self, about: Bytes) {
        let alone: Arc<[Member]> = [Member {
            node: self.node.clone(),
            about,
        }]
        .into();
        self.members.send_if_modified(|members| {
            let changed = *members != alone;
            *members = alone;
            changed
        });
    }

    fn members(&self) -> Arc<[Member]> {
        self.members.borrow().clone()
    }

    fn watch_members(&self) -> Members {
        Members::new(self.members.subscribe())
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
            let handler = self.handler(&to)?;
            let request = Incoming {
                from: self.me(),
                action: action.clone(),
                payload,
            };
            let (reply, replied) = oneshot::channel();
            tokio::spawn(async move {
                // Whoever asked may have given up.
                let _ = reply.send(handler.handle(request).await);
            });
            match tokio::time::timeout(timeout, replied).await {
                Ok(Ok(reply)) if reply.len() > MAX_MESSAGE_BYTES => {
                    Err(BusError::TooLarge { bytes: reply.len() })
                }
                Ok(Ok(reply)) => Ok(reply),
                Ok(Err(_)) => Err(BusError::Lost(to)),
                Err(_) => Err(BusError::TimedOut {
                    node: to,
                    action: action.into_string(),
                    millis: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
                }),
            }
        })
    }

    fn serve(&self, handler: Arc<dyn Handler>) {
        *self.handler.write() = Some(handler);
    }

    fn stop_serving(&self) {
        *self.handler.write() = None;
    }
}
