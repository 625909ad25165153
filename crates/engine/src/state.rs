//! The state machine that the log drives: which documents there are, in segments and not yet.
//!
//! It is changed by the sequencer (applying operations) and by upkeep (buffers become segments, segments are merged),
//! both under one lock that nobody holds for long.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use glasswork_substrate::RecordNumber;
use tantivy::{DocId, index::SegmentId};

use crate::{
    EngineError,
    alive::Alive,
    directory::Folder,
    document::{Incoming, TypedDocument},
    fields::{FieldSpec, Fields},
    segment::{MAX_DOCS, SegmentBuilder, SegmentFacts},
    versions::{Tombstones, Unwritten, UnwrittenDocuments},
    view::{Segment, SegmentCore},
    write::Present,
};

pub(crate) struct State {
    pub(crate) fields: Arc<Fields>,
    pub(crate) mapping_version: u64,
    folder: Arc<Folder>,
    gc_deletes: Duration,
    buffer: Option<Buffer>,
    /// Full or frozen buffers, oldest first, until they are segments.
    pub(crate) sealed: VecDeque<Buffer>,
    /// Finished segments, oldest documents first.
    pub(crate) live: Vec<Live>,
    pub(crate) tombstones: Tombstones,
    pub(crate) applied: Applied,
    /// The last operation that the manifest has.
    pub(crate) flushed: Option<u64>,
    /// Whether there is something that the present view does not show.
    pub(crate) dirty: bool,
    /// Why the state can't be trusted any more.
    failed: Option<EngineError>,
    /// Tells merges to stop.
    halted: Arc<AtomicBool>,
}

/// How far the log is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// All operations of the records up to this one.
    pub(crate) record: RecordNumber,
    /// All operations up to this one, also those of a record that is being applied.
    pub(crate) seq_no: Option<u64>,
    /// The highest term seen.
    pub(crate) term: u64,
}

impl Applied {
    pub(crate) fn next_seq_no(&self) -> u64 {
        self.seq_no.map_or(0, |seq_no| seq_no + 1)
    }
}

/// Documents on their way into a segment.
pub(crate) struct Buffer {
    pub(crate) id: SegmentId,
    /// `None` while upkeep makes the segment.
    pub(crate) builder: Option<SegmentBuilder>,
    pub(crate) unwritten: UnwrittenDocuments,
    /// Documents that were replaced or deleted since they were added, in that order.
    pub(crate) dead: Vec<DocId>,
    source_bytes: usize,
}

impl Buffer {
    pub(crate) fn memory(&self) -> usize {
        self.source_bytes + self.builder.as_ref().map_or(0, SegmentBuilder::memory)
    }
}

/// A finished segment.
pub(crate) struct Live {
    pub(crate) facts: SegmentFacts,
    pub(crate) core: Arc<SegmentCore>,
    pub(crate) alive: Alive,
    /// How the present view shows it.
    pub(crate) shown: Option<Shown>,
    pub(crate) size: u64,
    /// Whether its files are fsynced.
    pub(crate) durable: bool,
    /// Whether a merge reads it.
    pub(crate) merging: bool,
}

#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) segment: Arc<Segment>,
    pub(crate) alive: Alive,
    pub(crate) fields: Arc<Fields>,
}

/// An operation to apply.
pub(crate) struct Apply {
    pub(crate) id: Box<str>,
    pub(crate) routing: Option<Box<str>>,
    pub(crate) seq_no: u64,
    pub(crate) version: u64,
    pub(crate) primary_term: u64,
    /// Whether a living document has to give way.
    pub(crate) replaces: bool,
    /// The new document; `None` for a delete.
    pub(crate) document: Option<(Bytes, TypedDocument)>,
}

