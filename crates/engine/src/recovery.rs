//! Reading operations from the log: when a shard opens, and whenever its end is not certain.

use std::{
    fs,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use glasswork_substrate::RecordNumber;

use crate::{
    EngineError, ShardConfig,
    alive::Alive,
    directory::Folder,
    fields::Fields,
    manifest::{Manifest, alive_file, read_alive, sweep},
    queue::Tail,
    record::{Assembler, Logged, Record},
    segment::Opener,
    shard::{Gate, Shared},
    state::{Applied, Apply, Live, State},
    view::SegmentCore,
};

/// A merge of a shard that has failed stops within this.
const MERGE_ENDS: Duration = Duration::from_millis(500);

/// Bytes of records that are read at once.
const READ_BYTES: usize = 4 << 20;

/// What a folder holds.
pub(crate) struct Restored {
    pub(crate) state: State,
    pub(crate) gate: Gate,
}

/// Reads the manifest and opens its segments.
pub(crate) fn restore(
    config: &ShardConfig,
    folder: &Arc<Folder>,
    halted: &Arc<AtomicBool>,
) -> Result<Restored, EngineError> {
    let dir = &config.dir;
    fs::create_dir_all(dir).map_err(EngineError::io(format!("creating [{}]", dir.display())))?;
    let manifest = Manifest::read(dir)?;
    sweep(dir, &manifest)?;
    let fields = Arc::new(Fields::new(manifest.fields.clone().into())?);
    let mut live = Vec::with_capacity(manifest.segments.len());
    let mut saved = Vec::with_capacity(manifest.segments.len());
    if !manifest.segments.is_empty() {
        let opener = Opener::new(folder, &fields)?;
        for segment in &manifest.segments {
            let facts = segment.facts()?;
            let reader = opener.open(&facts, &Alive::all(facts.max_doc))?;
            let alive = match segment.alive {
                Some(number) => read_alive(dir, &alive_file(facts.id, number), facts.max_doc)?,
                None => Alive::all(facts.max_doc),
            };
            saved.push((facts.id, alive.clone(), segment.alive));
            live.push(Live {
                facts,
                core: Arc::new(SegmentCore::new(facts, &reader)?),
                alive,
                shown: None,
                size: folder.size(facts.id),
                durable: true,
                merging: false,
            });
        }
    }
    let applied = Applied {
        record: RecordNumber(manifest.record),
        seq_no: manifest.seq_no,
        term: manifest.term,
    };
    let alive_files = manifest.segments.iter().filter_map(|s| s.alive).max();
    Ok(Restored {
        state: State::new(
            folder.clone(),
            fields,
            manifest.mapping_version,
            config.gc_deletes,
            live,
            applied,
            halted.clone(),
        ),
        gate: Gate {
            manifest,
            saved,
            alive_files: alive_files.unwrap_or(0),
            retired: Vec::new(),
        },
    })
}

impl Shared {
    /// Begins again from the manifest and the log if the state was lost by a failure: of the disk, of a sync, a panic.
    /// The present view stays until the new one is made.
    pub(crate) async fn recover(&self, tail: &mut Tail) -> Result<(), EngineError> {
        if !self.state.lock().has_failed() {
            return Ok(());
        }
        {
            let Some(_merging) = self.merging.try_lock_for(MERGE_ENDS) else {
                return Err(EngineError::Unavailable("a merge is ending".into()));
            };
            let mut gate = self.gate.lock();
            self.folder.forget();
            let restored = restore(&self.config, &self.folder, &self.halted)?;
            tail.last = restored.state.applied.record;
            tail.uncertain = true;
            *gate = restored.gate;
            let mut state = self.state.lock();
            if self.is_closed() {
                state.clear();
                return Err(EngineError::Closed);
            }
            *state = restored.state;
        }
        tracing::info!(folder = %self.folder.path().display(), "shard begins again from its manifest");
        self.catch_up(tail).await?;
        self.refresh()?;
        Ok(())
    }

    /// Applies what the log has after the tail, until its end.
    ///
    /// # Errors
    /// [`EngineError::Fenced`] when a primary of a later term writes there.
    pub(crate) async fn catch_up(&self, tail: &mut Tail) -> Result<(), EngineError> {
        let mut assembler = Assembler::new(self.state.lock().applied.term);
        let mut from = self.state.lock().applied.record.next();
        loop {
            let batch = self.config.log.read(from, READ_BYTES).await?;
            if batch.end.next() < from {
                return Err(EngineError::Damaged(format!(
                    "log ends at record {}, but record {} was applied",
                    batch.end,
                    from.0 - 1
                )));
            }
            let Some((last, _)) = batch.records.last() else {
                break;
            };
            let last = *last;
            for (number, bytes) in batch.records {
                let record = Record::parse(&bytes)?;
                let author = record.author;
                let own = author.writer == self.writer;
                if author.term > self.config.primary_term
                    || !own && author.term == self.config.primary_term && tail.barrier
                {
                    return Err(EngineError::Fenced { term: author.term });
                }
                if own {
                    tail.barrier = true;
                    tail.counter = tail.counter.max(author.counter + 1);
                }
                let operations = assembler.accept(record)?;
                self.replay(author.term, operations).await?;
                // A series is only complete with its last part: until then it must be read again.
                let mut state = self.state.lock();
                state.applied.term = assembler.term();
                if assembler.is_between_series() {
                    state.applied.record = number;
                }
                drop(state);
                self.count_appended(bytes.len());
                self.seal_when_full()?;
            }
            tail.last = last;
            from = last.next();
            if last >= batch.end {
                break;
            }
        }
        tail.last = tail.last.max(RecordNumber(from.0 - 1));
        tail.uncertain = false;
        Ok(())
    }

    async fn replay(
        &self,
        term: u64,
        operations: Vec<Logged<Box<str>>>,
    ) -> Result<(), EngineError> {
        for operation in operations {
            let known = {
                let state = self.state.lock();
                state.check()?;
                if state
                    .applied
                    .seq_no
                    .is_some_and(|applied| operation.seq_no <= applied)
                {
                    continue;
                }
                state.mapping_version
            };
            if operation.mapping_version > known {
                self.learn(operation.mapping_version).await?;
            }
            let document = match operation.source {
                None => None,
                Some(source) => {
                    let document = self
                        .config
                        .interpreter
                        .document(
                            &operation.id,
                            operation.routing.as_deref(),
                            &source,
                            operation.mapping_version,
                        )
                        .map_err(EngineError::interpreter)?;
                    Some((source, document))
                }
            };
            let _guard = self.fail_on_panic();
            let mut state = self.state.lock();
            let applied = state.apply(Apply {
                id: operation.id,
                routing: operation.routing,
                seq_no: operation.seq_no,
                version: operation.version,
                primary_term: term,
                replaces: operation.replaces,
                document,
            });
            if let Err(error) = &applied {
                state.fail(error);
            }
            applied?;
        }
        Ok(())
    }

    /// Waits for a mapping version that the log names.
    async fn learn(&self, mapping_version: u64) -> Result<(), EngineError> {
        let interpreter = &self.config.interpreter;
        interpreter
            .known(mapping_version)
            .await
            .map_err(EngineError::interpreter)?;
        let specs = interpreter
            .fields(mapping_version)
            .map_err(EngineError::interpreter)?;
        self.state.lock().extend_fields(specs, mapping_version)
    }
}
