//! Children on other nodes, as far as they concern this one: each is a hold on its parent until it is known to have ended.

use std::sync::Arc;

use crate::{
    NodeId, StartError, Task,
    body::{self, Body},
    life::Purpose,
};

impl Task {
    /// A child of it begins on `node`; it lives until the answer is dropped, which must happen when the child's reply is
    /// there, when its deadline has passed, or when the node is lost.
    ///
    /// # Errors
    /// It was cancelled or has ended.
    pub fn remote_child(&self, node: NodeId) -> Result<RemoteChild, StartError> {
        self.remote_child_for(node, Purpose::Working)
    }

    /// The same for a child that clears up.
    ///
    /// # Errors
    /// It has ended.
    pub fn remote_closing_child(&self, node: NodeId) -> Result<RemoteChild, StartError> {
        self.remote_child_for(node, Purpose::Closing)
    }

    fn remote_child_for(&self, node: NodeId, purpose: Purpose) -> Result<RemoteChild, StartError> {
        let mut rare = self.body().extra().rare.lock();
        // Under the same lock a cancel collects the nodes: it comes before, and refuses, or after, and finds this one.
        if self.body().life.attach(purpose).is_err() {
            drop(rare);
            return Err(StartError::ParentCancelled(self.body().ban_reason()));
        }
        match rare.remote.iter_mut().find(|(known, _)| *known == node) {
            Some((_, count)) => *count += 1,
            None => rare.remote.push((node.clone(), 1)),
        }
        drop(rare);
        Ok(RemoteChild {
            body: Some(Arc::clone(self.body())),
            node,
        })
    }
}

/// A child of a task here that runs on another node. Dropped = it has ended, or is given up.
#[must_use = "the child counts as ended when this is dropped"]
pub struct RemoteChild {
    body: Option<Arc<Body>>,
    node: NodeId,
}

impl RemoteChild {
    /// The node that it runs on.
    #[must_use]
    pub fn node(&self) -> &NodeId {
        &self.node
    }
}

impl Drop for RemoteChild {
    fn drop(&mut self) {
        let Some(body) = self.body.take() else { return };
        {
            let mut rare = body.extra().rare.lock();
            if let Some(place) = rare.remote.iter().position(|(node, _)| *node == self.node) {
                rare.remote[place].1 -= 1;
                if rare.remote[place].1 == 0 {
                    rare.remote.swap_remove(place);
                }
            }
        }
        body::release(&body);
    }
}
