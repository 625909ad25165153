//! Everything that touches those parts of Tantivy that are hidden from its documentation or may change with a version:
//! writing one segment without an `IndexWriter`, opening it, and merging segments. The tests at the bottom are meant to
//! fail on an upgrade that breaks an assumption.
//!
//! Assumptions: documents get ids in the order they are added; a merge concatenates the living documents of its sources
//! in order; a segment written with a shorter list of fields can be opened with a longer one, and merges as soon as its
//! norms are padded.

use std::sync::{Arc, LazyLock};

use tantivy::{
    DocId, Index, IndexSettings, ReloadPolicy, Searcher, SegmentReader,
    directory::RamDirectory,
    fieldnorm::FieldNormsSerializer,
    index::{SegmentComponent, SegmentId},
    indexer::{AddOperation, SegmentWriter, merge_filtered_segments},
    schema::Schema,
    store::Compressor,
    tokenizer::{RawTokenizer, TokenizerManager},
};

use crate::{
    EngineError,
    alive::Alive,
    directory::{Brake, Folder, MEMORY_LIMIT, SegmentDirectory},
    document::Incoming,
    fields::{FieldNumber, Fields, tantivy_field},
    tokens::{REPLAY_TOKENIZER, ReplayTokenizer},
};

/// Segments have at most about this many documents, which bounds what can't be interrupted.
pub(crate) const MAX_DOCS: u32 = 2_000_000;

static TOKENIZERS: LazyLock<TokenizerManager> = LazyLock::new(|| {
    let manager = TokenizerManager::new();
    manager.register("raw", RawTokenizer::default());
    manager.register("default", RawTokenizer::default());
    manager.register(REPLAY_TOKENIZER, ReplayTokenizer::default());
    manager
});

fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::Lz4,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

/// A handle through which segments with this schema are written or opened.
fn index(directory: SegmentDirectory, schema: Schema) -> Result<Index, EngineError> {
    let mut index = Index::create(directory, schema, settings())?;
    index.set_tokenizers(TOKENIZERS.clone());
    Ok(index)
}

pub(crate) fn empty_searcher(schema: Schema) -> Result<Searcher, EngineError> {
    let index = Index::create(RamDirectory::create(), schema, settings())?;
    let reader = index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .try_into()?;
    Ok(reader.searcher())
}

/// Identity and size of a finished segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentFacts {
    pub(crate) id: SegmentId,
    pub(crate) max_doc: u32,
    /// Length of the list of fields it was written with.
    pub(crate) fields: u32,
}

/// Writes one segment.
pub(crate) struct SegmentBuilder {
    writer: SegmentWriter,
    id: SegmentId,
    fields: Arc<Fields>,
}

impl SegmentBuilder {
    /// Starts a segment. The memory it takes grows with what is added, from about 0.3 MB.
    pub(crate) fn new(folder: &Arc<Folder>, fields: &Arc<Fields>) -> Result<Self, EngineError> {
        /// Decides the first size of the hash table of terms only, which grows anyway but has to be zeroed.
        const BUDGET: usize = 1 << 20;
        let directory = SegmentDirectory::new(folder.clone(), MEMORY_LIMIT);
        let segment = index(directory, fields.schema().clone())?.new_segment();
        Ok(Self {
            id: segment.id(),
            writer: SegmentWriter::for_segment(BUDGET, segment)?,
            fields: fields.clone(),
        })
    }

    /// Adds a document, whose id in the segment is the number of those added before.
    pub(crate) fn add(&mut self, document: Incoming) -> Result<DocId, EngineError> {
        let doc = self.writer.max_doc();
        self.writer.add_document(AddOperation {
            opstamp: document.seq_no,
            document,
        })?;
        Ok(doc)
    }

    pub(crate) fn docs(&self) -> u32 {
        self.writer.max_doc()
    }

    /// Bytes of memory in use, about.
    pub(crate) fn memory(&self) -> usize {
        self.writer.mem_usage()
    }

    pub(crate) fn fields(&self) -> &Arc<Fields> {
        &self.fields
    }

    pub(crate) fn id(&self) -> SegmentId {
        self.id
    }

