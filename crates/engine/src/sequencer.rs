//! Deciding, appending and applying a group of writes.
//!
//! Versions are decided in the order of the group, then the operations go to the log record by record; each record is
//! applied while the next one is on its way. What the log does not take is not applied, and what it may have taken is
//! read back from it before anything else is written.

use std::{future::poll_fn, ops::Range, task::Poll, time::Duration};

use bytes::Bytes;
use glasswork_substrate::{Appended, RecordNumber};
use hashbrown::HashMap;

use crate::{
    EngineError,
    fields::{FieldKind, FieldSpec},
    queue::Tail,
    record::{Author, Encoded, Encoder, Logged, MAX_OPERATION_BYTES},
    shard::Shared,
    state::{Apply, State},
    write::{Operation, Present, Write, WriteFailure, WriteResult, Written, decide},
};

/// Operations that are decided or applied before others may take the state's lock.
const LOCK_TURN: usize = 64;
/// How often a record is sent again whose fate is unknown.
const RESENDS: u32 = 3;
/// How often a group is decided again because somebody else's record came first.
const ATTEMPTS: u32 = 4;

/// A decided write.
struct Decided {
    /// Its place in the group.
    index: usize,
    written: Written,
    replaces: bool,
}

type Outcome = Option<Result<Written, WriteFailure>>;

/// A group on its way.
struct Progress {
    writes: Vec<Write>,
    outcomes: Vec<Outcome>,
}

impl Progress {
    /// Answers all that is open with an error.
    fn give_up(&mut self, error: &EngineError) {
        for (write, outcome) in self.writes.iter().zip(&mut self.outcomes) {
            outcome.get_or_insert_with(|| {
                Err(WriteFailure::NotWritten {
                    id: write.id.clone(),
                    error: error.clone(),
                })
            });
        }
    }
}

impl Shared {
    /// Writes a group. The tail is certain afterwards, or says that it is not.
    pub(crate) async fn write_group(
        &self,
        tail: &mut Tail,
        writes: Vec<Write>,
    ) -> Vec<Result<Written, WriteFailure>> {
        let mut progress = Progress {
            outcomes: vec![None; writes.len()],
            writes,
        };
        if let Err(error) = self.try_group(tail, &mut progress).await {
            progress.give_up(&error);
        }
        let Progress { writes, outcomes } = progress;
        writes
            .into_iter()
            .zip(outcomes)
            .map(|(write, outcome)| {
                outcome.unwrap_or(Err(WriteFailure::NotWritten {
                    id: write.id,
                    error: EngineError::Unknown,
                }))
            })
            .collect()
    }

    async fn try_group(&self, tail: &mut Tail, progress: &mut Progress) -> Result<(), EngineError> {
        for _ in 0..ATTEMPTS {
            self.check_open()?;
            self.recover(tail).await?;
            if tail.uncertain {
                self.catch_up(tail).await?;
            }
            self.learn_fields(&progress.writes)?;
            let decided = self.decide_group(progress)?;
            if decided.is_empty() {
                return Ok(());
            }
            match self.append_group(tail, progress, decided).await {
                // Somebody's record came first: it is read, and what is open is decided again.
                Err(EngineError::Unavailable(_)) if tail.uncertain && !self.is_closed() => {}
                result => return result,
            }
        }
        Err(EngineError::Unavailable(
            "other records keep coming first".into(),
        ))
    }

    /// Makes the fields of the group's mapping versions known.
    fn learn_fields(&self, writes: &[Write]) -> Result<(), EngineError> {
        let Some(newest) = writes.iter().map(|write| write.mapping_version).max() else {
            return Ok(());
        };
        if newest <= self.state.lock().mapping_version {
            return Ok(());
        }
        let specs = self
            .config
            .interpreter
            .fields(newest)
            .map_err(EngineError::interpreter)?;
        self.state.lock().extend_fields(specs, newest)
    }

