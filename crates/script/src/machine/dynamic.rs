//! Operators over values whose types only the run knows (`Def`).

use super::scene::{Scene, Trouble, failed};
use super::{arithmetic, telling};
use crate::ast::{Binary, Unary};
use crate::static_type::Primitive;
use crate::value::{Value, converted};
use glasswork_content::{Failure, Kind};

/// Nesting of lists and maps that are compared or told.
pub(super) const MAX_DEPTH: usize = 100;

#[cold]
fn cannot_apply(operator: Binary, a: &Value, b: &Value) -> Trouble {
    let reason = format!(
        "Cannot apply [{}] operation to types [{}] and [{}].",
        operator.symbol(),
        a.java_class(),
        b.java_class()
    );
    let null = matches!(a, Value::Null) || matches!(b, Value::Null);
    failed(
        if null {
            Kind::NullPointer
        } else {
            Kind::ClassCast
        },
        reason,
    )
}

/// The operators that loops over `def` spend their time on; `None` leaves the rest to [`binary`].
#[inline]
pub(crate) fn quick_binary(operator: Binary, a: &Value, b: &Value) -> Option<Value> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(Value::Int(match operator {
            Binary::Add => a.wrapping_add(*b),
            Binary::Subtract => a.wrapping_sub(*b),
            Binary::Multiply => a.wrapping_mul(*b),
            Binary::Remainder if *b != 0 => a.wrapping_rem(*b),
            Binary::Divide if *b != 0 => a.wrapping_div(*b),
            _ => return None,
        })),
        (Value::Double(a), Value::Double(b)) => Some(Value::Double(match operator {
            Binary::Add => a + b,
            Binary::Subtract => a - b,
            Binary::Multiply => a * b,
            Binary::Divide => a / b,
            _ => return None,
        })),
        (Value::Long(a), Value::Long(b)) => quick_long(operator, *a, *b),
        (Value::Long(a), Value::Int(b)) => quick_long(operator, *a, i64::from(*b)),
        (Value::Int(a), Value::Long(b)) => quick_long(operator, i64::from(*a), *b),
        _ => None,
    }
}

#[inline]
fn quick_long(operator: Binary, a: i64, b: i64) -> Option<Value> {
    Some(Value::Long(match operator {
        Binary::Add => a.wrapping_add(b),
        Binary::Subtract => a.wrapping_sub(b),
        Binary::Multiply => a.wrapping_mul(b),
        Binary::Remainder if b != 0 => a.wrapping_rem(b),
        Binary::Divide if b != 0 => a.wrapping_div(b),
        _ => return None,
    }))
}

/// Comparisons of whole numbers; `None` leaves the rest to [`compare`].
#[inline]
pub(crate) fn quick_compare(operator: Binary, a: &Value, b: &Value) -> Option<bool> {
    let (a, b) = match (a, b) {
        (Value::Int(a), Value::Int(b)) => (i64::from(*a), i64::from(*b)),
        (Value::Long(a), Value::Int(b)) => (*a, i64::from(*b)),
        (Value::Int(a), Value::Long(b)) => (i64::from(*a), *b),
        (Value::Long(a), Value::Long(b)) => (*a, *b),
        _ => return None,
    };
    Some(match operator {
        Binary::Less => a < b,
        Binary::LessEqual => a <= b,
        Binary::Greater => a > b,
        Binary::GreaterEqual => a >= b,
        Binary::Equal => a == b,
        Binary::NotEqual => a != b,
        _ => return None,
    })
}

