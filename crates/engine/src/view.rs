//! A point-in-time picture of a shard: what searches, scrolls and points in time hold.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tantivy::{
    DocId, DocSet, Searcher, SegmentReader, TERMINATED,
    columnar::Column,
    fastfield::AliveBitSet,
    index::InvertedIndexReader,
    schema::{
        Field, IndexRecordOption,
        document::{
            DeserializeError, DocumentDeserialize, DocumentDeserializer, ValueDeserialize,
            ValueDeserializer, ValueVisitor,
        },
    },
    store::StoreReader,
};

use crate::{
    EngineError, Found,
    derived::Derived,
    fields::{FieldNumber, FieldSpec, Fields, InternalFields, tantivy_field},
    segment::SegmentFacts,
    write::Present,
};

/// Decompressed blocks (8 KB each) of stored documents that a segment keeps.
const STORE_CACHE_BLOCKS: usize = 32;

/// An immutable picture of a shard. Keeping it keeps what it shows.
#[derive(Debug, Clone)]
pub struct View {
    segments: Arc<[Arc<Segment>]>,
    fields: Arc<Fields>,
    max_seq_no: Option<u64>,
    pub(crate) derived: Arc<Derived>,
}

/// What a field's documents are like; deleted documents that were not merged away yet count, as in OpenSearch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldStats {
    /// Documents that have at least one token in the field (or any value, for a field without norms).
    pub doc_count: u64,
    /// Tokens of the field in all documents.
    pub total_tokens: u64,
}

impl View {
    pub(crate) fn new(
        segments: Vec<Arc<Segment>>,
        fields: Arc<Fields>,
        max_seq_no: Option<u64>,
    ) -> Self {
        Self {
            segments: segments.into(),
            fields,
            max_seq_no,
            derived: Arc::default(),
        }
    }

    /// The segments, oldest documents first. A segment's place in this list is its ordinal.
    #[must_use]
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// The fields that were known when the view was made; a field that is not among them is in no document of it.
    #[must_use]
    pub fn fields(&self) -> &Arc<Fields> {
        &self.fields
    }

    /// Finds a field by its full path.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<(FieldNumber, Field, &FieldSpec)> {
        self.fields.find(name)
    }

    /// A searcher over nothing that has the view's schema, for `Query::weight`.
    ///
    /// # Errors
    /// When Tantivy refuses the schema.
    pub fn searcher(&self) -> Result<&Searcher, EngineError> {
        self.fields.searcher()
    }

    /// Statistics of a field over all segments.
    ///
    /// # Errors
    /// When a segment can't be read.
    pub fn field_stats(&self, number: FieldNumber) -> Result<FieldStats, EngineError> {
        let mut sum = FieldStats::default();
        for segment in self.segments.iter() {
            let stats = segment.field_stats(number)?;
            sum.doc_count += stats.doc_count;
            sum.total_tokens += stats.total_tokens;
        }
        Ok(sum)
    }

    /// Documents that are alive.
    #[must_use]
    pub fn doc_count(&self) -> u64 {
        self.segments
            .iter()
            .map(|segment| u64::from(segment.reader.num_docs()))
            .sum()
    }

    /// Documents that are deleted but still take space.
    #[must_use]
    pub fn deleted_count(&self) -> u64 {
        self.segments
            .iter()
            .map(|segment| u64::from(segment.reader.num_deleted_docs()))
            .sum()
    }

    /// Highest `_seq_no` of an operation that the view reflects; `None` when there was none.
    #[must_use]
    pub fn max_seq_no(&self) -> Option<u64> {
        self.max_seq_no
    }

    /// Finds a living document by its id.
    ///
    /// # Errors
    /// When a segment can't be read.
    pub fn find(&self, id: &str) -> Result<Option<(&Arc<Segment>, DocId)>, EngineError> {
        for segment in self.segments.iter().rev() {
            if let Some(doc) = segment.core.find(id, |doc| segment.is_alive(doc))? {
                return Ok(Some((segment, doc)));
            }
        }
        Ok(None)
    }
}

/// One segment as a view sees it.
pub struct Segment {
    /// Tantivy's reader. It knows the deleted documents.
    pub reader: SegmentReader,
    /// The living documents; `None` when all are.
    pub alive: Option<Arc<AliveBitSet>>,
    core: Arc<SegmentCore>,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment")
            .field("id", &self.core.facts.id)
            .field("docs", &self.reader.num_docs())
            .field("deleted", &self.reader.num_deleted_docs())
            .finish()
    }
}

