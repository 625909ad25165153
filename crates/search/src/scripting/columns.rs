//! What a script sees of a document: the columns of its segment, and its source.

use std::{net::Ipv6Addr, sync::Arc};

use glasswork_content::{Failure, Limits, Node};
use glasswork_engine::View;
use glasswork_script::{Field, Host, Interrupt as Interrupted, Scalar};
use tantivy::{
    DocId, SegmentReader, TantivyError,
    columnar::{Column, StrColumn},
    u64_to_f64, u64_to_i64,
};

use crate::{
    collect::text_is_not_sorted,
    interrupt::Interrupt,
    mapping::{Kind, Mapping},
};

/// The host of scripts over one segment. It stands at one document at a time.
pub(crate) struct Columns {
    reader: SegmentReader,
    view: Arc<View>,
    mapping: Arc<Mapping>,
    interrupt: Arc<Interrupt>,
    fields: Vec<(Box<str>, FieldValues)>,
    doc: DocId,
    score: f32,
}

impl Columns {
    pub(crate) fn new(
        reader: SegmentReader,
        view: Arc<View>,
        mapping: Arc<Mapping>,
        interrupt: Arc<Interrupt>,
    ) -> Self {
        Self {
            reader,
            view,
            mapping,
            interrupt,
            fields: Vec::new(),
            doc: 0,
            score: 0.0,
        }
    }

    /// Goes to a document, whose `_score` is `score`.
    pub(crate) fn go_to(&mut self, doc: DocId, score: f32) {
        self.doc = doc;
        self.score = score;
    }
}

/// A column, by how its values are to be read.
pub(crate) enum FieldValues {
    /// The segment has no value of the field.
    None,
    /// Keywords.
    Words(StrColumn),
    /// Addresses.
    Addresses(Column<Ipv6Addr>),
    /// Whole numbers.
    Longs(Column<u64>),
    /// Whole numbers without a sign.
    Unsigned(Column<u64>),
    /// Numbers with a fraction.
    Doubles(Column<u64>),
    /// Truth values.
    Truths(Column<u64>),
    /// Dates, in milliseconds.
    Millis(Column<u64>),
    /// Dates, in nanoseconds.
    Nanos(Column<u64>),
}

impl FieldValues {
    /// Opens the column of the field `name` in a segment; nothing when the mapping has no such field.
    ///
    /// # Errors
    /// A field without a column; a column that cannot be read.
    pub(crate) fn open(
        view: &View,
        mapping: &Mapping,
        reader: &SegmentReader,
        name: &str,
    ) -> Result<Option<Self>, Failure> {
        let Some(kind) = mapping.field(name) else {
            return Ok(None);
        };
        if kind.kind() == Kind::Text {
            return Err(text_is_not_sorted(name));
        }
        let Some((_, field, spec)) = view.field(kind.path()) else {
            return Ok(Some(Self::None));
        };
        if !spec.has_column() {
            return Err(Failure::illegal_argument(format!(
                "Can't load fielddata on [{name}] because fielddata is unsupported on fields of type [{}]. Use doc values instead.",
                kind.type_name()
            )));
        }
        let name = view.fields().schema().get_field_name(field);
        let columns = reader.fast_fields();
        let broken = |error: TantivyError| crate::broken(&error);
        Ok(Some(match kind.kind() {
            Kind::Keyword => columns
                .str(name)
                .map_err(broken)?
                .map_or(Self::None, Self::Words),
            Kind::Ip => columns
                .column_opt(name)
                .map_err(broken)?
                .map_or(Self::None, Self::Addresses),
            number => match columns.u64_lenient(name).map_err(broken)? {
                None => Self::None,
                Some((column, _)) => match number {
                    Kind::UnsignedLong => Self::Unsigned(column),
                    Kind::Double | Kind::Float | Kind::HalfFloat => Self::Doubles(column),
                    Kind::Boolean => Self::Truths(column),
                    Kind::Date => Self::Millis(column),
                    Kind::DateNanos => Self::Nanos(column),
                    _ => Self::Longs(column),
                },
            },
        }))
    }

    /// How many values a document has.
    pub(crate) fn count(&self, doc: DocId) -> usize {
        match self {
            Self::None => 0,
            Self::Words(words) => words.ords().values_for_doc(doc).count(),
            Self::Addresses(column) => column.values_for_doc(doc).count(),
            Self::Longs(column)
            | Self::Unsigned(column)
            | Self::Doubles(column)
            | Self::Truths(column)
            | Self::Millis(column)
            | Self::Nanos(column) => column.values_for_doc(doc).count(),
        }
    }

