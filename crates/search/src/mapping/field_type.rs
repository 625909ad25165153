//! One field of a mapping: its type, its parameters and where the engine keeps it.

use super::dates::DateFormat;
use super::field_types::Scalar;
use super::parameters::{Parameters, Setting};
use crate::analysis::{Analysis, Analyzer, Normalizer};
use glasswork_content::Failure;
use glasswork_content::number::double_text;
use glasswork_engine::{FieldKind, FieldNumber, FieldValue};
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
    pub(super) null_value: Option<FieldValue>,
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
        !matches!(self.kind, Kind::Text | Kind::Binary)
            && self.parameters.flag("doc_values").unwrap_or(true)
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
        self.kind == Kind::Text
            && !matches!(
                self.parameters.text("index_options"),
                Some("docs" | "freqs")
            )
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
        self.analyzers
            .as_ref()
            .map(|analyzers| &analyzers.search_quote)
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

    /// Whether another value is indexed for `null`, and which.
    #[must_use]
    pub fn null_value(&self) -> Option<&FieldValue> {
        self.null_value.as_ref()
    }

    /// Whether values that don't fit are left out instead of refusing the document.
    pub(super) fn ignores_malformed(&self, default: bool) -> bool {
        self.parameters.flag("ignore_malformed").unwrap_or(default)
    }

    /// Whether `"5"` and `5.7` are taken as whole numbers.
    pub(super) fn coerces(&self, default: bool) -> bool {
        self.parameters.flag("coerce").unwrap_or(default)
    }

    /// Keyword: a `match` cuts its text at white space, as it does for text.
    #[must_use]
    pub fn splits_queries_on_whitespace(&self) -> bool {
        self.parameters
            .flag("split_queries_on_whitespace")
            .unwrap_or(false)
    }

    /// Text: `fielddata: true`, the wish to sort and aggregate by its tokens.
    #[must_use]
    pub fn wants_fielddata(&self) -> bool {
        self.parameters.flag("fielddata").unwrap_or(false)
    }

    /// `meta` of the definition as compact JSON, for `_field_caps`.
    #[must_use]
    pub fn meta(&self) -> Option<&[u8]> {
        match self.parameters.get("meta")? {
            Setting::Json(json) => Some(json),
            _ => None,
        }
    }

    /// Paths of fields that get a copy of each value (`copy_to`).
    #[must_use]
    pub fn copy_to(&self) -> &[Box<str>] {
        &self.copy_to
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
            Kind::Text => FieldKind::Text {
                norms: self.has_norms(),
                positions: self.has_positions(),
            },
            Kind::Keyword => FieldKind::Keyword,
            Kind::Long
            | Kind::Integer
            | Kind::Short
            | Kind::Byte
            | Kind::Date
            | Kind::DateNanos => FieldKind::I64,
            Kind::UnsignedLong => FieldKind::U64,
            Kind::Double | Kind::Float | Kind::HalfFloat => FieldKind::F64,
            Kind::Boolean => FieldKind::Bool,
            Kind::Ip => FieldKind::Ip,
            Kind::Binary => return None,
        })
    }
}

impl FieldType {
    /// A field as its parameters say.
    ///
    /// # Errors
    /// 400 when an analyzer, a normalizer, a format or a `null_value` is not to be had.
    pub(super) fn new(
        path: &str,
        name: &str,
        kind: Kind,
        parameters: Parameters,
        analysis: &Analysis,
    ) -> Result<Self, Failure> {
        let mut field = Self {
            path: path.into(),
            name: name.into(),
            kind,
            number: None,
            analyzers: None,
            normalizer: None,
            format: None,
            ignore_above: parameters
                .number("ignore_above")
                .and_then(|length| usize::try_from(length).ok()),
            parameters,
            fields: Vec::new(),
            copy_to: Vec::new(),
            null_value: None,
        };
        match kind {
            Kind::Text => field.analyzers = Some(field.find_analyzers(analysis)?),
            Kind::Keyword => field.normalizer = field.find_normalizer(analysis)?,
            Kind::Date | Kind::DateNanos => {
                field.format = Some(match field.parameters.text("format") {
                    Some(format) => Arc::new(DateFormat::new(format)?),
                    None => DateFormat::default_format(),
                });
            }
            _ => {}
        }
        field.null_value = field.find_null_value()?;
        Ok(field)
    }