    /// Decides what is open, in order.
    fn decide_group(&self, progress: &mut Progress) -> Result<Vec<Decided>, EngineError> {
        let Progress { writes, outcomes } = progress;
        let single = writes.len() == 1;
        let mut decided: Vec<Decided> = Vec::with_capacity(writes.len());
        // What the operations before in this group make of an id.
        let mut ahead: HashMap<&str, Present> = HashMap::with_capacity(writes.len());
        let mut next_seq_no = None;
        for (turn, chunk) in writes.chunks(LOCK_TURN).enumerate() {
            let state = self.state.lock();
            state.check()?;
            let seq_no = next_seq_no.get_or_insert_with(|| state.applied.next_seq_no());
            for (offset, write) in chunk.iter().enumerate() {
                let index = turn * LOCK_TURN + offset;
                if outcomes[index].is_some() {
                    continue;
                }
                match self.decide_one(&state, &ahead, write, *seq_no)? {
                    Err(failure) => outcomes[index] = Some(Err(failure)),
                    Ok(one) => {
                        if !single {
                            ahead.insert(&write.id, present_after(&one.0));
                        }
                        *seq_no += 1;
                        decided.push(Decided {
                            index,
                            written: one.0,
                            replaces: one.1,
                        });
                    }
                }
            }
        }
        Ok(decided)
    }

    /// Decides one write: what it is to become, and whether a living document gives way.
    fn decide_one(
        &self,
        state: &State,
        ahead: &HashMap<&str, Present>,
        write: &Write,
        seq_no: u64,
    ) -> Result<Result<(Written, bool), WriteFailure>, EngineError> {
        if write.size() > MAX_OPERATION_BYTES {
            return Ok(Err(WriteFailure::TooLarge {
                id: write.id.clone(),
                bytes: write.size(),
                limit: MAX_OPERATION_BYTES,
            }));
        }
        let mut is_new = false;
        if let Operation::Index {
            document, auto_id, ..
        } = &write.operation
        {
            is_new = *auto_id;
            let specs = state.fields.specs();
            let fits = document.values().iter().all(|(number, value)| {
                specs
                    .get(number.0 as usize)
                    .is_some_and(|spec| value.fits(spec))
            });
            if !fits {
                return Ok(Err(WriteFailure::Fields {
                    id: write.id.clone(),
                    mapping_version: write.mapping_version,
                }));
            }
        }
        let present = if is_new {
            None
        } else if let Some(present) = ahead.get(&*write.id) {
            Some(*present)
        } else {
            state.present(&write.id)?
        };
        let decision = decide(&write.operation, write.condition, write.versioning, present);
        Ok(match decision {
            Err(conflict) => Err(WriteFailure::VersionConflict {
                id: write.id.clone(),
                conflict,
            }),
            Ok((version, result)) => Ok((
                Written {
                    seq_no,
                    primary_term: self.config.primary_term,
                    version,
                    result,
                },
                matches!(result, WriteResult::Updated | WriteResult::Deleted),
            )),
        })
    }

    /// Appends the decided writes and applies what landed.
    async fn append_group(
        &self,
        tail: &mut Tail,
        progress: &mut Progress,
        decided: Vec<Decided>,
    ) -> Result<(), EngineError> {
        let records = self.encode(tail, &progress.writes, &decided);
        let mut landed: Option<(RecordNumber, Range<usize>)> = None;
        for record in records {
            // Should this future be dropped, the next leader reads from the log what came of the append.
            tail.uncertain = true;
            let mut append = self.config.log.append(tail.last, record.bytes.clone());
            let started = poll_fn(|context| Poll::Ready(append.as_mut().poll(context))).await;
            if let Some((number, range)) = landed.take() {
                self.apply_decided(number, &decided[range], progress)?;
            }
            let answer = match started {
                Poll::Ready(answer) => answer,
                Poll::Pending => append.await,
            };
            let number = self.settle(tail, &record, answer).await?;
            tail.last = number;
            tail.barrier = true;
            tail.counter += 1;
            // A record that completes nothing begins or continues a series, which must be read again from its beginning
            // as long as its end has not landed.
            landed = (!record.completes.is_empty()).then_some((number, record.completes));
            self.count_appended(record.bytes.len());
        }
        if let Some((number, range)) = landed {
            self.apply_decided(number, &decided[range], progress)?;
        }
        Ok(())
    }

