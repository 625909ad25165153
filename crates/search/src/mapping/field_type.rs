//! One field of a mapping: its type, its parameters and where the engine keeps it.

use super::dates::DateFormat;
use super::parameters::Parameters;
use crate::analysis::{Analyzer, Normalizer};
use glasswork_engine::{FieldKind, FieldNumber};
use std::sync::Arc;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `text`: analysed.
    Text,
    /// `keyword`: taken as it is.
    Keyword,
    /// `long`
    Long,
    /// `integer`
    Integer,
    /// `short`
    Short,
    /// `byte`
    Byte,
    /// `unsigned_long`
    UnsignedLong,
    /// `double`
    Double,
    /// `float`
    Float,
    /// `half_float`
    HalfFloat,
    /// `boolean`
    Boolean,
    /// `date`, kept in milliseconds.
    Date,
    /// `date_nanos`, kept in nanoseconds.
    DateNanos,
    /// `ip`
    Ip,
    /// `binary`: only in the source.
    Binary,
}

/// A field that holds values, with everything that its definition says.
#[derive(Clone, Debug)]
pub struct FieldType {
    pub(super) path: Box<str>,
    pub(super) name: Box<str>,
    pub(super) kind: Kind,
    pub(super) number: Option<FieldNumber>,
    pub(super) parameters: Parameters,
    pub(super) analyzers: Option<Analyzers>,
    pub(super) normalizer: Option<Arc<Normalizer>>,
    pub(super) format: Option<Arc<DateFormat>>,
    pub(super) ignore_above: Option<usize>,
    pub(super) fields: Vec<Arc<FieldType>>,
    pub(super) copy_to: Vec<Box<str>>,
}

/// What turns text of a field into tokens.
#[derive(Clone, Debug)]
pub(super) struct Analyzers {
    pub(super) index: Arc<Analyzer>,
    pub(super) search: Arc<Analyzer>,
    pub(super) search_quote: Arc<Analyzer>,
    pub(super) position_gap: u32,
}

impl FieldType {
    /// Full path: `author.name`, `title.keyword`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The type's name in definitions: `text`, `long`, …
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.kind.name()
    }

    /// Its place in the engine's list of fields; `None` for what the engine doesn't keep (`binary`).
    #[must_use]
    pub fn number(&self) -> Option<FieldNumber> {
        self.number
    }

    /// Whether terms and ranges can be looked up (`index`).
    #[must_use]
    pub fn is_indexed(&self) -> bool {
        self.kind != Kind::Binary && self.parameters.flag("index").unwrap_or(true)
    }

    /// Whether it has a column for sorting and aggregations (`doc_values`).
    #[must_use]
    pub fn has_doc_values(&self) -> bool {
        !matches!(self.kind, Kind::Text | Kind::Binary) && self.parameters.flag("doc_values").unwrap_or(true)
    }

    /// Whether its values are kept apart from the source (`store`).
    #[must_use]
    pub fn is_stored(&self) -> bool {
        self.parameters.flag("store").unwrap_or(false)
    }

    /// Whether the length of its text counts in scores.
    #[must_use]
    pub fn has_norms(&self) -> bool {
        self.kind == Kind::Text && self.parameters.flag("norms").unwrap_or(true)
    }

    /// Whether positions are kept, so that phrases can be found.
    #[must_use]
    pub fn has_positions(&self) -> bool {
        self.kind == Kind::Text && !matches!(self.parameters.text("index_options"), Some("docs" | "freqs"))
    }

    /// Text: the analyzer of documents.
    #[must_use]
    pub fn analyzer(&self) -> Option<&Arc<Analyzer>> {
        self.analyzers.as_ref().map(|analyzers| &analyzers.index)
    }

    /// Text: the analyzer of queries.
    #[must_use]
    pub fn search_analyzer(&self) -> Option<&Arc<Analyzer>> {
        self.analyzers.as_ref().map(|analyzers| &analyzers.search)
    }

    /// Text: the analyzer of phrases in queries.
    #[must_use]
    pub fn search_quote_analyzer(&self) -> Option<&Arc<Analyzer>> {
        self.analyzers.as_ref().map(|analyzers| &analyzers.search_quote)
    }

    /// Keyword: what a value passes before it is indexed or looked up.
    #[must_use]
    pub fn normalizer(&self) -> Option<&Arc<Normalizer>> {
        self.normalizer.as_ref()
    }

    /// Dates: how they are read and written.
    #[must_use]
    pub fn date_format(&self) -> Option<&Arc<DateFormat>> {
        self.format.as_ref()
    }

    /// Keyword: longer values (in characters) are not indexed.
    #[must_use]
    pub fn ignore_above(&self) -> Option<usize> {
        self.ignore_above
    }

    /// Its multi-fields, by name.
    #[must_use]
    pub fn multi_fields(&self) -> &[Arc<FieldType>] {
        &self.fields
    }

    /// How the engine keeps it; `None` for what it doesn't keep.
    #[must_use]
    pub fn engine_kind(&self) -> Option<FieldKind> {
        Some(match self.kind {
            Kind::Text => FieldKind::Text { norms: self.has_norms(), positions: self.has_positions() },
            Kind::Keyword => FieldKind::Keyword,
            Kind::Long | Kind::Integer | Kind::Short | Kind::Byte | Kind::Date | Kind::DateNanos => FieldKind::I64,
            Kind::UnsignedLong => FieldKind::U64,
            Kind::Double | Kind::Float | Kind::HalfFloat => FieldKind::F64,
            Kind::Boolean => FieldKind::Bool,
            Kind::Ip => FieldKind::Ip,
            Kind::Binary => return None,
        })
    }
}

impl FieldType {
    /// This field with what an update says of it.
    pub(super) fn merged(&self, update: &Self) -> Result<Self, glasswork_content::Failure> {
        let _ = update;
        todo!()
    }
}

impl Kind {
    /// Every type of a field that holds values, by name.
    pub(super) const ALL: [(&'static str, Kind); 15] = [
        ("text", Kind::Text),
        ("keyword", Kind::Keyword),
        ("long", Kind::Long),
        ("integer", Kind::Integer),
        ("short", Kind::Short),
        ("byte", Kind::Byte),
        ("unsigned_long", Kind::UnsignedLong),
        ("double", Kind::Double),
        ("float", Kind::Float),
        ("half_float", Kind::HalfFloat),
        ("boolean", Kind::Boolean),
        ("date", Kind::Date),
        ("date_nanos", Kind::DateNanos),
        ("ip", Kind::Ip),
        ("binary", Kind::Binary),
    ];

    /// The type of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// Its name in definitions.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Whether it is a number (`long` … `half_float`, `unsigned_long`).
    #[must_use]
    pub fn is_number(self) -> bool {
        self.is_whole() || self.is_floating()
    }

    /// Whether it is a whole number.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(self, Kind::Long | Kind::Integer | Kind::Short | Kind::Byte | Kind::UnsignedLong)
    }

    /// Whether it is a floating-point number.
    #[must_use]
    pub fn is_floating(self) -> bool {
        matches!(self, Kind::Double | Kind::Float | Kind::HalfFloat)
    }

    /// Whether it is a date.
    #[must_use]
    pub fn is_date(self) -> bool {
        matches!(self, Kind::Date | Kind::DateNanos)
    }
}