    fn find_analyzers(&self, analysis: &Analysis) -> Result<Analyzers, Failure> {
        let find = |name: &str| {
            analysis.analyzer(name).ok_or_else(|| {
                Failure::mapper_parsing(format!(
                    "analyzer [{name}] has not been configured in mappings"
                ))
            })
        };
        let named = |parameter: &str| self.parameters.text(parameter).map(find).transpose();
        let own = named("analyzer")?;
        let index = own.clone().unwrap_or_else(|| analysis.default_analyzer());
        let search = match named("search_analyzer")? {
            Some(search) => search,
            None if own.is_none() => analysis
                .analyzer("default_search")
                .unwrap_or_else(|| Arc::clone(&index)),
            None => Arc::clone(&index),
        };
        let search_quote = match named("search_quote_analyzer")? {
            Some(quote) => quote,
            None => Arc::clone(&search),
        };
        let position_gap = self
            .parameters
            .number("position_increment_gap")
            .and_then(|gap| u32::try_from(gap).ok());
        let position_gap = position_gap.unwrap_or_else(|| index.position_gap());
        Ok(Analyzers {
            index,
            search,
            search_quote,
            position_gap,
        })
    }

    fn find_normalizer(&self, analysis: &Analysis) -> Result<Option<Arc<Normalizer>>, Failure> {
        let Some(name) = self.parameters.text("normalizer") else {
            return Ok(None);
        };
        let found = analysis.normalizer(name);
        found.map(Some).ok_or_else(|| {
            Failure::mapper_parsing(format!(
                "normalizer [{name}] not found for field [{}]",
                self.name
            ))
        })
    }

    /// The value that stands for `null`, read once.
    fn find_null_value(&self) -> Result<Option<FieldValue>, Failure> {
        let Some(setting) = self.parameters.get("null_value") else {
            return Ok(None);
        };
        let text;
        let scalar = match setting {
            Setting::Flag(flag) => Scalar::Bool(*flag),
            Setting::Text(value) => Scalar::Text(value),
            Setting::Number(number) => {
                text = number.to_string();
                Scalar::Number(&text)
            }
            Setting::Double(number) => {
                text = double_text(*number);
                Scalar::Number(&text)
            }
            Setting::Json(_) => return Ok(None),
        };
        self.read(&scalar, true).map_err(|failure| {
            let reason = format!(
                "Error parsing [null_value] on field [{}]: {}",
                self.name,
                failure.reason()
            );
            Failure::mapper_parsing(reason).caused_by(failure)
        })
    }

    /// This field with what an update says of it.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` when the type or a fixed parameter would change.
    pub(super) fn merged(&self, update: &Self) -> Result<Self, Failure> {
        if self.kind != update.kind {
            return Err(Failure::illegal_argument(format!(
                "mapper [{}] cannot be changed from type [{}] to [{}]",
                self.path,
                self.type_name(),
                update.type_name()
            )));
        }
        let parameters = self
            .parameters
            .merged(&self.path, self.kind, &update.parameters)?;
        let mut merged = Self {
            parameters,
            ..update.clone()
        };
        merged.fields.clone_from(&self.fields);
        for sub in &update.fields {
            match merged
                .fields
                .iter_mut()
                .find(|present| present.name == sub.name)
            {
                Some(present) => *present = Arc::new(present.merged(sub)?),
                None => merged.fields.push(Arc::clone(sub)),
            }
        }
        merged.fields.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(merged)
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
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }

    /// Its name in definitions.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether it is a number (`long` … `half_float`, `unsigned_long`).
    #[must_use]
    pub fn is_number(self) -> bool {
        self.is_whole() || self.is_floating()
    }

    /// Whether it is a whole number.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(
            self,
            Kind::Long | Kind::Integer | Kind::Short | Kind::Byte | Kind::UnsignedLong
        )
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
