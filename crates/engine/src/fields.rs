//! The fields of a shard: an append-only list, and the Tantivy schema that follows from it.
//!
//! A field's place in the list is its [`FieldNumber`] for ever, because segments on disk refer to it. A mapping may add
//! fields at the end; it never removes, reorders or retypes one.

use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use tantivy::{
    Searcher,
    schema::{
        BytesOptions, Field, IndexRecordOption, IpAddrOptions, NumericOptions, Schema,
        TextFieldIndexing, TextOptions,
    },
};

use crate::{EngineError, segment, tokens::REPLAY_TOKENIZER};

/// One leaf of a mapping, as the engine indexes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSpec {
    /// Full path, for example `author.name` or `title.keyword`.
    pub name: String,
    /// What values it takes.
    pub kind: FieldKind,
    /// Whether terms and ranges can be looked up in an inverted index.
    pub indexed: bool,
    /// Whether it has a column (sort, aggregations, exists). Ignored for [`FieldKind::Text`], which never has one.
    pub fast: bool,
}

/// The type of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FieldKind {
    /// Analysed text.
    Text {
        /// Whether the length of each document's field is kept for scoring (one byte a document).
        norms: bool,
        /// Whether frequencies and positions are kept (phrases, scores); otherwise only which documents have a term.
        positions: bool,
    },
    /// A string taken as one term.
    Keyword,
    /// 64-bit signed. Dates are milliseconds (or nanoseconds) since 1970.
    I64,
    /// 64-bit unsigned.
    U64,
    /// Double precision.
    F64,
    /// True or false.
    Bool,
    /// An IPv6 address; IPv4 is mapped into it.
    Ip,
}

impl FieldSpec {
    /// Whether the field keeps a norm byte for each document.
    #[must_use]
    pub fn has_norms(&self) -> bool {
        self.indexed && matches!(self.kind, FieldKind::Text { norms: true, .. })
    }

    /// Whether the field has a column.
    #[must_use]
    pub fn has_column(&self) -> bool {
        self.fast && !matches!(self.kind, FieldKind::Text { .. })
    }
}

/// A field's place in the list of its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FieldNumber(pub u32);

/// How many Tantivy fields come before the mapped ones.
const INTERNAL_FIELDS: u32 = 6;

/// The fields every document has beside the mapped ones. Tantivy numbers fields in the order of their declaration.
#[derive(Debug, Clone, Copy)]
pub struct InternalFields;

impl InternalFields {
    /// `_id`: indexed as one term, stored. It has no column.
    pub const ID: &'static str = "_id";
    /// `_seq_no`: a `u64` column.
    pub const SEQ_NO: &'static str = "_seq_no";
    /// `_version`: a `u64` column.
    pub const VERSION: &'static str = "_version";
    /// `_primary_term`: a `u64` column.
    pub const PRIMARY_TERM: &'static str = "_primary_term";
    /// `_routing`: indexed as one term, stored; only documents with a routing have it.
    pub const ROUTING: &'static str = "_routing";
    /// `_source`: stored bytes.
    pub const SOURCE: &'static str = "_source";

    pub(crate) fn id() -> Field {
        Field::from_field_id(0)
    }
    pub(crate) fn seq_no() -> Field {
        Field::from_field_id(1)
    }
    pub(crate) fn version() -> Field {
        Field::from_field_id(2)
    }
    pub(crate) fn primary_term() -> Field {
        Field::from_field_id(3)
    }
    pub(crate) fn routing() -> Field {
        Field::from_field_id(4)
    }
    pub(crate) fn source() -> Field {
        Field::from_field_id(5)
    }
}

/// One state of the list with the schema made from it. Immutable: a longer list is a new value.
pub struct Fields {
    specs: Arc<[FieldSpec]>,
    by_name: HashMap<Box<str>, FieldNumber>,
    schema: Schema,
    searcher: OnceLock<Searcher>,
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fields")
            .field("specs", &self.specs)
            .finish()
    }
}