impl Segment {
    pub(crate) fn new(reader: SegmentReader, core: Arc<SegmentCore>) -> Self {
        Self {
            alive: reader.alive_bitset().cloned().map(Arc::new),
            reader,
            core,
        }
    }

    /// Whether a document is alive.
    #[must_use]
    pub fn is_alive(&self, doc: DocId) -> bool {
        self.alive.as_ref().is_none_or(|alive| alive.is_alive(doc))
    }

    /// Whether the field existed when the segment was written: without it there is no column to open.
    #[must_use]
    pub fn has_field(&self, number: FieldNumber) -> bool {
        number.0 < self.core.facts.fields
    }

    /// Statistics of a field, computed once.
    ///
    /// # Errors
    /// When the segment can't be read.
    pub fn field_stats(&self, number: FieldNumber) -> Result<FieldStats, EngineError> {
        if !self.has_field(number) {
            return Ok(FieldStats::default());
        }
        if let Some(stats) = self.core.stats.lock().get(&number) {
            return Ok(*stats);
        }
        let field = tantivy_field(number);
        let entry = self.reader.schema().get_field_entry(field);
        let total_tokens = if entry.is_indexed() {
            self.reader.inverted_index(field)?.total_num_tokens()
        } else {
            0
        };
        let doc_count = match self.reader.fieldnorms_readers().get_field(field)? {
            Some(norms) => (0..norms.num_docs())
                .filter(|&doc| norms.fieldnorm_id(doc) != 0)
                .count() as u64,
            None if entry.is_fast() => self.count_values(entry.name())?,
            None => u64::from(self.reader.max_doc()),
        };
        let stats = FieldStats {
            doc_count,
            total_tokens,
        };
        self.core.stats.lock().insert(number, stats);
        Ok(stats)
    }

    fn count_values(&self, column: &str) -> Result<u64, EngineError> {
        let handles = self.reader.fast_fields().dynamic_column_handles(column)?;
        let mut count = 0;
        for handle in handles {
            let column = handle.open().map_err(EngineError::io("opening a column"))?;
            let index = column.column_index();
            count += (0..self.reader.max_doc())
                .filter(|&doc| index.has_value(doc))
                .count() as u64;
        }
        Ok(count)
    }

    /// `_id` of a document.
    ///
    /// # Errors
    /// When the segment can't be read.
    pub fn id(&self, doc: DocId) -> Result<Box<str>, EngineError> {
        Ok(self.core.stored(doc)?.id)
    }

    /// `_source` of a document, byte for byte.
    ///
    /// # Errors
    /// When the segment can't be read.
    pub fn source(&self, doc: DocId) -> Result<Bytes, EngineError> {
        Ok(self.core.stored(doc)?.source)
    }

    /// `_routing` of a document.
    ///
    /// # Errors
    /// When the segment can't be read.
    pub fn routing(&self, doc: DocId) -> Result<Option<Box<str>>, EngineError> {
        Ok(self.core.stored(doc)?.routing)
    }

    /// `_id`, `_routing` and `_source` of a document in one read: what a hit needs.
    ///
    /// # Errors
    /// When the segment can't be read.
    pub fn stored(&self, doc: DocId) -> Result<Stored, EngineError> {
        self.core.stored(doc)
    }

    /// `_seq_no` of a document.
    #[must_use]
    pub fn seq_no(&self, doc: DocId) -> u64 {
        self.core.seq_no.first(doc).unwrap_or(0)
    }

    /// `_version` of a document.
    #[must_use]
    pub fn version(&self, doc: DocId) -> u64 {
        self.core.version.first(doc).unwrap_or(0)
    }

    /// `_primary_term` of a document.
    #[must_use]
    pub fn primary_term(&self, doc: DocId) -> u64 {
        self.core.primary_term.first(doc).unwrap_or(0)
    }

    pub(crate) fn core(&self) -> &Arc<SegmentCore> {
        &self.core
    }
}

/// What is stored with a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// `_id`.
    pub id: Box<str>,
    /// `_routing`, if it was given.
    pub routing: Option<Box<str>>,
    /// `_source`, byte for byte.
    pub source: Bytes,
}

/// What stays the same however often a segment is opened again for other deletes or a longer list of fields.
pub(crate) struct SegmentCore {
    pub(crate) facts: SegmentFacts,
    ids: Arc<InvertedIndexReader>,
    pub(crate) seq_no: Column<u64>,
    pub(crate) version: Column<u64>,
    pub(crate) primary_term: Column<u64>,
    store: StoreReader,
    stats: Mutex<HashMap<FieldNumber, FieldStats>>,
    in_order: OnceLock<bool>,
}

