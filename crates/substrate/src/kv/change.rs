//! One change of one key, as the stores carry it out.

use std::time::Duration;

use bytes::Bytes;

use super::{KvError, Revision};

/// What must be there for a change to happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    Anything,
    Absent,
    At(Revision),
}

/// A change that is not yet made.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) expect: Expect,
    /// None deletes.
    pub(crate) value: Option<Bytes>,
    /// Time to live of a lease.
    pub(crate) ttl: Option<Duration>,
}

impl Change {
    pub(crate) fn set(key: &str, expect: Expect, value: Bytes) -> Self {
        Self {
            key: key.to_owned(),
            expect,
            value: Some(value),
            ttl: None,
        }
    }

    pub(crate) fn delete(key: &str, expect: Expect) -> Self {
        Self {
            key: key.to_owned(),
            expect,
            value: None,
            ttl: None,
        }
    }

    /// Refuses the change when the key, now at `current`, is not as expected.
    pub(crate) fn check(&self, current: Option<Revision>) -> Result<(), KvError> {
        let as_expected = match self.expect {
            Expect::Anything => true,
            Expect::Absent => current.is_none(),
            Expect::At(expected) => current == Some(expected),
        };
        if as_expected {
            Ok(())
        } else {
            Err(KvError::Conflict {
                key: self.key.clone(),
                current,
            })
        }
    }
}

/// The time to live that a lease gets: whole seconds, at least one.
pub(crate) fn lease_time(asked: Duration) -> Duration {
    let seconds = asked.as_secs() + u64::from(asked.subsec_nanos() > 0);
    Duration::from_secs(seconds.max(1))
}
