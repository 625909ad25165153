//! Values of a running script.

use crate::host::Field;
use crate::static_type::{Class, Primitive};
use glasswork_content::Kind;
use std::sync::Arc;

/// A list, map or set in the [`Heap`](crate::heap::Heap).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle(pub u32);

/// What a `def` can be.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Byte(i8),
    Short(i16),
    Char(u16),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Text(Arc<str>),
    /// A whole number beyond 64 bits, kept as it is written.
    Huge(Arc<str>),
    /// Milliseconds since 1970, UTC.
    Date(i64),
    List(Handle),
    Map(Handle),
    Set(Handle),
    /// Key and value of an entry of a map.
    Entry(Arc<(Value, Value)>),
    /// `doc`
    Document,
    /// `doc['field']`
    Field(Field),
    Exception(Arc<Exception>),
}

/// What `throw` throws.
#[derive(Clone, Debug)]
pub(crate) struct Exception {
    pub kind: Kind,
    pub message: Option<Arc<str>>,
}

impl Value {
    pub(crate) fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// The class as upstream's messages name it.
    pub(crate) fn java_class(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "java.lang.Boolean",
            Value::Byte(_) => "java.lang.Byte",
            Value::Short(_) => "java.lang.Short",
            Value::Char(_) => "java.lang.Character",
            Value::Int(_) => "java.lang.Integer",
            Value::Long(_) => "java.lang.Long",
            Value::Float(_) => "java.lang.Float",
            Value::Double(_) => "java.lang.Double",
            Value::Text(_) => "java.lang.String",
            Value::Huge(_) => "java.math.BigInteger",
            Value::Date(_) => "java.time.ZonedDateTime",
            Value::List(_) => "java.util.ArrayList",
            Value::Map(_) => "java.util.HashMap",
            Value::Set(_) => "java.util.HashSet",
            Value::Entry(_) => "java.util.Map.Entry",
            Value::Document => "java.util.Map",
            Value::Field(_) => "org.opensearch.index.fielddata.ScriptDocValues",
            Value::Exception(_) => "java.lang.Exception",
        }
    }

    /// The unboxed type of a number, character or boolean.
    pub(crate) fn primitive(&self) -> Option<Primitive> {
        Some(match self {
            Value::Bool(_) => Primitive::Boolean,
            Value::Byte(_) => Primitive::Byte,
            Value::Short(_) => Primitive::Short,
            Value::Char(_) => Primitive::Char,
            Value::Int(_) => Primitive::Int,
            Value::Long(_) => Primitive::Long,
            Value::Float(_) => Primitive::Float,
            Value::Double(_) => Primitive::Double,
            _ => return None,
        })
    }

    /// What upstream's messages about casts call the value's type.
    pub(crate) fn unboxed_name(&self) -> &'static str {
        match self.primitive() {
            Some(primitive) => primitive.name(),
            None => self.java_class(),
        }
    }

    /// The bits of a primitive in a register of numbers.
    pub(crate) fn bits(&self) -> Option<i64> {
        Some(match *self {
            Value::Bool(flag) => i64::from(flag),
            Value::Byte(number) => i64::from(number),
            Value::Short(number) => i64::from(number),
            Value::Char(unit) => i64::from(unit),
            Value::Int(number) => i64::from(number),
            Value::Long(number) => number,
            Value::Float(number) => i64::from(number.to_bits()),
            Value::Double(number) => number.to_bits() as i64,
            _ => return None,
        })
    }

    /// The value of a register of numbers.
    pub(crate) fn boxed(bits: i64, primitive: Primitive) -> Value {
        match primitive {
            Primitive::Boolean => Value::Bool(bits != 0),
            Primitive::Byte => Value::Byte(bits as i8),
            Primitive::Short => Value::Short(bits as i16),
            Primitive::Char => Value::Char(bits as u16),
            Primitive::Int => Value::Int(bits as i32),
            Primitive::Long => Value::Long(bits),
            Primitive::Float => Value::Float(f32::from_bits(bits as u32)),
            Primitive::Double => Value::Double(f64::from_bits(bits as u64)),
        }
    }

    pub(crate) fn as_long(&self) -> Option<i64> {
        Some(match *self {
            Value::Byte(number) => i64::from(number),
            Value::Short(number) => i64::from(number),
            Value::Char(unit) => i64::from(unit),
            Value::Int(number) => i64::from(number),
            Value::Long(number) => number,
            Value::Float(number) => number as i64,
            Value::Double(number) => number as i64,
            _ => return None,
        })
    }

    pub(crate) fn as_double(&self) -> Option<f64> {
        Some(match *self {
            Value::Float(number) => f64::from(number),
            Value::Double(number) => number,
            _ => self.as_long()? as f64,
        })
    }

    pub(crate) fn is_instance(&self, class: Class) -> bool {
        matches!(
            (class, self),
            (Class::Text, Value::Text(_))
                | (Class::List, Value::List(_) | Value::Field(_))
                | (Class::Map, Value::Map(_) | Value::Document)
                | (Class::Set, Value::Set(_))
                | (Class::Boolean, Value::Bool(_))
                | (Class::Byte, Value::Byte(_))
                | (Class::Short, Value::Short(_))
                | (Class::Character, Value::Char(_))
                | (Class::Integer, Value::Int(_))
                | (Class::Long, Value::Long(_))
                | (Class::Float, Value::Float(_))
                | (Class::Double, Value::Double(_))
                | (Class::Date, Value::Date(_))
        ) || class == Class::Number
            && self
                .primitive()
                .is_some_and(|primitive| primitive.is_number() && primitive != Primitive::Char)
    }
}

/// Converts the bits of one primitive to those of another, as a Java cast does.
pub(crate) fn converted(bits: i64, from: Primitive, to: Primitive) -> i64 {
    let whole = |number: i64| match to {
        Primitive::Boolean => i64::from(number != 0),
        Primitive::Byte => i64::from(number as i8),
        Primitive::Short => i64::from(number as i16),
        Primitive::Char => i64::from(number as u16),
        Primitive::Int => i64::from(number as i32),
        Primitive::Long => number,
        Primitive::Float => i64::from((number as f32).to_bits()),
        Primitive::Double => (number as f64).to_bits() as i64,
    };
    let fraction = |number: f64| match to {
        Primitive::Float => i64::from((number as f32).to_bits()),
        Primitive::Double => number.to_bits() as i64,
        // Java goes through int to the narrower types
        Primitive::Long => number as i64,
        _ => whole(i64::from(number as i32)),
    };
    match from {
        Primitive::Float => fraction(f64::from(f32::from_bits(bits as u32))),
        Primitive::Double => fraction(f64::from_bits(bits as u64)),
        _ => whole(bits),
    }
}
