//! `docvalue_fields` and `fields`: values of single fields, formatted, out of columns or out of the source.

use std::borrow::Cow;

use glasswork_content::{Failure, Node, Render, Value};
use glasswork_engine::{FieldValue, Segment};
use tantivy::{DocId, columnar::ColumnType, u64_to_f64, u64_to_i64};

use crate::{
    aggs::java_order::hash_map_order,
    collect::text_is_not_sorted,
    context::Context,
    mapping::{FieldType, Kind, Matches, ValueFormat, values::DateContext},
    request::{FieldAndFormat, SearchRequest},
};

/// A name and a JSON array of values.
pub(crate) type NamedValues = (Box<str>, Vec<u8>);

/// The fields that a request wants to see, resolved once.
pub(crate) struct FieldReaders<'a> {
    columns: Vec<Reader<'a>>,
    sources: Vec<Reader<'a>>,
}

struct Reader<'a> {
    name: Box<str>,
    kind: &'a FieldType,
    format: ValueFormat,
}

impl<'a> FieldReaders<'a> {
    /// Resolves names and patterns against the mapping.
    ///
    /// # Errors
    /// A format that a field does not take; a column of a field that has none.
    pub(crate) fn new(context: &'a Context, request: &SearchRequest) -> Result<Self, Failure> {
        let columns = readers(context, &request.docvalue_fields)?;
        if let Some(text) = columns
            .iter()
            .find(|reader| reader.kind.kind() == Kind::Text)
        {
            return Err(text_is_not_sorted(&text.name));
        }
        Ok(Self {
            columns,
            sources: readers(context, &request.fields)?,
        })
    }

    /// Whether values are taken from the source.
    pub(crate) fn needs_source(&self) -> bool {
        !self.sources.is_empty()
    }

    /// The values of a document by name, each a JSON array.
    ///
    /// # Errors
    /// When a column cannot be read.
    pub(crate) fn read(
        &self,
        context: &Context,
        segment: &Segment,
        doc: DocId,
        source: Option<&Node>,
    ) -> Result<Vec<NamedValues>, Failure> {
        let mut found: Vec<NamedValues> = Vec::new();
        for reader in &self.columns {
            put(
                &mut found,
                &reader.name,
                &column_values(context, segment, doc, reader.kind)?,
                &reader.format,
            );
        }
        if let Some(source) = source {
            for reader in &self.sources {
                put(
                    &mut found,
                    &reader.name,
                    &source_values(context, source, reader.kind),
                    &reader.format,
                );
            }
        }
        Ok(found)
    }
}

/// Values in the order of a Java `HashMap`, as hits show them.
pub(crate) fn in_order(found: Vec<NamedValues>) -> Vec<NamedValues> {
    let order = hash_map_order(found.iter().map(|(name, _)| &**name));
    let mut found: Vec<Option<NamedValues>> = found.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|place| found[place].take())
        .collect()
}

fn readers<'a>(
    context: &'a Context,
    wanted: &[FieldAndFormat],
) -> Result<Vec<Reader<'a>>, Failure> {
    let mut readers = Vec::new();
    for FieldAndFormat { field, format } in wanted {
        for (name, kind) in context.mapping.matching(field) {
            if kind.number().is_none() || (field.contains('*') && name.starts_with('_')) {
                continue;
            }
            readers.push(Reader {
                name: name.into(),
                kind,
                format: kind.value_format(format.as_deref(), None)?,
            });
        }
    }
    Ok(readers)
}

fn put(found: &mut Vec<NamedValues>, name: &str, values: &[Shown], format: &ValueFormat) {
    if values.is_empty() {
        return;
    }
    found.retain(|(other, _)| &**other != name);
    let mut out = Render::compact();
    out.array();
    for value in values {
        match value {
            Shown::Typed(value) => format.render(value, &mut out),
            Shown::AsGiven(node) => out.node(node),
        }
    }
    out.end_array();
    found.push((name.into(), out.finish()));
}

/// A value to write.
enum Shown {
    /// As the field's type is written.
    Typed(FieldValue),
    /// As the source has it.
    AsGiven(Node),
}

