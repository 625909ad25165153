//! Sorting by fields: every value becomes one ordered 64-bit key, so that documents compare without knowing types.
//!
//! A key is the column's monotonic form, turned around for descending order; a missing value is the least or the
//! greatest key, as OpenSearch substitutes the least or the greatest number. Keys of strings are positions in the
//! segment's dictionary: every fourth number is a term, and those between are for what lies between.

mod behind;

use std::{cell::RefCell, cmp::Ordering, sync::Arc};

use glasswork_content::{Failure, Kind as FailureKind, Node};
use glasswork_engine::{FieldValue, Segment};
use glasswork_script::Context as Purpose;
use tantivy::{
    DocId,
    columnar::{Column, ColumnType, ColumnValues, StrColumn},
    f64_to_u64, i64_to_u64, u64_to_f64, u64_to_i64,
};

use self::behind::Behind;
use super::sort_value::SortValue;
use crate::{
    context::Context,
    mapping::{FieldType, Kind, Matches, values::DateContext},
    query::Literal,
    request::{
        Missing, Mode, NumericType, Order, ScriptSortKind, SearchRequest, SortKey, SortTarget,
    },
    scripting::{Prepared, Runs},
};

/// The keys of a request, resolved against the mapping.
pub(crate) struct SortKeys<'a> {
    keys: Vec<Resolved<'a>>,
    needs_score: bool,
    /// The document behind which results begin.
    behind: Option<Behind>,
}

/// One key.
struct Resolved<'a> {
    key: &'a SortKey,
    values: Values<'a>,
    after: Option<&'a Literal>,
}

enum Values<'a> {
    Score,
    Doc,
    /// A numeric column.
    Number {
        kind: &'a FieldType,
        compared: Compared,
    },
    /// A column of strings.
    Words {
        kind: &'a FieldType,
    },
    /// A field that is not mapped.
    Absent(Compared),
    /// What a script gives.
    Script {
        script: Prepared,
        compared: Compared,
        needs_score: bool,
    },
}

/// As what the values of a key are compared and shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Long,
    Int,
    Unsigned,
    Double,
    Float,
    Words,
}

impl<'a> SortKeys<'a> {
    /// Resolves the keys of `request`.
    ///
    /// # Errors
    /// A field that is not mapped or cannot be sorted by; `search_after` that does not fit.
    pub(crate) fn new(context: &'a Context, request: &'a SearchRequest) -> Result<Self, Failure> {
        let after = request.search_after.as_deref();
        if let Some(after) = after
            && after.len() != request.sort.len()
        {
            return Err(Failure::illegal_argument(format!(
                "search_after has {} value(s) but sort has {}.",
                after.len(),
                request.sort.len()
            )));
        }
        let mut keys = Vec::with_capacity(request.sort.len());
        for (number, key) in request.sort.iter().enumerate() {
            let values = resolve(context, key)?;
            keys.push(Resolved {
                key,
                values,
                after: after.map(|after| &after[number]),
            });
        }
        let needs_score = keys.iter().any(|key| {
            let by_script = matches!(
                key.values,
                Values::Script {
                    needs_score: true,
                    ..
                }
            );
            by_script || matches!(key.values, Values::Score)
        });
        Ok(Self {
            keys,
            needs_score,
            behind: None,
        })
    }

    /// Whether documents have to be scored to be sorted.
    pub(crate) fn needs_score(&self) -> bool {
        self.needs_score
    }

