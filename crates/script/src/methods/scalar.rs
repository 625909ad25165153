//! Methods of numbers, booleans and characters.

use super::Method;
use crate::static_type::Primitive;
use crate::value::{Value, converted};

/// `None` when there is no such method.
pub(super) fn call(object: &Value, method: Method, args: &[Value]) -> Option<Value> {
    let (kind, bits) = (object.primitive()?, object.bits()?);
    if !args.is_empty() {
        return None;
    }
    let into = |to| {
        (kind.is_number() && kind != Primitive::Char)
            .then(|| Value::boxed(converted(bits, kind, to), to))
    };
    match method {
        Method::ByteValue => into(Primitive::Byte),
        Method::ShortValue => into(Primitive::Short),
        Method::IntValue => into(Primitive::Int),
        Method::LongValue => into(Primitive::Long),
        Method::FloatValue => into(Primitive::Float),
        Method::DoubleValue => into(Primitive::Double),
        Method::BooleanValue if kind == Primitive::Boolean => Some(object.clone()),
        Method::CharValue if kind == Primitive::Char => Some(object.clone()),
        Method::IsNaN if kind.is_fraction() => Some(Value::Bool(object.as_double()?.is_nan())),
        Method::IsInfinite if kind.is_fraction() => {
            Some(Value::Bool(object.as_double()?.is_infinite()))
        }
        _ => None,
    }
}
