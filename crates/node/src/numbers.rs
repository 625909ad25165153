//! Reserves task numbers durably, a block at a time: no number is given out twice, restarts included.

use bytes::Bytes;
use glasswork_substrate::{Kv, KvError, Revision};
use glasswork_tasks::{BLOCK, BlockError, NodeId, Registry};
use std::sync::Arc;

/// Why no block could be reserved.
#[derive(Debug, thiserror::Error)]
pub enum NumbersError {
    /// The store did not take the reservation.
    #[error("task numbers can't be reserved: {0}")]
    Kv(#[from] KvError),
    /// The store holds something else.
    #[error("key [{0}] holds no number")]
    NotANumber(String),
    /// The registry did not take the block.
    #[error(transparent)]
    Block(#[from] BlockError),
}

/// Reserves the next block for the tasks of `node` and hands it to `registry`. The first begins at 1. Answers the
/// change that this was.
pub(crate) async fn reserve(
    kv: &Arc<dyn Kv>,
    node: &NodeId,
    registry: &Registry,
) -> Result<Revision, NumbersError> {
    let key = format!("numbers/{node}");
    loop {
        let current = kv.get(&key).await?;
        let begin = match &current {
            Some(entry) => {
                number(&entry.value).ok_or_else(|| NumbersError::NotANumber(key.clone()))?
            }
            None => 1,
        };
        let end = begin + BLOCK;
        let value = Bytes::from(end.to_string());
        let kept = match current {
            Some(entry) => kv.compare_and_set(&key, entry.revision, value).await,
            None => kv.create(&key, value).await,
        };
        match kept {
            Ok(revision) => {
                registry.hand_in_numbers(begin..end)?;
                return Ok(revision);
            }
            // Somebody else moved the key, or it is unknown whether we did: what lies there now decides.
            Err(KvError::Conflict { .. } | KvError::Unknown(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn number(value: &Bytes) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
