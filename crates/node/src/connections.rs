//! Counts the connections of clients.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How many connections clients have, and have had.
#[derive(Debug, Default)]
pub struct Connections {
    open: AtomicU64,
    opened: AtomicU64,
}

impl Connections {
    /// Counts one until it is dropped; `None` when `limit` are open.
    #[must_use]
    pub fn open(self: &Arc<Self>, limit: usize) -> Option<OpenConnection> {
        let limit = limit as u64;
        self.open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| {
                (open < limit).then_some(open + 1)
            })
            .ok()?;
        Some(OpenConnection {
            number: self.opened.fetch_add(1, Ordering::Relaxed) + 1,
            connections: Arc::clone(self),
        })
    }

    /// Those that are open.
    pub fn now(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Those that were opened so far.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }
}

/// A connection that is open.
#[derive(Debug)]
pub struct OpenConnection {
    number: u64,
    connections: Arc<Connections>,
}

impl OpenConnection {
    /// Its number, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_open_than_may_be_and_all_are_counted() {
        let connections = Arc::new(Connections::default());
        let first = connections.open(2).unwrap();
        let second = connections.open(2).unwrap();
        assert!(connections.open(2).is_none());
        drop(first);
        let third = connections.open(2).unwrap();
        assert_eq!((second.number(), third.number()), (2, 3));
        assert_eq!((connections.now(), connections.opened()), (2, 3));
    }
}