fn column_values(
    context: &Context,
    segment: &Segment,
    doc: DocId,
    kind: &FieldType,
) -> Result<Vec<Shown>, Failure> {
    let Some(number) = kind.number().filter(|number| segment.has_field(*number)) else {
        return Ok(Vec::new());
    };
    let _ = number;
    let Some((_, field, _)) = context.view.field(kind.path()) else {
        return Ok(Vec::new());
    };
    let name = context.view.fields().schema().get_field_name(field);
    let columns = segment.reader.fast_fields();
    let broken = |error: tantivy::TantivyError| crate::broken(&error);
    if kind.kind() == Kind::Ip {
        let column = columns
            .column_opt::<std::net::Ipv6Addr>(name)
            .map_err(broken)?;
        let values = column
            .iter()
            .flat_map(|column| column.values_for_doc(doc).collect::<Vec<_>>());
        return Ok(values
            .map(|address| Shown::Typed(FieldValue::Ip(address.to_bits())))
            .collect());
    }
    if kind.kind() == Kind::Keyword {
        let mut values = Vec::new();
        if let Some(words) = columns.str(name).map_err(broken)? {
            for ord in words.term_ords(doc) {
                let mut text = String::new();
                words
                    .ord_to_str(ord, &mut text)
                    .map_err(|error| crate::broken(&error))?;
                values.push(text);
            }
        }
        values.sort();
        return Ok(values
            .into_iter()
            .map(|text| Shown::Typed(FieldValue::Keyword(text.into())))
            .collect());
    }
    let Some((column, stored)) = columns.u64_lenient(name).map_err(broken)? else {
        return Ok(Vec::new());
    };
    let mut raw: Vec<u64> = column.values_for_doc(doc).collect();
    raw.sort_unstable();
    Ok(raw
        .into_iter()
        .map(|raw| typed(kind, stored, raw))
        .collect())
}

fn typed(kind: &FieldType, stored: ColumnType, raw: u64) -> Shown {
    match stored {
        ColumnType::F64 if kind.kind() == Kind::Double => {
            Shown::Typed(FieldValue::F64(u64_to_f64(raw)))
        }
        // A float prints as the float it is, not as the double that holds it.
        ColumnType::F64 => Shown::AsGiven(Node::from(Value::Double(shortest(u64_to_f64(raw))))),
        ColumnType::U64 => Shown::Typed(FieldValue::U64(raw)),
        ColumnType::Bool => Shown::Typed(FieldValue::Bool(raw != 0)),
        _ => Shown::Typed(FieldValue::I64(u64_to_i64(raw))),
    }
}

fn shortest(value: f64) -> f64 {
    (value as f32).to_string().parse().unwrap_or(value)
}

/// The values at a field's path in the source; a multi-field reads those of the field it belongs to.
fn source_values(context: &Context, source: &Node, kind: &FieldType) -> Vec<Shown> {
    let mut found = Vec::new();
    let mut path = Cow::Borrowed(kind.path());
    loop {
        gather(source, &path, &mut found);
        if !found.is_empty() {
            break;
        }
        match path.rsplit_once('.') {
            Some((parent, _)) if context.mapping.field(parent).is_some() => {
                path = Cow::Owned(parent.to_owned())
            }
            _ => break,
        }
    }
    found
        .into_iter()
        .filter_map(|node| show(context, kind, node))
        .collect()
}

fn show(context: &Context, kind: &FieldType, node: &Node) -> Option<Shown> {
    if node.is_null() {
        return None;
    }
    if kind.kind().is_date() {
        let dates = DateContext::at(context.now_millis);
        return match kind.term(node, &dates) {
            Ok(Matches::Value(value)) => Some(Shown::Typed(value)),
            Ok(Matches::Range(std::ops::Bound::Included(value), _)) => Some(Shown::Typed(value)),
            _ => None,
        };
    }
    if kind.kind().is_number()
        && let Value::String(text) = &node.value
    {
        return match kind.kind().is_whole() {
            true => text
                .parse()
                .ok()
                .map(|value| Shown::AsGiven(Node::from(Value::Long(value)))),
            false => text
                .parse()
                .ok()
                .map(|value| Shown::AsGiven(Node::from(Value::Double(value)))),
        };
    }
    if matches!(kind.kind(), Kind::Text | Kind::Keyword) && node.as_str().is_none() {
        return node
            .to_text()
            .map(|text| Shown::AsGiven(Node::from(Value::String(text.into_owned()))));
    }
    Some(Shown::AsGiven(node.clone()))
}

/// The scalars that a dotted path leads to, through arrays and through names that contain dots.
fn gather<'n>(node: &'n Node, path: &str, found: &mut Vec<&'n Node>) {
    let mut open: Vec<(&'n Node, &str)> = vec![(node, path)];
    while let Some((node, path)) = open.pop() {
        match &node.value {
            Value::Array(nodes) => open.extend(nodes.iter().rev().map(|node| (node, path))),
            Value::Object(object) if !path.is_empty() => {
                for (name, node) in object.iter().rev() {
                    if name == path {
                        open.push((node, ""));
                    } else if let Some(rest) = path
                        .strip_prefix(name)
                        .and_then(|rest| rest.strip_prefix('.'))
                    {
                        open.push((node, rest));
                    }
                }
            }
            Value::Object(_) => {}
            _ if path.is_empty() => found.push(node),
            _ => {}
        }
    }
}