    /// Whether a script gives texts, for which there are no keys: values have to be compared.
    pub(crate) fn has_computed_texts(&self) -> bool {
        self.keys.iter().any(|key| {
            matches!(
                key.values,
                Values::Script {
                    compared: Compared::Words,
                    ..
                }
            )
        })
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether keys of different segments compare with each other.
    pub(crate) fn first_is_global(&self) -> bool {
        self.keys
            .first()
            .is_some_and(|key| !matches!(key.values, Values::Words { .. }))
    }

    /// Opens the keys in one segment, whose first document has the number `base` in the shard.
    ///
    /// # Errors
    /// When a column cannot be read, or a value of `search_after` or `missing` is none of the field's type.
    pub(crate) fn open(
        &self,
        context: &Context,
        segment: &Segment,
        base: u64,
    ) -> Result<SegmentKeys, Failure> {
        let readers = self
            .keys
            .iter()
            .map(|key| key.open(context, segment, base))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(behind) = &self.behind {
            let keys = behind.keys(&readers)?;
            let equals_from = behind.equals_from(context, segment);
            return Ok(SegmentKeys {
                readers,
                after: Some((keys, behind.values().to_vec())),
                equals_from,
            });
        }
        let (mut bounds, mut values) = (Vec::new(), Vec::new());
        for (key, reader) in self.keys.iter().zip(&readers) {
            let Some(after) = key.after else { continue };
            let bound = key.bound(context, reader, after)?;
            values.push(match (reader.compared, after) {
                (Compared::Words, Literal::Null) => SortValue::Null,
                (Compared::Words, text) => SortValue::Text(text.to_string().into()),
                _ => reader.value(bound)?,
            });
            bounds.push(bound);
        }
        Ok(SegmentKeys {
            readers,
            after: (!bounds.is_empty()).then_some((bounds, values)),
            equals_from: DocId::MAX,
        })
    }
}

fn resolve<'a>(context: &'a Context, key: &SortKey) -> Result<Values<'a>, Failure> {
    let name = match &key.target {
        SortTarget::Score => return Ok(Values::Score),
        SortTarget::Doc => return Ok(Values::Doc),
        SortTarget::Field(name) => name,
        SortTarget::Script(sort) => {
            let (purpose, compared) = match sort.kind {
                ScriptSortKind::Number => (Purpose::NumberSort, Compared::Double),
                ScriptSortKind::Text => (Purpose::StringSort, Compared::Words),
            };
            return Ok(Values::Script {
                script: Prepared::new(context, &sort.script, purpose)?,
                compared,
                needs_score: sort.mentions_the_score(),
            });
        }
    };
    let Some(kind) = context.mapping.field(name) else {
        let Some(unmapped) = &key.unmapped_type else {
            return Err(context.query_failure(Failure::new(
                FailureKind::QueryShard,
                format!("No mapping found for [{name}] in order to sort on"),
            )));
        };
        let kind = Kind::named(unmapped).ok_or_else(|| {
            Failure::illegal_argument(format!("No mapper found for type [{unmapped}]"))
        })?;
        return Ok(Values::Absent(compared(kind, key.numeric_type)));
    };
    match kind.kind() {
        Kind::Text => Err(text_is_not_sorted(name)),
        _ if !kind.has_doc_values() => Err(Failure::illegal_argument(format!(
            "Can't load fielddata on [{name}] because fielddata is unsupported on fields of type [{}]. Use doc values instead.",
            kind.type_name()
        ))),
        Kind::Ip => Err(Failure::illegal_argument(format!(
            "sorting by [{name}] of type [ip] is not supported"
        ))),
        Kind::Keyword => {
            if let Some(Mode::Sum | Mode::Avg | Mode::Median) = key.mode {
                return Err(context.query_failure(Failure::new(
                    FailureKind::QueryShard,
                    "we only support AVG, MEDIAN and SUM on number based fields",
                )));
            }
            if key.numeric_type.is_some() {
                return Err(context.query_failure(Failure::new(
                    FailureKind::QueryShard,
                    format!(
                        "[numeric_type] option cannot be set on a non-numeric field, got {}",
                        kind.type_name()
                    ),
                )));
            }
            Ok(Values::Words { kind })
        }
        other => Ok(Values::Number {
            kind,
            compared: compared(other, key.numeric_type),
        }),
    }
}

/// OpenSearch's complaint about sorting or aggregating analysed text.
pub(crate) fn text_is_not_sorted(name: &str) -> Failure {
    Failure::illegal_argument(format!(
        "Text fields are not optimised for operations that require per-document field data like aggregations and sorting, so these \
         operations are disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on [{name}] in \
         order to load field data by uninverting the inverted index. Note that this can use significant memory."
    ))
}