/// Where the present document of an id is.
pub(crate) enum Place<'a> {
    Unwritten(&'a Unwritten),
    Segment(&'a Arc<SegmentCore>, DocId),
}

impl State {
    pub(crate) fn new(
        folder: Arc<Folder>,
        fields: Arc<Fields>,
        mapping_version: u64,
        gc_deletes: Duration,
        live: Vec<Live>,
        applied: Applied,
        halted: Arc<AtomicBool>,
    ) -> Self {
        halted.store(false, Ordering::Relaxed);
        Self {
            fields,
            mapping_version,
            folder,
            gc_deletes,
            buffer: None,
            sealed: VecDeque::new(),
            live,
            tombstones: Tombstones::default(),
            flushed: applied.seq_no,
            applied,
            dirty: true,
            failed: None,
            halted,
        }
    }

    /// # Errors
    /// When an earlier failure left the state incomplete.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Whether the state has to be made again from the manifest and the log.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
            .as_ref()
            .is_some_and(|error| *error != EngineError::Closed)
    }

    /// Remembers a failure after which the state lacks operations that the log has.
    pub(crate) fn fail(&mut self, error: &EngineError) {
        tracing::error!(%error, "shard failed");
        self.halted.store(true, Ordering::Relaxed);
        self.failed.get_or_insert_with(|| error.clone());
    }

    /// Drops everything: the shard is closed.
    pub(crate) fn clear(&mut self) {
        self.halted.store(true, Ordering::Relaxed);
        self.failed = Some(EngineError::Closed);
        self.buffer = None;
        self.sealed.clear();
        self.live.clear();
        self.tombstones = Tombstones::default();
    }

    /// Takes over the fields of a later mapping version.
    pub(crate) fn extend_fields(
        &mut self,
        specs: Arc<[FieldSpec]>,
        mapping_version: u64,
    ) -> Result<(), EngineError> {
        if self.fields.specs().starts_with(&specs) {
            // Nothing new, or an older version than the one known already.
            self.mapping_version = self.mapping_version.max(mapping_version);
            return Ok(());
        }
        if !self.fields.is_prefix_of(&specs) {
            return Err(EngineError::Fields(format!(
                "mapping version {mapping_version} does not extend the {} fields known",
                self.fields.len()
            )));
        }
        self.fields = Arc::new(Fields::new(specs)?);
        self.dirty = true;
        self.mapping_version = self.mapping_version.max(mapping_version);
        Ok(())
    }

    /// The living document of an id.
    pub(crate) fn find(&self, id: &str) -> Result<Option<Place<'_>>, EngineError> {
        for buffer in self.buffer.iter().chain(self.sealed.iter().rev()) {
            if let Some(unwritten) = buffer.unwritten.get(id) {
                return Ok(Some(Place::Unwritten(unwritten)));
            }
        }
        for live in self.live.iter().rev() {
            if let Some(doc) = live.core.find(id, |doc| live.alive.contains(doc))? {
                return Ok(Some(Place::Segment(&live.core, doc)));
            }
        }
        Ok(None)
    }

    /// What a write of this id has to reckon with.
    pub(crate) fn present(&self, id: &str) -> Result<Option<Present>, EngineError> {
        if let Some(deleted) = self.tombstones.present(id, self.gc_deletes) {
            return Ok(Some(deleted));
        }
        Ok(self.find(id)?.map(|place| match place {
            Place::Unwritten(unwritten) => unwritten.present(),
            Place::Segment(core, doc) => core.present(doc),
        }))
    }

    /// Applies the operation after the last one applied.
    pub(crate) fn apply(&mut self, operation: Apply) -> Result<(), EngineError> {
        if operation.replaces {
            self.kill(&operation.id)?;
        }
        let seq_no = operation.seq_no;
        match operation.document {
            Some((source, document)) => {
                self.tombstones.remove(&operation.id);
                self.add(Incoming {
                    id: operation.id,
                    routing: operation.routing,
                    seq_no,
                    version: operation.version,
                    primary_term: operation.primary_term,
                    source,
                    document,
                })?;
            }
            None => self.tombstones.insert(
                operation.id,
                seq_no,
                operation.version,
                operation.primary_term,
            ),
        }
        self.applied.seq_no = Some(seq_no);
        self.dirty = true;
        Ok(())
    }

    fn add(&mut self, incoming: Incoming) -> Result<(), EngineError> {
        let needs = incoming
            .document
            .highest_field()
            .map_or(0, |field| field.0 as usize + 1);
        let fits = self.buffer.as_ref().is_some_and(|buffer| {
            buffer
                .builder
                .as_ref()
                .is_some_and(|builder| builder.fields().len() >= needs && builder.docs() < MAX_DOCS)
        });
        if !fits {
            self.seal();
        }
        let buffer = match &mut self.buffer {
            Some(buffer) => buffer,
            empty => {
                let builder = SegmentBuilder::new(&self.folder, &self.fields)?;
                empty.insert(Buffer {
                    id: builder.id(),
                    builder: Some(builder),
                    unwritten: UnwrittenDocuments::default(),
                    dead: Vec::new(),
                    source_bytes: 0,
                })
            }
        };
        let Some(builder) = &mut buffer.builder else {
            return Err(EngineError::Segment("buffer without a builder".into()));
        };
        let id = incoming.id.clone();
        let unwritten = Unwritten {
            doc: builder.docs(),
            seq_no: incoming.seq_no,
            version: incoming.version,
            primary_term: incoming.primary_term,
            routing: incoming.routing.clone(),
            source: incoming.source.clone(),
        };
        buffer.source_bytes += incoming.source.len();
        builder.add(incoming)?;
        buffer.unwritten.insert(id, unwritten);
        Ok(())
    }

    /// Marks the living document of an id as dead.
    fn kill(&mut self, id: &str) -> Result<(), EngineError> {
        for buffer in self.buffer.iter_mut().chain(self.sealed.iter_mut().rev()) {
            if let Some(unwritten) = buffer.unwritten.remove(id) {
                buffer.dead.push(unwritten.doc);
                return Ok(());
            }
        }
        for live in self.live.iter_mut().rev() {
            if let Some(doc) = live.core.find(id, |doc| live.alive.contains(doc))? {
                live.alive.remove(doc);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Ends the present buffer: what comes next goes into a new one.
    pub(crate) fn seal(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.sealed.push_back(buffer);
        }
    }

    /// Bytes of memory of the present buffer.
    pub(crate) fn buffer_memory(&self) -> usize {
        self.buffer.as_ref().map_or(0, Buffer::memory)
    }

    /// Bytes of memory of all buffers.
    pub(crate) fn memory(&self) -> usize {
        self.buffer_memory() + self.sealed.iter().map(Buffer::memory).sum::<usize>()
    }

    /// The segments and buffers of this instant with their living documents.
    pub(crate) fn snapshot(&self) -> Vec<(SegmentId, Instant)> {
        let live = self
            .live
            .iter()
            .map(|live| (live.facts.id, Instant::Alive(live.alive.clone())));
        let sealed = self
            .sealed
            .iter()
            .map(|buffer| (buffer.id, Instant::Dead(buffer.dead.clone())));
        live.chain(sealed).collect()
    }
}

/// Which documents of a segment are alive at an instant.
pub(crate) enum Instant {
    Alive(Alive),
    /// Of a buffer that is no segment yet, whose size is not known.
    Dead(Vec<DocId>),
}

impl Instant {
    pub(crate) fn alive(self, max_doc: u32) -> Alive {
        match self {
            Self::Alive(alive) => alive,
            Self::Dead(dead) => Alive::without(max_doc, &dead),
        }
    }
}
