//! Java's arithmetic: whole numbers wrap around, division by zero fails, `float` stays `float`.

use super::scene::{Trouble, failed};
use crate::ast::{Binary, Unary};
use crate::program::Shift;
use crate::static_type::Primitive;
use glasswork_content::Kind;

#[cold]
pub(crate) fn division_by_zero() -> Trouble {
    failed(Kind::Arithmetic, "/ by zero")
}

/// `a operator b` in a promoted type, over the bits of registers.
pub(crate) fn arithmetic(
    operator: Binary,
    kind: Primitive,
    a: i64,
    b: i64,
) -> Result<i64, Trouble> {
    match kind {
        Primitive::Boolean => Ok(bitwise(operator, a, b)),
        Primitive::Float => {
            let (a, b) = (f32::from_bits(a as u32), f32::from_bits(b as u32));
            let result = match operator {
                Binary::Add => a + b,
                Binary::Subtract => a - b,
                Binary::Multiply => a * b,
                Binary::Divide => a / b,
                _ => a % b,
            };
            Ok(i64::from(result.to_bits()))
        }
        Primitive::Double => {
            let (a, b) = (f64::from_bits(a as u64), f64::from_bits(b as u64));
            let result = match operator {
                Binary::Add => a + b,
                Binary::Subtract => a - b,
                Binary::Multiply => a * b,
                Binary::Divide => a / b,
                _ => a % b,
            };
            Ok(result.to_bits() as i64)
        }
        Primitive::Long => whole(operator, true, a, b),
        _ => whole(operator, false, a, b).map(|result| i64::from(result as i32)),
    }
}

fn whole(operator: Binary, wide: bool, a: i64, b: i64) -> Result<i64, Trouble> {
    Ok(match operator {
        Binary::Add => a.wrapping_add(b),
        Binary::Subtract => a.wrapping_sub(b),
        Binary::Multiply => a.wrapping_mul(b),
        Binary::Divide if b == 0 => return Err(division_by_zero()),
        Binary::Divide => a.wrapping_div(b),
        Binary::Remainder if b == 0 => return Err(division_by_zero()),
        Binary::Remainder => a.wrapping_rem(b),
        Binary::ShiftLeft => shift(Shift::Left, wide, a, b),
        Binary::ShiftRight => shift(Shift::Right, wide, a, b),
        Binary::ShiftRightUnsigned => shift(Shift::RightUnsigned, wide, a, b),
        _ => bitwise(operator, a, b),
    })
}

fn bitwise(operator: Binary, a: i64, b: i64) -> i64 {
    match operator {
        Binary::And => a & b,
        Binary::Or => a | b,
        _ => a ^ b,
    }
}

/// Only the lowest five (or six) bits of the distance count.
pub(crate) fn shift(shift: Shift, wide: bool, a: i64, b: i64) -> i64 {
    if wide {
        let by = (b & 63) as u32;
        return match shift {
            Shift::Left => a << by,
            Shift::Right => a >> by,
            Shift::RightUnsigned => ((a as u64) >> by) as i64,
        };
    }
    let (a, by) = (a as i32, (b & 31) as u32);
    i64::from(match shift {
        Shift::Left => a << by,
        Shift::Right => a >> by,
        Shift::RightUnsigned => ((a as u32) >> by) as i32,
    })
}

/// `-a` in a promoted type.
pub(crate) fn negated(kind: Primitive, a: i64) -> i64 {
    match kind {
        Primitive::Float => i64::from((-f32::from_bits(a as u32)).to_bits()),
        Primitive::Double => (-f64::from_bits(a as u64)).to_bits() as i64,
        Primitive::Long => a.wrapping_neg(),
        _ => i64::from((a as i32).wrapping_neg()),
    }
}

/// `+a`, `-a`, `~a` in a promoted type; `None` when the type has no such operator.
pub(crate) fn unary(operator: Unary, kind: Primitive, a: i64) -> Option<i64> {
    match operator {
        Unary::Plus => Some(a),
        Unary::Minus => Some(negated(kind, a)),
        Unary::Complement if !kind.is_fraction() => Some(!a),
        _ => None,
    }
}