fn compared(kind: Kind, numeric: Option<NumericType>) -> Compared {
    match numeric {
        Some(NumericType::Double) => return Compared::Double,
        Some(NumericType::Long | NumericType::Date | NumericType::DateNanos) => {
            return Compared::Long;
        }
        None => {}
    }
    match kind {
        Kind::Integer | Kind::Short | Kind::Byte | Kind::Boolean => Compared::Int,
        Kind::UnsignedLong => Compared::Unsigned,
        Kind::Double => Compared::Double,
        Kind::Float | Kind::HalfFloat => Compared::Float,
        Kind::Keyword | Kind::Text | Kind::Ip | Kind::Binary => Compared::Words,
        Kind::Long | Kind::Date | Kind::DateNanos => Compared::Long,
    }
}

impl Resolved<'_> {
    fn descending(&self) -> bool {
        self.key.order == Order::Desc
    }

    /// The greater of several values counts when descending, unless said otherwise.
    fn mode(&self) -> Mode {
        self.key.mode.unwrap_or(if self.descending() {
            Mode::Max
        } else {
            Mode::Min
        })
    }

    fn open(&self, context: &Context, segment: &Segment, base: u64) -> Result<KeyReader, Failure> {
        let flip = if self.descending() { u64::MAX } else { 0 };
        let mut missing = self.missing_key(flip);
        let (source, compared) = match &self.values {
            Values::Score => (Source::Score, Compared::Float),
            Values::Doc => (Source::Doc { base }, Compared::Long),
            Values::Script {
                script, compared, ..
            } => (
                Source::Script(Box::new(RefCell::new(script.open(&segment.reader)))),
                *compared,
            ),
            Values::Absent(compared) => {
                if let Some(Missing::Value(value)) = &self.key.missing {
                    missing = absent_key(*compared, value) ^ flip;
                }
                (Source::Absent, *compared)
            }
            Values::Words { kind } => {
                let words = match column_name(context, segment, kind) {
                    Some(name) => segment
                        .reader
                        .fast_fields()
                        .str(&name)
                        .map_err(|error| crate::broken(&error))?,
                    None => None,
                };
                if let Some(Missing::Value(value)) = &self.key.missing {
                    missing = word_key(words.as_ref(), &value.to_string())? ^ flip;
                }
                match words {
                    Some(words) => (
                        Source::Words {
                            column: words.ords().clone(),
                            words,
                            mode: self.mode(),
                        },
                        Compared::Words,
                    ),
                    None => (Source::Absent, Compared::Words),
                }
            }
            Values::Number { kind, compared } => {
                if let Some(Missing::Value(value)) = &self.key.missing {
                    missing = number_key(context, kind, *compared, value)? ^ flip;
                }
                let column = match column_name(context, segment, kind) {
                    Some(name) => segment
                        .reader
                        .fast_fields()
                        .u64_lenient(&name)
                        .map_err(|error| crate::broken(&error))?,
                    None => None,
                };
                match column {
                    None => (Source::Absent, *compared),
                    Some((column, stored)) => {
                        let recode =
                            recoding(stored, kind.kind(), *compared, self.key.numeric_type);
                        let dense = matches!(
                            column.get_cardinality(),
                            tantivy::columnar::Cardinality::Full
                        )
                        .then(|| Arc::clone(&column.values));
                        (
                            Source::Numbers {
                                column,
                                dense,
                                stored,
                                mode: self.mode(),
                                recode,
                            },
                            *compared,
                        )
                    }
                }
            }
        };
        Ok(KeyReader {
            source,
            flip,
            missing,
            compared,
            substitute: substitute(self.key),
        })
    }

    /// The key of a document without a value, unless the request gives a value for it: the least or the greatest number of
    /// the type, which is then equal to those that have it.
    fn missing_key(&self, flip: u64) -> u64 {
        let is_first = matches!(self.key.missing, Some(Missing::First));
        let is_int = matches!(
            &self.values,
            Values::Number {
                compared: Compared::Int,
                ..
            } | Values::Absent(Compared::Int)
        );
        match (is_int, is_first, self.descending()) {
            (true, true, false) | (true, false, true) => i64_to_u64(i64::from(i32::MIN)) ^ flip,
            (true, ..) => i64_to_u64(i64::from(i32::MAX)) ^ flip,
            (false, true, _) => 0,
            (false, false, _) => u64::MAX,
        }
    }

    /// The key of a value of `search_after`.
    fn bound(
        &self,
        context: &Context,
        reader: &KeyReader,
        value: &Literal,
    ) -> Result<u64, Failure> {
        if *value == Literal::Null {
            return Ok(reader.missing);
        }
        let wrong = |value: &Literal| {
            Failure::illegal_argument(format!(
                "Failed to parse search_after value for field [{}].",
                self.key.name()
            ))
            .caused_by(Failure::number_format(&value.to_string()))
        };
        let key = match &self.values {
            Values::Score => score_key(as_double(value).ok_or_else(|| wrong(value))? as f32),
            Values::Doc => as_double(value).ok_or_else(|| wrong(value))?.max(0.0) as u64,
            Values::Absent(compared) | Values::Script { compared, .. } => {
                absent_key(*compared, value)
            }
            Values::Words { .. } => word_bound(reader, reader.words(), &value.to_string())?,
            Values::Number { kind, compared } => {
                number_key(context, kind, *compared, value).map_err(|_| wrong(value))?
            }
        };
        Ok(key ^ reader.flip)
    }
}