/// `a operator b` for everything but comparisons.
pub(crate) fn binary(
    scene: &mut Scene<'_>,
    operator: Binary,
    a: &Value,
    b: &Value,
) -> Result<Value, Trouble> {
    if operator == Binary::Add && (matches!(a, Value::Text(_)) || matches!(b, Value::Text(_))) {
        return concatenated(scene, a, b);
    }
    let (Some(a_kind), Some(b_kind)) = (a.primitive(), b.primitive()) else {
        return Err(cannot_apply(operator, a, b));
    };
    let bits = matches!(operator, Binary::And | Binary::Or | Binary::Xor);
    let shift = matches!(
        operator,
        Binary::ShiftLeft | Binary::ShiftRight | Binary::ShiftRightUnsigned
    );
    let kind = match (a_kind, b_kind) {
        (Primitive::Boolean, Primitive::Boolean) if bits => Primitive::Boolean,
        (Primitive::Boolean, _) | (_, Primitive::Boolean) => {
            return Err(cannot_apply(operator, a, b));
        }
        _ if (bits || shift) && (a_kind.is_fraction() || b_kind.is_fraction()) => {
            return Err(cannot_apply(operator, a, b));
        }
        _ if shift => a_kind.promoted(Primitive::Int),
        _ => a_kind.promoted(b_kind),
    };
    let (Some(a), Some(b)) = (a.bits(), b.bits()) else {
        return Ok(Value::Null);
    };
    let b = if shift { b } else { converted(b, b_kind, kind) };
    let result = arithmetic::arithmetic(operator, kind, converted(a, a_kind, kind), b)?;
    Ok(Value::boxed(result, kind))
}

fn concatenated(scene: &mut Scene<'_>, a: &Value, b: &Value) -> Result<Value, Trouble> {
    let mut joined = String::new();
    telling::write(scene, a, &mut joined, 0)?;
    telling::write(scene, b, &mut joined, 0)?;
    scene.burn(joined.len() / 64)?;
    Ok(scene.heap.text(joined)?)
}

pub(crate) fn unary(operator: Unary, a: &Value) -> Result<Value, Trouble> {
    let symbol = match operator {
        Unary::Not => "!",
        Unary::Complement => "~",
        Unary::Minus => "-",
        Unary::Plus => "+",
    };
    let refused = || {
        let kind = if matches!(a, Value::Null) {
            Kind::NullPointer
        } else {
            Kind::ClassCast
        };
        failed(
            kind,
            format!(
                "Cannot apply [{symbol}] operation to type [{}].",
                a.java_class()
            ),
        )
    };
    let (Some(kind), Some(bits)) = (a.primitive().filter(|kind| kind.is_number()), a.bits()) else {
        return Err(refused());
    };
    let promoted = kind.promoted(Primitive::Int);
    let result = arithmetic::unary(operator, promoted, converted(bits, kind, promoted))
        .ok_or_else(refused)?;
    Ok(Value::boxed(result, promoted))
}

/// A comparison.
pub(crate) fn compare(
    scene: &mut Scene<'_>,
    operator: Binary,
    a: &Value,
    b: &Value,
) -> Result<bool, Trouble> {
    match operator {
        Binary::Equal => equal(scene, a, b, true),
        Binary::NotEqual => equal(scene, a, b, true).map(|same| !same),
        Binary::Same => Ok(same(a, b)),
        Binary::NotSame => Ok(!same(a, b)),
        _ => {
            let numbers = numbers(a, b).ok_or_else(|| cannot_apply(operator, a, b))?;
            Ok(match numbers {
                Numbers::Whole(a, b) => holds(operator, a.cmp(&b)),
                Numbers::Fractions(a, b) => a
                    .partial_cmp(&b)
                    .is_some_and(|order| holds(operator, order)),
            })
        }
    }
}

fn holds(operator: Binary, order: std::cmp::Ordering) -> bool {
    match operator {
        Binary::Less => order.is_lt(),
        Binary::LessEqual => order.is_le(),
        Binary::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

enum Numbers {
    Whole(i64, i64),
    Fractions(f64, f64),
}

/// Two numbers in the type in which Java compares them.
fn numbers(a: &Value, b: &Value) -> Option<Numbers> {
    let (a_kind, b_kind) = (a.primitive()?, b.primitive()?);
    if !a_kind.is_number() || !b_kind.is_number() {
        return None;
    }
    match a_kind.promoted(b_kind) {
        Primitive::Double => Some(Numbers::Fractions(a.as_double()?, b.as_double()?)),
        // a long beside a float becomes a float
        Primitive::Float => Some(Numbers::Fractions(
            f64::from(a.as_double()? as f32),
            f64::from(b.as_double()? as f32),
        )),
        _ => Some(Numbers::Whole(a.as_long()?, b.as_long()?)),
    }
}

/// `===`: the same object.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) | (Value::Document, Value::Document) => true,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::List(a), Value::List(b))
        | (Value::Map(a), Value::Map(b))
        | (Value::Set(a), Value::Set(b)) => a == b,
        (Value::Field(a), Value::Field(b)) => a == b,
        _ => a.primitive().is_some() && a.primitive() == b.primitive() && a.bits() == b.bits(),
    }
}

