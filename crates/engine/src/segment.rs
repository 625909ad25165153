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

/// Bytes of stored documents that are compressed together: what has to be decompressed to read one of them.
const STORE_BLOCK: usize = 8 << 10;

fn settings() -> IndexSettings {
    IndexSettings {
        docstore_blocksize: STORE_BLOCK,
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
    /// What Tantivy reserves before the first document and counts as used, though most of it is never touched.
    reserved: usize,
}

impl SegmentBuilder {
    /// Starts a segment. The memory it takes grows with what is added, from about 0.3 MB.
    pub(crate) fn new(folder: &Arc<Folder>, fields: &Arc<Fields>) -> Result<Self, EngineError> {
        /// Decides the first size of the hash table of terms only, which grows anyway but has to be zeroed.
        const BUDGET: usize = 1 << 20;
        let directory = SegmentDirectory::new(folder.clone(), MEMORY_LIMIT);
        let segment = index(directory, fields.schema().clone())?.new_segment();
        let id = segment.id();
        let writer = SegmentWriter::for_segment(BUDGET, segment)?;
        Ok(Self {
            id,
            reserved: writer.mem_usage(),
            writer,
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
        self.writer.mem_usage().saturating_sub(self.reserved)
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use glasswork_tasks::NoCheckpoint;
    use tantivy::{
        DocSet, TERMINATED, Term,
        query::{EnableScoring, PhraseQuery, Query},
    };

    use super::*;
    use crate::{
        FieldKind, FieldSpec, FieldValue, Tokens, TypedDocument, fields::InternalFields,
        view::SegmentCore,
    };

    fn fields(names: &[&str]) -> Arc<Fields> {
        let specs = names
            .iter()
            .map(|name| FieldSpec {
                name: (*name).into(),
                kind: FieldKind::Text {
                    norms: true,
                    positions: true,
                },
                indexed: true,
                fast: false,
            })
            .collect();
        Arc::new(Fields::new(specs).unwrap())
    }

    fn incoming(id: u64, field: u32, words: &str) -> Incoming {
        let mut tokens = Tokens::new();
        for (position, word) in (0..).zip(words.split(' ')) {
            tokens.push(word, position);
        }
        let mut document = TypedDocument::new();
        document.push(FieldNumber(field), FieldValue::Text(tokens));
        Incoming {
            id: format!("id{id}").into(),
            routing: None,
            seq_no: id,
            version: 1,
            primary_term: 1,
            source: Bytes::from(format!("source {id}")),
            document,
        }
    }

    fn write(folder: &Arc<Folder>, fields: &Arc<Fields>, ids: &[u64]) -> SegmentFacts {
        let field = fields.len() as u32 - 1;
        let mut builder = SegmentBuilder::new(folder, fields).unwrap();
        for (doc, id) in (0..).zip(ids) {
            assert_eq!(builder.docs(), doc);
            let added = builder
                .add(incoming(*id, field, "some words of a book"))
                .unwrap();
            assert_eq!(
                added, doc,
                "documents are numbered in the order they are added"
            );
        }
        builder.finish().unwrap()
    }

    #[test]
    fn a_merge_concatenates_the_living_documents_and_pads_late_norms() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().to_owned());
        let (early, late) = (fields(&["title"]), fields(&["title", "body"]));
        let sources = [
            (
                write(&folder, &early, &[10, 11, 12]),
                Alive::without(3, &[1]),
            ),
            (write(&folder, &late, &[20, 21]), Alive::all(2)),
            (write(&folder, &early, &[30]), Alive::without(1, &[0])),
            (write(&folder, &late, &[5, 40]), Alive::without(2, &[1])),
        ];
        let brake = Brake::new(Arc::new(NoCheckpoint), Arc::default(), None);
        let facts = merge(&folder, &late, &sources, &brake).unwrap();
        assert_eq!((facts.max_doc, facts.fields), (5, 2));

        let opener = Opener::new(&folder, &late).unwrap();
        let reader = opener.open(&facts, &Alive::all(5)).unwrap();
        let core = SegmentCore::new(facts, &reader).unwrap();
        let order: Vec<_> = (0..5).map(|doc| core.stored(doc).unwrap().source).collect();
        assert_eq!(
            order,
            [
                "source 10",
                "source 12",
                "source 20",
                "source 21",
                "source 5"
            ]
        );
        assert!(!core.in_order());
        assert_eq!(core.find("id21", |_| true).unwrap(), Some(3));
        assert_eq!(core.find("id11", |_| true).unwrap(), None);

        let norms = |field| {
            let norms = reader
                .get_fieldnorms_reader(tantivy_field(FieldNumber(field)))
                .unwrap();
            (0..5).map(|doc| norms.fieldnorm(doc)).collect::<Vec<_>>()
        };
        assert_eq!(norms(0), [5, 5, 0, 0, 0]);
        assert_eq!(norms(1), [0, 0, 5, 5, 5]);

        let body = tantivy_field(FieldNumber(1));
        let phrase = ["words", "of"]
            .map(|word| Term::from_field_text(body, word))
            .to_vec();
        let searcher = late.searcher().unwrap();
        let weight = PhraseQuery::new(phrase)
            .weight(EnableScoring::disabled_from_searcher(searcher))
            .unwrap();
        let mut scorer = weight.scorer(&reader, 1.0).unwrap();
        let mut found = Vec::new();
        while scorer.doc() != TERMINATED {
            found.push(scorer.doc());
            scorer.advance();
        }
        assert_eq!(found, [2, 3, 4]);
    }

    #[test]
    fn a_segment_opens_with_a_longer_list_of_fields() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().to_owned());
        let facts = write(&folder, &fields(&["title"]), &[1, 2]);
        let late = fields(&["title", "body"]);
        let opener = Opener::new(&folder, &late).unwrap();
        let reader = opener.open(&facts, &Alive::without(2, &[0])).unwrap();
        assert_eq!((reader.num_docs(), reader.num_deleted_docs()), (1, 1));
        let terms = |number| {
            let field = tantivy_field(FieldNumber(number));
            reader.inverted_index(field).unwrap().terms().num_terms()
        };
        assert_eq!((terms(0), terms(1)), (5, 0));
        assert!(reader.fast_fields().u64(InternalFields::SEQ_NO).is_ok());
        assert!(reader.is_deleted(0) && !reader.is_deleted(1));
    }

    #[test]
    fn small_segments_stay_in_memory_until_they_are_persisted() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().to_owned());
        let early = fields(&["title"]);
        let facts = write(&folder, &early, &[1]);
        let files = || std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(files(), 0);
        assert!(folder.memory() > 0);
        let size = folder.size(facts.id);
        folder.persist(facts.id).unwrap();
        folder.release(facts.id);
        assert_eq!(
            (files(), folder.memory(), folder.size(facts.id)),
            (6, 0, size)
        );
        let opener = Opener::new(&folder, &early).unwrap();
        let reader = opener.open(&facts, &Alive::all(1)).unwrap();
        assert_eq!(
            SegmentCore::new(facts, &reader)
                .unwrap()
                .stored(0)
                .unwrap()
                .source,
            "source 1"
        );
        folder.remove(facts.id);
        assert_eq!(files(), 0);
    }
}