/// What stands for a missing value, as text.
fn substitute(key: &SortKey) -> Option<Box<str>> {
    match &key.missing {
        Some(Missing::Value(value)) => Some(value.to_string().into()),
        _ => None,
    }
}

fn column_name(context: &Context, segment: &Segment, kind: &FieldType) -> Option<String> {
    let number = kind.number()?;
    if !segment.has_field(number) {
        return None;
    }
    let (_, field, _) = context.view.field(kind.path())?;
    Some(
        context
            .view
            .fields()
            .schema()
            .get_field_name(field)
            .to_owned(),
    )
}

fn as_double(value: &Literal) -> Option<f64> {
    match value {
        Literal::Long(value) => Some(*value as f64),
        Literal::Unsigned(value) => Some(*value as f64),
        Literal::Double(value) => Some(*value),
        Literal::Text(text) | Literal::Big(text) => text.trim().parse().ok(),
        Literal::Bool(value) => Some(f64::from(u8::from(*value))),
        Literal::Null => None,
    }
}

fn absent_key(compared: Compared, value: &Literal) -> u64 {
    match (compared, as_double(value)) {
        (Compared::Double | Compared::Float, Some(value)) => f64_to_u64(value),
        (_, Some(value)) => i64_to_u64(value as i64),
        (_, None) => 0,
    }
}

/// The key of a number as the column would have it.
fn number_key(
    context: &Context,
    kind: &FieldType,
    compared: Compared,
    value: &Literal,
) -> Result<u64, Failure> {
    let double = || as_double(value).ok_or_else(|| Failure::number_format(&value.to_string()));
    match compared {
        Compared::Double => return Ok(f64_to_u64(double()?)),
        // A float column holds doubles that are floats: compare with the float that the value prints as.
        Compared::Float => return Ok(f64_to_u64(f64::from(double()? as f32))),
        _ => {}
    }
    // Whole numbers and dates in milliseconds are compared as given; texts of dates are read as the field reads them.
    match value {
        Literal::Long(value) if compared == Compared::Unsigned => {
            return Ok(u64::try_from(*value).unwrap_or(0));
        }
        Literal::Long(value) => return Ok(i64_to_u64(*value)),
        Literal::Unsigned(value) => return Ok(*value),
        Literal::Double(value) => return Ok(i64_to_u64(*value as i64)),
        Literal::Bool(value) => return Ok(i64_to_u64(i64::from(*value))),
        _ => {}
    }
    let dates = DateContext::at(context.now_millis);
    match kind.term(&Node::from(value.to_value()), &dates)? {
        Matches::Value(FieldValue::I64(value)) => Ok(i64_to_u64(value)),
        Matches::Value(FieldValue::U64(value)) => Ok(value),
        Matches::Value(FieldValue::Bool(value)) => Ok(i64_to_u64(i64::from(value))),
        Matches::Range(std::ops::Bound::Included(FieldValue::I64(value)), _) => {
            Ok(i64_to_u64(value))
        }
        _ => Err(Failure::number_format(&value.to_string())),
    }
}