    /// Writes the segment's files, without fsync.
    pub(crate) fn finish(self) -> Result<SegmentFacts, EngineError> {
        let facts = SegmentFacts {
            id: self.id,
            max_doc: self.writer.max_doc(),
            fields: u32::try_from(self.fields.len()).unwrap_or(u32::MAX),
        };
        self.writer.finalize()?;
        Ok(facts)
    }
}

/// Opens segments of one folder with one list of fields.
pub(crate) struct Opener {
    index: Index,
}

impl Opener {
    pub(crate) fn new(folder: &Arc<Folder>, fields: &Fields) -> Result<Self, EngineError> {
        let directory = SegmentDirectory::new(folder.clone(), 0);
        Ok(Self {
            index: index(directory, fields.schema().clone())?,
        })
    }

    pub(crate) fn open(
        &self,
        facts: &SegmentFacts,
        alive: &Alive,
    ) -> Result<SegmentReader, EngineError> {
        let meta = self.index.new_segment_meta(facts.id, facts.max_doc);
        let segment = self.index.segment(meta);
        Ok(SegmentReader::open_with_custom_alive_set(
            &segment,
            alive.to_tantivy(),
        )?)
    }
}

/// Merges the living documents of the sources, in order, into a new segment. Stops where the brake says so; what was
/// written until then is removed.
pub(crate) fn merge(
    folder: &Arc<Folder>,
    fields: &Fields,
    sources: &[(SegmentFacts, Alive)],
    brake: &Arc<Brake>,
) -> Result<SegmentFacts, EngineError> {
    let input = SegmentDirectory::new(folder.clone(), 0).with_overlay();
    let index = index(input, fields.schema().clone())?;
    let mut segments = Vec::with_capacity(sources.len());
    for (facts, _) in sources {
        let segment = index.segment(index.new_segment_meta(facts.id, facts.max_doc));
        pad_norms(&segment, facts, fields)?;
        segments.push(segment);
    }
    let alive = sources
        .iter()
        .map(|(_, alive)| alive.to_tantivy())
        .collect();
    let output = SegmentDirectory::new(folder.clone(), MEMORY_LIMIT).with_brake(brake.clone());
    let merged = merge_filtered_segments(&segments, settings(), alive, output.clone());
    let facts = merged.and_then(|merged| {
        let metas = merged.searchable_segment_metas()?;
        Ok(metas.first().map(|meta| SegmentFacts {
            id: meta.id(),
            max_doc: meta.max_doc(),
            fields: u32::try_from(fields.len()).unwrap_or(u32::MAX),
        }))
    });
    match facts {
        Ok(Some(facts)) => Ok(facts),
        Ok(None) => Err(EngineError::Segment("a merge gave no segment".into())),
        Err(error) => {
            output.remove_written();
            Err(match brake.stopped() {
                Some(stop) => EngineError::Stopped(stop),
                None => error.into(),
            })
        }
    }
}

/// A segment written before a text field existed has no norms for it, which a merge demands: puts a file of norms that
/// has zeros for the new fields in front of the segment's own.
fn pad_norms(
    segment: &tantivy::Segment,
    facts: &SegmentFacts,
    fields: &Fields,
) -> Result<(), EngineError> {
    let late = fields
        .specs()
        .iter()
        .skip(facts.fields as usize)
        .any(crate::FieldSpec::has_norms);
    if !late {
        return Ok(());
    }
    let reader = SegmentReader::open(segment)?;
    let mut norms = Vec::new();
    for (number, spec) in (0u32..).map(FieldNumber).zip(fields.specs().iter()) {
        if !spec.has_norms() {
            continue;
        }
        let field = tantivy_field(number);
        let bytes = match reader.fieldnorms_readers().get_field(field)? {
            Some(reader) => (0..facts.max_doc)
                .map(|doc| reader.fieldnorm_id(doc))
                .collect(),
            None => vec![0u8; facts.max_doc as usize],
        };
        norms.push((field, bytes));
    }
    let write = segment
        .open_write(SegmentComponent::FieldNorms)
        .map_err(|error| EngineError::Segment(error.to_string()))?;
    let failed = EngineError::io("padding norms");
    let written = (|| {
        let mut serializer = FieldNormsSerializer::from_write(write)?;
        for (field, bytes) in &norms {
            serializer.serialize_field(*field, bytes)?;
        }
        serializer.close()
    })();
    written.map_err(failed)
}