    fn encode(&self, tail: &Tail, writes: &[Write], decided: &[Decided]) -> Vec<Encoded> {
        let author = Author {
            term: self.config.primary_term,
            writer: self.writer,
            counter: tail.counter,
        };
        let mut encoder = Encoder::new(author, !tail.barrier);
        for one in decided {
            let write = &writes[one.index];
            encoder.push(&Logged {
                id: &*write.id,
                routing: write.routing.as_deref(),
                seq_no: one.written.seq_no,
                version: one.written.version,
                mapping_version: write.mapping_version,
                replaces: one.replaces,
                source: match &write.operation {
                    Operation::Index { source, .. } => Some(source.clone()),
                    Operation::Delete => None,
                },
            });
        }
        encoder.finish()
    }

    /// Finds out under which number a record landed, or why it did not.
    async fn settle(
        &self,
        tail: &mut Tail,
        record: &Encoded,
        mut answer: Appended,
    ) -> Result<RecordNumber, EngineError> {
        let mut resends = 0;
        loop {
            match answer {
                Appended::Done(number) => {
                    tail.uncertain = false;
                    return Ok(number);
                }
                Appended::Unavailable(reason) if resends == 0 => {
                    tail.uncertain = false;
                    return Err(EngineError::Unavailable(reason));
                }
                Appended::Fenced(_) => {
                    if resends > 0 && self.lies_at(tail.last.next(), &record.bytes).await? {
                        tail.uncertain = true;
                        return Ok(tail.last.next());
                    }
                    return Err(EngineError::Unavailable("another record came first".into()));
                }
                // After a first try of unknown fate, a refusal of the next says nothing about that one.
                _ if resends == RESENDS => return Err(EngineError::Unknown),
                Appended::Unknown | Appended::Unavailable(_) => {
                    resends += 1;
                    tokio::time::sleep(Duration::from_millis(5 << resends)).await;
                    answer = self
                        .config
                        .log
                        .append(tail.last, record.bytes.clone())
                        .await;
                }
            }
        }
    }

    /// Whether this very record is what the log has there.
    async fn lies_at(&self, number: RecordNumber, record: &Bytes) -> Result<bool, EngineError> {
        let batch = self.config.log.read(number, 1).await?;
        Ok(batch
            .records
            .first()
            .is_some_and(|(at, found)| *at == number && found == record))
    }

    /// Applies decided writes whose record landed.
    fn apply_decided(
        &self,
        record: RecordNumber,
        decided: &[Decided],
        progress: &mut Progress,
    ) -> Result<(), EngineError> {
        let _guard = self.fail_on_panic();
        let applied = (|| {
            for chunk in decided.chunks(LOCK_TURN) {
                let mut state = self.state.lock();
                state.check()?;
                for one in chunk {
                    let write = &mut progress.writes[one.index];
                    let document = match &mut write.operation {
                        Operation::Index {
                            source, document, ..
                        } => Some((std::mem::take(source), std::mem::take(document))),
                        Operation::Delete => None,
                    };
                    state.apply(Apply {
                        id: write.id.clone(),
                        routing: write.routing.take(),
                        seq_no: one.written.seq_no,
                        version: one.written.version,
                        primary_term: one.written.primary_term,
                        replaces: one.replaces,
                        document,
                    })?;
                    progress.outcomes[one.index] = Some(Ok(one.written));
                }
            }
            let mut state = self.state.lock();
            state.applied.record = record;
            state.applied.term = state.applied.term.max(self.config.primary_term);
            Ok(())
        })();
        if let Err(error) = &applied {
            // The log has what the state has not.
            self.state.lock().fail(error);
        }
        applied?;
        self.seal_when_full()
    }
}

fn present_after(written: &Written) -> Present {
    Present {
        seq_no: written.seq_no,
        primary_term: written.primary_term,
        version: written.version,
        deleted: matches!(written.result, WriteResult::Deleted | WriteResult::NotFound),
    }
}

impl crate::FieldValue {
    /// Whether the value is of the field's kind.
    fn fits(&self, spec: &FieldSpec) -> bool {
        matches!(
            (self, spec.kind),
            (Self::Text(_), FieldKind::Text { .. })
                | (Self::Keyword(_), FieldKind::Keyword)
                | (Self::I64(_), FieldKind::I64)
                | (Self::U64(_), FieldKind::U64)
                | (Self::F64(_), FieldKind::F64)
                | (Self::Bool(_), FieldKind::Bool)
                | (Self::Ip(_), FieldKind::Ip)
        )
    }
}