    /// One of a document's values in ascending order, `index` being smaller than [`FieldValues::count`].
    pub(crate) fn value(&self, doc: DocId, index: usize) -> Scalar {
        let nth = |column: &Column<u64>| nth(column, doc, index);
        match self {
            Self::None => Scalar::Long(0),
            Self::Words(words) => {
                let mut text = String::new();
                // A term that cannot be read is shown as an empty one; its column was opened without an error.
                let read = words.ord_to_str(nth(words.ords()), &mut text);
                Scalar::Text(if read.is_ok() { text.into() } else { "".into() })
            }
            Self::Addresses(column) => {
                let mut addresses: Vec<Ipv6Addr> = column.values_for_doc(doc).collect();
                addresses.sort();
                let address = addresses
                    .get(index)
                    .copied()
                    .unwrap_or(Ipv6Addr::UNSPECIFIED);
                Scalar::Text(address.to_canonical().to_string().into())
            }
            Self::Longs(column) => Scalar::Long(u64_to_i64(nth(column))),
            Self::Unsigned(column) => Scalar::Long(i64::try_from(nth(column)).unwrap_or(i64::MAX)),
            Self::Doubles(column) => Scalar::Double(u64_to_f64(nth(column))),
            Self::Truths(column) => Scalar::Bool(nth(column) != 0),
            Self::Millis(column) => Scalar::Date(u64_to_i64(nth(column))),
            Self::Nanos(column) => Scalar::Date(u64_to_i64(nth(column)).div_euclid(1_000_000)),
        }
    }

    /// One of a document's values as a number, dates in milliseconds; nothing for texts, or when there is no such value.
    pub(crate) fn number(&self, doc: DocId, index: usize) -> Option<f64> {
        if index >= self.count(doc) {
            return None;
        }
        match self.value(doc, index) {
            Scalar::Bool(truth) => Some(f64::from(u8::from(truth))),
            Scalar::Long(number) | Scalar::Date(number) => Some(number as f64),
            Scalar::Double(number) => Some(number),
            Scalar::Text(_) => None,
        }
    }
}

impl Host for Columns {
    fn tick(&mut self, _steps: u32) -> Result<(), Interrupted> {
        if self.interrupt.go_on() {
            Ok(())
        } else {
            Err(Interrupted)
        }
    }

    fn field(&mut self, name: &str) -> Result<Option<Field>, Failure> {
        let known = self.fields.iter().position(|(known, _)| &**known == name);
        let place = match known {
            Some(place) => place,
            None => {
                let Some(values) =
                    FieldValues::open(&self.view, &self.mapping, &self.reader, name)?
                else {
                    return Ok(None);
                };
                self.fields.push((name.into(), values));
                self.fields.len() - 1
            }
        };
        Ok(u32::try_from(place).ok().map(Field))
    }

    fn count(&mut self, field: Field) -> usize {
        match self.fields.get(field.0 as usize) {
            Some((_, values)) => values.count(self.doc),
            None => 0,
        }
    }

    fn value(&mut self, field: Field, index: usize) -> Scalar {
        match self.fields.get(field.0 as usize) {
            Some((_, values)) => values.value(self.doc, index),
            None => Scalar::Long(0),
        }
    }

    fn score(&mut self) -> f64 {
        f64::from(self.score)
    }

    fn source(&mut self) -> Result<Option<Node>, Failure> {
        let id = self.reader.segment_id();
        let segments = self.view.segments();
        let Some(segment) = segments
            .iter()
            .find(|segment| segment.reader.segment_id() == id)
        else {
            return Ok(None);
        };
        if self.mapping.source().disabled {
            return Ok(None);
        }
        let source = segment
            .source(self.doc)
            .map_err(|error| crate::broken(&error))?;
        glasswork_content::parse(&source, &Limits::default()).map(Some)
    }
}

/// The value with that number among a document's values in ascending order, as doc values are sorted.
fn nth(column: &Column<u64>, doc: DocId, index: usize) -> u64 {
    let mut values = column.values_for_doc(doc);
    if index == 0
        && let Some(first) = values.next()
    {
        return values.fold(first, u64::min);
    }
    let mut values: Vec<u64> = column.values_for_doc(doc).collect();
    values.sort_unstable();
    values.get(index).copied().unwrap_or(0)
}