impl Fields {
    /// Builds the schema of a list.
    ///
    /// # Errors
    /// [`EngineError::Fields`] when a name appears twice.
    pub fn new(specs: Arc<[FieldSpec]>) -> Result<Self, EngineError> {
        let mut builder = Schema::builder();
        let raw = || {
            TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_fieldnorms(false)
                .set_index_option(IndexRecordOption::Basic)
        };
        let term = || TextOptions::default().set_indexing_options(raw());
        builder.add_text_field(InternalFields::ID, term().set_stored());
        let column = || NumericOptions::default().set_fast();
        builder.add_u64_field(InternalFields::SEQ_NO, column());
        builder.add_u64_field(InternalFields::VERSION, column());
        builder.add_u64_field(InternalFields::PRIMARY_TERM, column());
        builder.add_text_field(InternalFields::ROUTING, term().set_stored());
        builder.add_bytes_field(InternalFields::SOURCE, BytesOptions::default().set_stored());

        let mut by_name = HashMap::with_capacity(specs.len());
        for (number, spec) in (0u32..).zip(specs.iter()) {
            if by_name
                .insert(spec.name.as_str().into(), FieldNumber(number))
                .is_some()
                || spec.name.starts_with('_') && builder_has(&spec.name)
            {
                return Err(EngineError::Fields(format!(
                    "field [{}] is declared twice",
                    spec.name
                )));
            }
            let name = column_name(&spec.name, number);
            let numeric = || {
                let mut options = NumericOptions::default();
                if spec.indexed {
                    options = options.set_indexed();
                }
                if spec.fast {
                    options = options.set_fast();
                }
                options
            };
            let field = match spec.kind {
                FieldKind::Text { norms, positions } => {
                    let mut options = TextOptions::default();
                    if spec.indexed {
                        options = options.set_indexing_options(
                            TextFieldIndexing::default()
                                .set_tokenizer(REPLAY_TOKENIZER)
                                .set_fieldnorms(norms)
                                .set_index_option(if positions {
                                    IndexRecordOption::WithFreqsAndPositions
                                } else {
                                    IndexRecordOption::Basic
                                }),
                        );
                    }
                    builder.add_text_field(&name, options)
                }
                FieldKind::Keyword => {
                    let mut options = TextOptions::default();
                    if spec.indexed {
                        options = options.set_indexing_options(raw());
                    }
                    if spec.fast {
                        options = options.set_fast("raw");
                    }
                    builder.add_text_field(&name, options)
                }
                FieldKind::I64 => builder.add_i64_field(&name, numeric()),
                FieldKind::U64 => builder.add_u64_field(&name, numeric()),
                FieldKind::F64 => builder.add_f64_field(&name, numeric()),
                FieldKind::Bool => builder.add_bool_field(&name, numeric()),
                FieldKind::Ip => {
                    let mut options = IpAddrOptions::default();
                    if spec.indexed {
                        options = options.set_indexed();
                    }
                    if spec.fast {
                        options = options.set_fast();
                    }
                    builder.add_ip_addr_field(&name, options)
                }
            };
            debug_assert_eq!(field, tantivy_field(FieldNumber(number)));
        }
        Ok(Self {
            specs,
            by_name,
            schema: builder.build(),
            searcher: OnceLock::new(),
        })
    }

    /// The list, by [`FieldNumber`].
    #[must_use]
    pub fn specs(&self) -> &Arc<[FieldSpec]> {
        &self.specs
    }

    /// The Tantivy schema of internal and mapped fields.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Finds a mapped field by its full path.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(FieldNumber, Field, &FieldSpec)> {
        let number = *self.by_name.get(name)?;
        Some((
            number,
            tantivy_field(number),
            &self.specs[number.0 as usize],
        ))
    }

    /// How many fields the list has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.specs.len()
    }

    /// Whether the list has no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }

    /// Whether `longer` begins with this list, as a later state must.
    #[must_use]
    pub fn is_prefix_of(&self, longer: &[FieldSpec]) -> bool {
        longer.len() >= self.specs.len() && longer[..self.specs.len()] == self.specs[..]
    }

    /// A searcher over nothing with this schema: `Query::weight` wants one for its schema only.
    ///
    /// # Errors
    /// When Tantivy refuses the schema.
    pub fn searcher(&self) -> Result<&Searcher, EngineError> {
        if let Some(searcher) = self.searcher.get() {
            return Ok(searcher);
        }
        let searcher = segment::empty_searcher(self.schema.clone())?;
        Ok(self.searcher.get_or_init(|| searcher))
    }
}

/// The Tantivy field of a mapped field.
#[must_use]
pub fn tantivy_field(number: FieldNumber) -> Field {
    Field::from_field_id(INTERNAL_FIELDS + number.0)
}

/// The mapped field of a Tantivy field; `None` for internal ones.
#[must_use]
pub fn field_number(field: Field) -> Option<FieldNumber> {
    field
        .field_id()
        .checked_sub(INTERNAL_FIELDS)
        .map(FieldNumber)
}

fn builder_has(name: &str) -> bool {
    matches!(
        name,
        InternalFields::ID
            | InternalFields::SEQ_NO
            | InternalFields::VERSION
            | InternalFields::PRIMARY_TERM
            | InternalFields::ROUTING
            | InternalFields::SOURCE
    )
}

/// Tantivy separates paths by U+0001 and ends column names by U+0000: a name with control characters gets a stand-in.
fn column_name(name: &str, number: u32) -> String {
    if name.bytes().any(|b| b < 0x20 || b == 0x7f) {
        format!("\u{7f}{number}")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, kind: FieldKind) -> FieldSpec {
        FieldSpec {
            name: name.into(),
            kind,
            indexed: true,
            fast: true,
        }
    }

    #[test]
    fn numbers_follow_the_order_of_the_list() {
        let fields = Fields::new(
            [
                spec(
                    "title",
                    FieldKind::Text {
                        norms: true,
                        positions: true,
                    },
                ),
                spec("title.keyword", FieldKind::Keyword),
                spec("odd\0name", FieldKind::I64),
            ]
            .into(),
        )
        .unwrap();
        let (number, field, found) = fields.find("title.keyword").unwrap();
        assert_eq!(number, FieldNumber(1));
        assert_eq!(found.kind, FieldKind::Keyword);
        assert_eq!(fields.schema().get_field_name(field), "title.keyword");
        assert_eq!(field_number(field), Some(FieldNumber(1)));
        assert_eq!(field_number(InternalFields::source()), None);
        assert_eq!(
            fields.schema().get_field("_source").unwrap(),
            InternalFields::source()
        );
        assert_eq!(
            fields.schema().get_field("_routing").unwrap(),
            InternalFields::routing()
        );
        assert!(fields.find("odd\0name").is_some());
        assert!(fields.searcher().is_ok());
    }

    #[test]
    fn a_name_declared_twice_is_refused() {
        assert!(
            Fields::new([spec("a", FieldKind::I64), spec("a", FieldKind::I64)].into()).is_err()
        );
        assert!(Fields::new([spec("_id", FieldKind::I64)].into()).is_err());
    }
}
