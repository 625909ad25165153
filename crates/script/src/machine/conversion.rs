//! Conversions of values whose types only the run knows, and what `throw` throws.

use super::scene::{Trouble, failed};
use crate::static_type::{Class, Primitive};
use crate::value::{Value, converted};
use glasswork_content::{Failure, Kind};

/// The bits of a value as a primitive (`Def.defTo…Implicit`, `…Explicit`).
pub(super) fn unboxed(value: &Value, kind: Primitive, explicit: bool) -> Result<i64, Trouble> {
    if let (Value::Text(text), Primitive::Char, true) = (value, kind, explicit) {
        let mut units = text.encode_utf16();
        return match (units.next(), units.next()) {
            (Some(unit), None) => Ok(i64::from(unit)),
            _ => Err(failed(
                Kind::ClassCast,
                "Cannot cast String with length not equal to one to char.",
            )),
        };
    }
    let (Some(from), Some(bits)) = (value.primitive(), value.bits()) else {
        return Err(cannot_cast(value, kind, explicit));
    };
    let numbers = from.is_number() && kind.is_number();
    if from.widens_to(kind) || explicit && numbers {
        return Ok(converted(bits, from, kind));
    }
    Err(cannot_cast(value, kind, explicit))
}

#[cold]
fn cannot_cast(value: &Value, kind: Primitive, explicit: bool) -> Trouble {
    let how = if explicit { "explicitly" } else { "implicitly" };
    let from = value.unboxed_name();
    let null = matches!(value, Value::Null);
    failed(
        if null {
            Kind::NullPointer
        } else {
            Kind::ClassCast
        },
        format!("cannot {how} cast def [{from}] to {}", kind.name()),
    )
}

pub(super) fn check_class(value: &Value, class: Class) -> Result<(), Trouble> {
    if matches!(value, Value::Null) || value.is_instance(class) {
        return Ok(());
    }
    let reason = format!(
        "cannot implicitly cast def [{}] to {}",
        value.unboxed_name(),
        class.java_name()
    );
    Err(failed(Kind::ClassCast, reason))
}

#[cold]
pub(super) fn thrown(value: &Value) -> Trouble {
    match value {
        Value::Exception(exception) => match &exception.message {
            Some(message) => failed(exception.kind, &**message),
            None => Failure::without_reason(exception.kind).into(),
        },
        other => failed(
            Kind::ClassCast,
            format!("cannot throw [{}]", other.java_class()),
        ),
    }
}
