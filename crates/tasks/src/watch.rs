//! Waiting for something to become true of a task, without polling.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use crate::{Task, body::Body, life::Word};

/// Ready when something is true of a task's life.
pub(crate) struct Watch {
    body: Arc<Body>,
    until: fn(Word) -> bool,
    key: Option<u64>,
}

impl Watch {
    pub(crate) fn new(task: &Task, until: fn(Word) -> bool) -> Self {
        Self {
            body: Arc::clone(task.body()),
            until,
            key: None,
        }
    }
}

impl Future for Watch {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if (self.until)(self.body.life.word()) {
            return Poll::Ready(());
        }
        let body = Arc::clone(&self.body);
        {
            let mut rare = body.extra().rare.lock();
            let key = self.key.unwrap_or_else(|| rare.key());
            self.key = Some(key);
            match rare.wakers.iter_mut().find(|(known, _)| *known == key) {
                Some((_, waker)) => waker.clone_from(context.waker()),
                None => rare.wakers.push((key, context.waker().clone())),
            }
        }
        // What changed before this mark is in the word; what changes after it wakes.
        if (self.until)(body.life.watch()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.body
                .extra()
                .rare
                .lock()
                .wakers
                .retain(|(known, _)| *known != key);
        }
    }
}