/// The key of a string: of the term, or of the gap where it would be.
fn word_key(words: Option<&StrColumn>, text: &str) -> Result<u64, Failure> {
    let Some(words) = words else { return Ok(2) };
    let dictionary = words.dictionary();
    let broken = |error: std::io::Error| crate::broken(&error);
    if let Some(ord) = dictionary.term_ord(text.as_bytes()).map_err(broken)? {
        return Ok(term_key(ord));
    }
    let (mut low, mut high) = (0, words.num_terms() as u64);
    let mut term = Vec::new();
    while low < high {
        let middle = low + (high - low) / 2;
        dictionary.ord_to_term(middle, &mut term).map_err(broken)?;
        if term.as_slice() < text.as_bytes() {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(4 * low + 2)
}

/// The key of a term of a dictionary; the gap before it is two below.
#[inline]
fn term_key(ord: u64) -> u64 {
    4 * ord + 4
}

/// The term of such a key.
fn ord_of(key: u64) -> u64 {
    key / 4 - 1
}

/// The key of a bound: in the gap where documents without a value are it lies on its side of what stands for them.
fn word_bound(reader: &KeyReader, words: Option<&StrColumn>, text: &str) -> Result<u64, Failure> {
    let key = word_key(words, text)?;
    let Some(substitute) = &reader.substitute else {
        return Ok(key);
    };
    if key != reader.missing ^ reader.flip {
        return Ok(key);
    }
    Ok(match text.cmp(substitute) {
        Ordering::Less => key - 1,
        Ordering::Equal => key,
        Ordering::Greater => key + 1,
    })
}

fn score_key(score: f32) -> u64 {
    f64_to_u64(f64::from(score))
}

/// How a column's values become those that are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recode {
    /// They are the same.
    No,
    /// Truth values as 0 and 1.
    Truth,
    /// Whole numbers as doubles.
    LongToDouble,
    /// Unsigned numbers as doubles.
    UnsignedToDouble,
    /// Doubles as whole numbers.
    DoubleToLong,
    /// Nanoseconds as milliseconds, and the other way round.
    Scale { multiply: i64, divide: i64 },
}

fn recoding(
    stored: ColumnType,
    kind: Kind,
    compared: Compared,
    numeric: Option<NumericType>,
) -> Recode {
    match (stored, compared, kind, numeric) {
        (ColumnType::Bool, ..) => Recode::Truth,
        (ColumnType::I64, Compared::Double, ..) => Recode::LongToDouble,
        (ColumnType::U64, Compared::Double, ..) => Recode::UnsignedToDouble,
        (ColumnType::F64, Compared::Long, ..) => Recode::DoubleToLong,
        (_, _, Kind::DateNanos, Some(NumericType::Date)) => Recode::Scale {
            multiply: 1,
            divide: 1_000_000,
        },
        (_, _, Kind::Date, Some(NumericType::DateNanos)) => Recode::Scale {
            multiply: 1_000_000,
            divide: 1,
        },
        _ => Recode::No,
    }
}

impl Recode {
    #[inline]
    fn apply(self, raw: u64) -> u64 {
        match self {
            Self::No => raw,
            Self::Truth => i64_to_u64(i64::from(raw != 0)),
            Self::LongToDouble => f64_to_u64(u64_to_i64(raw) as f64),
            Self::UnsignedToDouble => f64_to_u64(raw as f64),
            Self::DoubleToLong => i64_to_u64(u64_to_f64(raw) as i64),
            Self::Scale { multiply, divide } => {
                i64_to_u64(u64_to_i64(raw).saturating_mul(multiply).div_euclid(divide))
            }
        }
    }
}

/// The keys of one segment.
pub(crate) struct SegmentKeys {
    readers: Vec<KeyReader>,
    /// The keys behind which results begin, and the values that they stand for.
    after: Option<(Vec<u64>, Vec<SortValue>)>,
    /// The first document that is wanted although its keys are those of `after`.
    equals_from: DocId,
}

/// One key of one segment.
struct KeyReader {
    source: Source,
    flip: u64,
    missing: u64,
    compared: Compared,
    /// What was given to stand for a missing value, so that the extremes are ordinary keys.
    substitute: Option<Box<str>>,
}

enum Source {
    Score,
    Doc {
        base: u64,
    },
    Absent,
    Script(Box<RefCell<Runs>>),
    Numbers {
        column: Column<u64>,
        dense: Option<Arc<dyn ColumnValues<u64>>>,
        stored: ColumnType,
        mode: Mode,
        recode: Recode,
    },
    Words {
        column: Column<u64>,
        words: StrColumn,
        mode: Mode,
    },
}

impl SegmentKeys {
    /// The first key of a document.
    #[inline]
    pub(crate) fn first(&self, doc: DocId, score: f32) -> u64 {
        self.readers[0].key(doc, score)
    }

    /// The key with that number of a document.
    #[inline]
    pub(crate) fn key(&self, number: usize, doc: DocId, score: f32) -> u64 {
        self.readers[number].key(doc, score)
    }

    /// A column whose raw values, turned around by the mask, are the first key of every document.
    pub(crate) fn plain_column(&self) -> Option<(&Arc<dyn ColumnValues<u64>>, u64)> {
        match &self.readers[0].source {
            Source::Numbers {
                dense: Some(values),
                recode: Recode::No,
                ..
            } => Some((values, self.readers[0].flip)),
            _ => None,
        }
    }

    /// The keys behind which results begin.
    pub(crate) fn after(&self) -> Option<&[u64]> {
        self.after.as_ref().map(|(keys, _)| keys.as_slice())
    }

    /// The values behind which results begin.
    pub(crate) fn after_values(&self) -> Option<&[SortValue]> {
        self.after.as_ref().map(|(_, values)| values.as_slice())
    }

    /// The value with that number of a document.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub(crate) fn value_of(
        &self,
        number: usize,
        doc: DocId,
        score: f32,
    ) -> Result<SortValue, Failure> {
        let reader = &self.readers[number];
        match (&reader.source, reader.compared) {
            (Source::Script(runs), Compared::Words) => {
                let text = runs.borrow_mut().value(doc, score);
                Ok(match text.as_ref().and_then(Node::as_str) {
                    Some(text) => SortValue::Text(text.into()),
                    None => SortValue::Null,
                })
            }
            _ => reader.value(reader.key(doc, score)),
        }
    }

    /// Whether a document with the keys of [`SegmentKeys::after`] comes behind it.
    pub(crate) fn is_behind_its_equal(&self, doc: DocId) -> bool {
        doc >= self.equals_from
    }

    /// The value to show for a key.
    ///
    /// # Errors
    /// When the dictionary cannot be read.
    pub(crate) fn value(&self, number: usize, key: u64) -> Result<SortValue, Failure> {
        self.readers[number].value(key)
    }
}

