//! Writers that wait, and the right to write for all of them.
//!
//! There is one [`Tail`] a shard: whoever holds it decides and appends. A writer that finds it free takes it, works for
//! the whole waiting group, and passes it on. The tail is passed by value, so that no
//! lock is held across an append, and passes itself on when it is dropped, so that a writer may give up at any point.

use std::{collections::VecDeque, sync::Arc};

use glasswork_substrate::RecordNumber;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{EngineError, Write, WriteFailure, Written};

/// The most operations that are decided as one group, unless one client sends more.
const GROUP_OPERATIONS: usize = 20_000;
/// The most bytes of documents in a group, unless one client sends more.
const GROUP_BYTES: usize = 16 << 20;

/// What became of a client's writes.
pub(crate) type Results = Result<Vec<Result<Written, WriteFailure>>, EngineError>;

/// Where the log ends, as its writer knows.
#[derive(Debug)]
pub(crate) struct Tail {
    /// The last record that is applied.
    pub(crate) last: RecordNumber,
    /// Number of the next record of this writer.
    pub(crate) counter: u64,
    /// Whether the first record of this writer has landed.
    pub(crate) barrier: bool,
    /// Whether there may be records after `last`.
    pub(crate) uncertain: bool,
}

/// The waiting writers of a shard.
pub(crate) struct Queue {
    inner: Mutex<Inner>,
}

struct Inner {
    waiting: VecDeque<Waiting>,
    /// The tail while nobody works.
    tail: Option<Tail>,
}

struct Waiting {
    writes: Vec<Write>,
    turn: oneshot::Sender<Turn>,
}

/// What a waiting writer is told.
enum Turn {
    Answer(Results),
    Lead(Lead),
}

/// The right to write: the tail, and the leader's own writes.
pub(crate) struct Lead {
    tail: Option<Tail>,
    own: Vec<Write>,
    queue: Arc<Queue>,
}

impl Queue {
    pub(crate) fn new(tail: Tail) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner {
                waiting: VecDeque::new(),
                tail: Some(tail),
            }),
        })
    }

    /// Writes by way of whoever leads; `work` does it when that is the caller.
    pub(crate) async fn write(
        self: &Arc<Self>,
        writes: Vec<Write>,
        work: impl AsyncFnOnce(&mut Tail, Vec<Write>) -> Vec<Result<Written, WriteFailure>>,
    ) -> Results {
        let mut lead = match self.enter(writes) {
            Ok(lead) => lead,
            Err(answer) => match answer.await {
                Ok(Turn::Answer(results)) => return results,
                Ok(Turn::Lead(lead)) => lead,
                // The leader gave up in the middle of the group.
                Err(_) => return Err(EngineError::Unknown),
            },
        };
        let own = lead.own.len();
        let (writes, members) = lead.take_group();
        let Some(tail) = &mut lead.tail else {
            return Err(EngineError::Unknown);
        };
        let mut results = work(tail, writes).await.into_iter();
        drop(lead);
        let answer = as_one(results.by_ref().take(own).collect());
        for (turn, count) in members {
            let results = as_one(results.by_ref().take(count).collect());
            // One that no longer waits does not want to know.
            let _gone = turn.send(Turn::Answer(results));
        }
        answer
    }

    /// Takes the lead, or waits in line.
    fn enter(self: &Arc<Self>, writes: Vec<Write>) -> Result<Lead, oneshot::Receiver<Turn>> {
        let mut inner = self.inner.lock();
        if let Some(tail) = inner.tail.take() {
            return Ok(Lead {
                tail: Some(tail),
                own: writes,
                queue: self.clone(),
            });
        }
        let (turn, answer) = oneshot::channel();
        inner.waiting.push_back(Waiting { writes, turn });
        Err(answer)
    }
}

impl Lead {
    /// The leader's own writes and those of the members who wait behind it.
    fn take_group(&mut self) -> (Vec<Write>, Vec<(oneshot::Sender<Turn>, usize)>) {
        let mut writes = std::mem::take(&mut self.own);
        let mut members = Vec::new();
        let mut bytes: usize = writes.iter().map(Write::size).sum();
        let mut inner = self.queue.inner.lock();
        while let Some(next) = inner.waiting.front() {
            bytes += next.writes.iter().map(Write::size).sum::<usize>();
            if writes.len() + next.writes.len() > GROUP_OPERATIONS || bytes > GROUP_BYTES {
                break;
            }
            if let Some(next) = inner.waiting.pop_front() {
                members.push((next.turn, next.writes.len()));
                writes.extend(next.writes);
            }
        }
        (writes, members)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let Some(mut tail) = self.tail.take() else {
            return;
        };
        loop {
            let next = {
                let mut inner = self.queue.inner.lock();
                match inner.waiting.pop_front() {
                    Some(next) => next,
                    None => {
                        inner.tail = Some(tail);
                        return;
                    }
                }
            };
            let lead = Self {
                tail: Some(tail),
                own: next.writes,
                queue: self.queue.clone(),
            };
            match next.turn.send(Turn::Lead(lead)) {
                Ok(()) => return,
                // It no longer waits: its writes have not begun and never will.
                Err(Turn::Lead(mut lead)) => match lead.tail.take() {
                    Some(back) => tail = back,
                    None => return,
                },
                Err(Turn::Answer(_)) => return,
            }
        }
    }
}

/// When nothing at all could be written, says so once.
fn as_one(results: Vec<Result<Written, WriteFailure>>) -> Results {
    let nothing = results
        .iter()
        .all(|result| matches!(result, Err(WriteFailure::NotWritten { .. })));
    if nothing && let Some(Err(WriteFailure::NotWritten { error, .. })) = results.first() {
        return Err(error.clone());
    }
    Ok(results)
}
