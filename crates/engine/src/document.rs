//! What a mapping makes of a document, and how Tantivy is handed it without a copy.

use std::{iter, net::Ipv6Addr, slice};

use bytes::Bytes;
use tantivy::schema::{
    Field,
    document::{Document, ReferenceValue, ReferenceValueLeaf, Value},
};

use crate::{
    fields::{FieldNumber, InternalFields, tantivy_field},
    tokens::Tokens,
};

/// `position_increment_gap` of OpenSearch when a mapping says nothing else.
pub const POSITION_GAP: u32 = 100;

/// The typed values of one document, in any order of fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypedDocument {
    fields: Vec<(FieldNumber, FieldValue)>,
}

/// One value of a field. Its variant must fit the field's kind.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    /// The tokens of a text.
    Text(Tokens),
    /// One term.
    Keyword(Box<str>),
    /// Signed number or date.
    I64(i64),
    /// Unsigned number.
    U64(u64),
    /// Floating point; never NaN.
    F64(f64),
    /// Truth value.
    Bool(bool),
    /// IPv6 address as a number.
    Ip(u128),
}

impl TypedDocument {
    /// A document without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A document without values and room for some.
    #[must_use]
    pub fn with_capacity(values: usize) -> Self {
        Self {
            fields: Vec::with_capacity(values),
        }
    }

    /// Adds a value; a field may have many. A second text of the same field is appended to its first,
    /// [`POSITION_GAP`] positions later (append with [`Tokens::append`] beforehand for another gap).
    pub fn push(&mut self, field: FieldNumber, value: FieldValue) {
        if let FieldValue::Text(more) = &value
            && let Some(FieldValue::Text(tokens)) = self
                .fields
                .iter_mut()
                .rev()
                .find_map(|(number, value)| (*number == field).then_some(value))
        {
            tokens.append(more, POSITION_GAP);
            return;
        }
        self.fields.push((field, value));
    }

    /// The values in the order they were added.
    #[must_use]
    pub fn values(&self) -> &[(FieldNumber, FieldValue)] {
        &self.fields
    }

    /// The highest field number used.
    #[must_use]
    pub fn highest_field(&self) -> Option<FieldNumber> {
        self.fields.iter().map(|(number, _)| *number).max()
    }
}

/// A document as it enters a segment. Tantivy reads the values in place.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) id: Box<str>,
    pub(crate) routing: Option<Box<str>>,
    pub(crate) seq_no: u64,
    pub(crate) version: u64,
    pub(crate) primary_term: u64,
    pub(crate) source: Bytes,
    pub(crate) document: TypedDocument,
}

impl Document for Incoming {
    type Value<'a> = Leaf<'a>;
    type FieldsValuesIter<'a> = Values<'a>;

    fn iter_fields_and_values(&self) -> Values<'_> {
        Values {
            incoming: self,
            internal: 0,
            typed: self.document.fields.iter(),
        }
    }
}

/// Goes through the internal fields and then the mapped ones.
pub(crate) struct Values<'a> {
    incoming: &'a Incoming,
    internal: u8,
    typed: slice::Iter<'a, (FieldNumber, FieldValue)>,
}

impl<'a> Iterator for Values<'a> {
    type Item = (Field, Leaf<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let incoming = self.incoming;
        let step = self.internal;
        self.internal = step.saturating_add(1);
        match step {
            0 => Some((InternalFields::id(), Leaf::Text(&incoming.id))),
            1 => Some((InternalFields::seq_no(), Leaf::U64(incoming.seq_no))),
            2 => Some((InternalFields::version(), Leaf::U64(incoming.version))),
            3 => Some((
                InternalFields::primary_term(),
                Leaf::U64(incoming.primary_term),
            )),
            4 => Some((InternalFields::source(), Leaf::Source(&incoming.source))),
            5 if incoming.routing.is_some() => incoming
                .routing
                .as_deref()
                .map(|routing| (InternalFields::routing(), Leaf::Text(routing))),
            _ => {
                let (number, value) = self.typed.next()?;
                Some((tantivy_field(*number), Leaf::of(value)))
            }
        }
    }
}

/// A borrowed value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf<'a> {
    Text(&'a str),
    Source(&'a [u8]),
    U64(u64),
    I64(i64),
    F64(f64),
    Bool(bool),
    Ip(u128),
}

impl<'a> Leaf<'a> {
    fn of(value: &'a FieldValue) -> Self {
        match value {
            FieldValue::Text(tokens) => Self::Text(tokens.encoded()),
            FieldValue::Keyword(text) => Self::Text(text),
            FieldValue::I64(number) => Self::I64(*number),
            FieldValue::U64(number) => Self::U64(*number),
            FieldValue::F64(number) => Self::F64(*number),
            FieldValue::Bool(flag) => Self::Bool(*flag),
            FieldValue::Ip(address) => Self::Ip(*address),
        }
    }
}

impl<'a> Value<'a> for Leaf<'a> {
    type ArrayIter = iter::Empty<Self>;
    type ObjectIter = iter::Empty<(&'a str, Self)>;

    #[inline]
    fn as_value(&self) -> ReferenceValue<'a, Self> {
        ReferenceValue::Leaf(match *self {
            Self::Text(text) => ReferenceValueLeaf::Str(text),
            // Tantivy copies a text at once but bytes one by one. Only stored, so that the field's type does not matter.
            Self::Source(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => ReferenceValueLeaf::Str(text),
                Err(_) => ReferenceValueLeaf::Bytes(bytes),
            },
            Self::U64(number) => ReferenceValueLeaf::U64(number),
            Self::I64(number) => ReferenceValueLeaf::I64(number),
            Self::F64(number) => ReferenceValueLeaf::F64(number),
            Self::Bool(flag) => ReferenceValueLeaf::Bool(flag),
            Self::Ip(address) => ReferenceValueLeaf::IpAddr(Ipv6Addr::from_bits(address)),
        })
    }
}