impl KeyReader {
    /// The dictionary of strings, if this segment has one.
    fn words(&self) -> Option<&StrColumn> {
        match &self.source {
            Source::Words { words, .. } => Some(words),
            _ => None,
        }
    }

    #[inline]
    fn key(&self, doc: DocId, score: f32) -> u64 {
        let raw = match &self.source {
            Source::Numbers {
                dense: Some(values),
                recode,
                ..
            } => Some(recode.apply(values.get_val(doc))),
            Source::Numbers {
                column,
                stored,
                mode,
                recode,
                ..
            } => pick(column, doc, *mode, *stored).map(|raw| recode.apply(raw)),
            Source::Words { column, mode, .. } => extreme(column, doc, *mode).map(term_key),
            Source::Score => Some(score_key(score)),
            Source::Doc { base } => Some(base + u64::from(doc)),
            // a search that is ending has no use for the key
            Source::Script(runs) => runs.borrow_mut().number(doc, score).map(f64_to_u64),
            Source::Absent => None,
        };
        match raw {
            Some(raw) => raw ^ self.flip,
            None => self.missing,
        }
    }

    fn value(&self, key: u64) -> Result<SortValue, Failure> {
        let extreme = self.substitute.is_none() && (key == 0 || key == u64::MAX);
        let raw = key ^ self.flip;
        Ok(match (&self.source, self.compared) {
            (Source::Score, _) => SortValue::Float(u64_to_f64(raw) as f32),
            (Source::Doc { .. }, _) => SortValue::Long(i64::try_from(raw).unwrap_or(i64::MAX)),
            (_, Compared::Words) if key == self.missing => self
                .substitute
                .clone()
                .map_or(SortValue::Null, SortValue::Text),
            (Source::Words { words, .. }, _) => {
                let mut text = String::new();
                words
                    .ord_to_str(ord_of(raw), &mut text)
                    .map_err(|error| crate::broken(&error))?;
                SortValue::Text(text.into())
            }
            (_, Compared::Words) => SortValue::Null,
            (_, Compared::Long) => SortValue::Long(u64_to_i64(raw)),
            (_, Compared::Int) => {
                SortValue::Long(u64_to_i64(raw).clamp(i64::from(i32::MIN), i64::from(i32::MAX)))
            }
            (_, Compared::Unsigned) => SortValue::Unsigned(raw),
            (_, Compared::Double) if extreme => SortValue::Double(infinite(raw)),
            (_, Compared::Float) if extreme => SortValue::Float(infinite(raw) as f32),
            (_, Compared::Double) => SortValue::Double(u64_to_f64(raw)),
            (_, Compared::Float) => SortValue::Float(u64_to_f64(raw) as f32),
        })
    }
}

