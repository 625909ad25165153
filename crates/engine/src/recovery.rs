//! Reading operations from the log: when a shard opens, and whenever its end is not certain.

use std::{fs, sync::Arc};

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
    shard::{SavedAlive, Shared},
    state::{Applied, Apply, Live, State},
    view::SegmentCore,
};

/// Bytes of records that are read at once.
const READ_BYTES: usize = 4 << 20;

/// What a folder holds.
pub(crate) struct Restored {
    pub(crate) folder: Arc<Folder>,
    pub(crate) state: State,
    pub(crate) manifest: Manifest,
    pub(crate) saved: Vec<SavedAlive>,
    pub(crate) alive_files: u64,
}

/// Reads the manifest and opens its segments.
pub(crate) fn restore(config: &ShardConfig) -> Result<Restored, EngineError> {
    let dir = &config.dir;
    fs::create_dir_all(dir).map_err(EngineError::io(format!("creating [{}]", dir.display())))?;
    let manifest = Manifest::read(dir)?;
    sweep(dir, &manifest)?;
    let folder = Folder::new(dir.clone());
    let fields = Arc::new(Fields::new(manifest.fields.clone().into())?);
    let mut live = Vec::with_capacity(manifest.segments.len());
    let mut saved = Vec::with_capacity(manifest.segments.len());
    if !manifest.segments.is_empty() {
        let opener = Opener::new(&folder, &fields)?;
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
        ),
        folder,
        saved,
        alive_files: alive_files.unwrap_or(0),
        manifest,
    })
}

impl Shared {
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