/// `a == b` (numbers of different types by their worth) or, without `loose`, `a.equals(b)`.
pub(crate) fn equal(
    scene: &mut Scene<'_>,
    a: &Value,
    b: &Value,
    loose: bool,
) -> Result<bool, Trouble> {
    equal_at(scene, a, b, loose, 0)
}

fn equal_at(
    scene: &mut Scene<'_>,
    a: &Value,
    b: &Value,
    loose: bool,
    depth: usize,
) -> Result<bool, Trouble> {
    if depth > MAX_DEPTH {
        return Err(self_referencing());
    }
    let equal = match (a, b) {
        (Value::Null, Value::Null) | (Value::Document, Value::Document) => true,
        (Value::Text(a), Value::Text(b)) | (Value::Huge(a), Value::Huge(b)) => a == b,
        (Value::Date(a), Value::Date(b)) => a == b,
        (Value::Entry(a), Value::Entry(b)) => {
            equal_at(scene, &a.0, &b.0, false, depth + 1)?
                && equal_at(scene, &a.1, &b.1, false, depth + 1)?
        }
        (Value::List(a), Value::List(b)) => {
            let count = scene.heap.elements(*a).len();
            if a == b || count != scene.heap.elements(*b).len() {
                return Ok(a == b);
            }
            for index in 0..count {
                scene.burn(1)?;
                let pair = (
                    scene.heap.elements(*a)[index].clone(),
                    scene.heap.elements(*b)[index].clone(),
                );
                if !equal_at(scene, &pair.0, &pair.1, false, depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(a), Value::Map(b)) | (Value::Set(a), Value::Set(b)) => {
            let count = scene.heap.table(*a).len();
            if a == b || count != scene.heap.table(*b).len() {
                return Ok(a == b);
            }
            for index in 0..count {
                scene.burn(1)?;
                let (key, value) = scene.heap.table(*a).entries()[index].clone();
                let Some(other) = scene.heap.table(*b).get(&key).cloned() else {
                    return Ok(false);
                };
                if !equal_at(scene, &value, &other, false, depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        _ if loose => match numbers(a, b) {
            Some(Numbers::Whole(a, b)) => a == b,
            Some(Numbers::Fractions(a, b)) => a == b,
            None => same(a, b),
        },
        _ => same(a, b),
    };
    Ok(equal)
}

#[cold]
pub(super) fn self_referencing() -> Trouble {
    Failure::illegal_argument("Iterable object is self-referencing itself").into()
}

/// The order of `compareTo` and of sorting: numbers, strings, booleans, dates among themselves.
pub(crate) fn order(a: &Value, b: &Value) -> Result<std::cmp::Ordering, Trouble> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Ok(order_of_texts(a, b)),
        (Value::Bool(a), Value::Bool(b)) => Ok(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Ok(a.cmp(b)),
        _ => match numbers(a, b) {
            Some(Numbers::Whole(a, b)) => Ok(a.cmp(&b)),
            Some(Numbers::Fractions(a, b)) => Ok(a.total_cmp(&b)),
            None => {
                let null = matches!(a, Value::Null) || matches!(b, Value::Null);
                let kind = if null {
                    Kind::NullPointer
                } else {
                    Kind::ClassCast
                };
                let (a, b) = (a.java_class(), b.java_class());
                Err(failed(
                    kind,
                    format!("class {a} cannot be cast to class {b}"),
                ))
            }
        },
    }
}

/// Java orders strings by their UTF-16 units.
pub(crate) fn order_of_texts(a: &str, b: &str) -> std::cmp::Ordering {
    if a.is_ascii() || b.is_ascii() {
        a.cmp(b)
    } else {
        a.encode_utf16().cmp(b.encode_utf16())
    }
}