fn infinite(raw: u64) -> f64 {
    if raw == 0 {
        f64::NEG_INFINITY
    } else {
        f64::INFINITY
    }
}

/// The least or the greatest of a document's values.
#[inline]
fn extreme(column: &Column<u64>, doc: DocId, mode: Mode) -> Option<u64> {
    let mut values = column.values_for_doc(doc);
    let first = values.next()?;
    Some(match mode {
        Mode::Max => values.fold(first, u64::max),
        _ => values.fold(first, u64::min),
    })
}

/// The value of a document that counts.
fn pick(column: &Column<u64>, doc: DocId, mode: Mode, stored: ColumnType) -> Option<u64> {
    if matches!(mode, Mode::Min | Mode::Max) {
        return extreme(column, doc, mode);
    }
    let raw: Vec<u64> = column.values_for_doc(doc).collect();
    if raw.is_empty() {
        return None;
    }
    Some(match stored {
        ColumnType::F64 => {
            let values: Vec<f64> = raw.into_iter().map(u64_to_f64).collect();
            f64_to_u64(combine_doubles(values, mode))
        }
        ColumnType::U64 => combine_longs(raw.into_iter().map(i128::from).collect(), mode)
            .clamp(0, i128::from(u64::MAX)) as u64,
        ColumnType::Bool => {
            u64::from(combine_longs(raw.into_iter().map(i128::from).collect(), mode) != 0)
        }
        _ => {
            let values = raw
                .into_iter()
                .map(|raw| i128::from(u64_to_i64(raw)))
                .collect();
            i64_to_u64(
                combine_longs(values, mode).clamp(i128::from(i64::MIN), i128::from(i64::MAX))
                    as i64,
            )
        }
    })
}

/// As Java's `MultiValueMode`: the last digit of a sum depends on its order, and there values come sorted.
fn combine_doubles(mut values: Vec<f64>, mode: Mode) -> f64 {
    let count = values.len();
    values.sort_by(f64::total_cmp);
    match mode {
        Mode::Sum => values.iter().sum(),
        Mode::Avg => values.iter().sum::<f64>() / count as f64,
        _ => {
            if count % 2 == 1 {
                values[count / 2]
            } else {
                (values[count / 2 - 1] + values[count / 2]) / 2.0
            }
        }
    }
}

/// As Java's `MultiValueMode`: means of whole numbers are rounded.
fn combine_longs(mut values: Vec<i128>, mode: Mode) -> i128 {
    let count = values.len() as i128;
    match mode {
        Mode::Sum => values.iter().sum(),
        Mode::Avg => round(values.iter().sum::<i128>() as f64 / count as f64),
        _ => {
            values.sort_unstable();
            let middle = values.len() / 2;
            if values.len() % 2 == 1 {
                values[middle]
            } else {
                round((values[middle - 1] + values[middle]) as f64 / 2.0)
            }
        }
    }
}

fn round(value: f64) -> i128 {
    (value + 0.5).floor() as i128
}