impl SegmentCore {
    pub(crate) fn new(facts: SegmentFacts, reader: &SegmentReader) -> Result<Self, EngineError> {
        let columns = reader.fast_fields();
        let seq_no = columns.u64(InternalFields::SEQ_NO)?;
        Ok(Self {
            facts,
            ids: reader.inverted_index(InternalFields::id())?,
            seq_no,
            version: columns.u64(InternalFields::VERSION)?,
            primary_term: columns.u64(InternalFields::PRIMARY_TERM)?,
            store: reader
                .get_store_reader(STORE_CACHE_BLOCKS)
                .map_err(EngineError::io("opening stored documents"))?,
            stats: Mutex::default(),
            in_order: OnceLock::new(),
        })
    }

    /// Whether documents are in the order of their `_seq_no`: looked at once, when it first matters.
    pub(crate) fn in_order(&self) -> bool {
        *self.in_order.get_or_init(|| {
            (1..self.facts.max_doc).all(|doc| self.seq_no.first(doc - 1) < self.seq_no.first(doc))
        })
    }

    /// The document with this id among those that `alive` accepts.
    pub(crate) fn find(
        &self,
        id: &str,
        alive: impl Fn(DocId) -> bool,
    ) -> Result<Option<DocId>, EngineError> {
        let failed = || EngineError::io("looking up an id");
        let Some(term) = self.ids.terms().get(id.as_bytes()).map_err(failed())? else {
            return Ok(None);
        };
        let mut postings = self
            .ids
            .read_postings_from_terminfo(&term, IndexRecordOption::Basic)
            .map_err(failed())?;
        let mut doc = postings.doc();
        while doc != TERMINATED {
            if alive(doc) {
                return Ok(Some(doc));
            }
            doc = postings.advance();
        }
        Ok(None)
    }

    /// The versions of a document, for a write that replaces it.
    pub(crate) fn present(&self, doc: DocId) -> Present {
        Present {
            seq_no: self.seq_no.first(doc).unwrap_or(0),
            primary_term: self.primary_term.first(doc).unwrap_or(0),
            version: self.version.first(doc).unwrap_or(0),
            deleted: false,
        }
    }

    pub(crate) fn stored(&self, doc: DocId) -> Result<Stored, EngineError> {
        Ok(self.store.get(doc)?)
    }

    pub(crate) fn found(&self, doc: DocId) -> Result<Found, EngineError> {
        let stored = self.stored(doc)?;
        let present = self.present(doc);
        Ok(Found {
            source: stored.source,
            seq_no: present.seq_no,
            primary_term: present.primary_term,
            version: present.version,
            routing: stored.routing,
        })
    }
}

impl DocumentDeserialize for Stored {
    fn deserialize<'de, D>(mut fields: D) -> Result<Self, DeserializeError>
    where
        D: DocumentDeserializer<'de>,
    {
        let mut stored = Self::default();
        // Fields come in the order in which documents name them: id, source, routing.
        if let Some((_, Text(id))) = fields.next_field()? {
            stored.id = id;
        }
        if let Some((_, Raw(source))) = fields.next_field()? {
            stored.source = source;
        }
        if let Some((_, Text(routing))) = fields.next_field()? {
            stored.routing = Some(routing);
        }
        Ok(stored)
    }
}

struct Text(Box<str>);

impl ValueDeserialize for Text {
    fn deserialize<'de, D>(value: D) -> Result<Self, DeserializeError>
    where
        D: ValueDeserializer<'de>,
    {
        Ok(Self(value.deserialize_string()?.into()))
    }
}

/// A source, stored as text if it is one.
struct Raw(Bytes);

impl ValueDeserialize for Raw {
    fn deserialize<'de, D>(value: D) -> Result<Self, DeserializeError>
    where
        D: ValueDeserializer<'de>,
    {
        value.deserialize_any(RawVisitor).map(Self)
    }
}

struct RawVisitor;

impl ValueVisitor for RawVisitor {
    type Value = Bytes;

    fn visit_string(&self, text: String) -> Result<Bytes, DeserializeError> {
        Ok(text.into())
    }

    fn visit_bytes(&self, bytes: Vec<u8>) -> Result<Bytes, DeserializeError> {
        Ok(bytes.into())
    }
}
