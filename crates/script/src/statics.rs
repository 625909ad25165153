//! What classes give without an object: functions, constants, exceptions.

use crate::static_type::{Class, Primitive, StaticType};
use glasswork_content::Kind;

/// Functions of `Math`. All take doubles, as upstream lets scripts call them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MathFunction {
    Abs,
    Acos,
    Asin,
    Atan,
    Atan2,
    Cbrt,
    Ceil,
    Cos,
    Cosh,
    Exp,
    Expm1,
    Floor,
    Hypot,
    Log,
    Log10,
    Log1p,
    Max,
    Min,
    Pow,
    Random,
    Rint,
    Round,
    Signum,
    Sin,
    Sinh,
    Sqrt,
    Tan,
    Tanh,
    ToDegrees,
    ToRadians,
}

impl MathFunction {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "abs" => MathFunction::Abs,
            "acos" => MathFunction::Acos,
            "asin" => MathFunction::Asin,
            "atan" => MathFunction::Atan,
            "atan2" => MathFunction::Atan2,
            "cbrt" => MathFunction::Cbrt,
            "ceil" => MathFunction::Ceil,
            "cos" => MathFunction::Cos,
            "cosh" => MathFunction::Cosh,
            "exp" => MathFunction::Exp,
            "expm1" => MathFunction::Expm1,
            "floor" => MathFunction::Floor,
            "hypot" => MathFunction::Hypot,
            "log" => MathFunction::Log,
            "log10" => MathFunction::Log10,
            "log1p" => MathFunction::Log1p,
            "max" => MathFunction::Max,
            "min" => MathFunction::Min,
            "pow" => MathFunction::Pow,
            "random" => MathFunction::Random,
            "rint" => MathFunction::Rint,
            "round" => MathFunction::Round,
            "signum" => MathFunction::Signum,
            "sin" => MathFunction::Sin,
            "sinh" => MathFunction::Sinh,
            "sqrt" => MathFunction::Sqrt,
            "tan" => MathFunction::Tan,
            "tanh" => MathFunction::Tanh,
            "toDegrees" => MathFunction::ToDegrees,
            "toRadians" => MathFunction::ToRadians,
            _ => return None,
        })
    }

    pub(crate) fn arity(self) -> usize {
        match self {
            MathFunction::Random => 0,
            MathFunction::Atan2
            | MathFunction::Hypot
            | MathFunction::Max
            | MathFunction::Min
            | MathFunction::Pow => 2,
            _ => 1,
        }
    }

    pub(crate) fn result(self) -> StaticType {
        if self == MathFunction::Round {
            StaticType::Primitive(Primitive::Long)
        } else {
            StaticType::DOUBLE
        }
    }

    /// The result as the bits of a register. `random` is what a random number is made of.
    pub(crate) fn apply(self, a: f64, b: f64, random: impl FnOnce() -> f64) -> i64 {
        let number = match self {
            MathFunction::Abs => a.abs(),
            MathFunction::Acos => a.acos(),
            MathFunction::Asin => a.asin(),
            MathFunction::Atan => a.atan(),
            MathFunction::Atan2 => a.atan2(b),
            MathFunction::Cbrt => a.cbrt(),
            MathFunction::Ceil => a.ceil(),
            MathFunction::Cos => a.cos(),
            MathFunction::Cosh => a.cosh(),
            MathFunction::Exp => a.exp(),
            MathFunction::Expm1 => a.exp_m1(),
            MathFunction::Floor => a.floor(),
            MathFunction::Hypot => a.hypot(b),
            MathFunction::Log => a.ln(),
            MathFunction::Log10 => a.log10(),
            MathFunction::Log1p => a.ln_1p(),
            // Java gives NaN when one of both is
            MathFunction::Max if a.is_nan() || b.is_nan() => f64::NAN,
            MathFunction::Min if a.is_nan() || b.is_nan() => f64::NAN,
            MathFunction::Max => a.max(b),
            MathFunction::Min => a.min(b),
            MathFunction::Pow => a.powf(b),
            MathFunction::Random => random(),
            MathFunction::Rint => a.round_ties_even(),
            MathFunction::Round => return (a + 0.5).floor() as i64,
            MathFunction::Signum if a == 0.0 || a.is_nan() => a,
            MathFunction::Signum => a.signum(),
            MathFunction::Sin => a.sin(),
            MathFunction::Sinh => a.sinh(),
            MathFunction::Sqrt => a.sqrt(),
            MathFunction::Tan => a.tan(),
            MathFunction::Tanh => a.tanh(),
            MathFunction::ToDegrees => a.to_degrees(),
            MathFunction::ToRadians => a.to_radians(),
        };
        number.to_bits() as i64
    }
}

/// Functions of other classes, and constructors of collections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StaticMethod {
    ParseInt,
    ParseLong,
    ParseDouble,
    ParseFloat,
    ParseBoolean,
    TextValueOf,
    TextJoin,
    TextFormat,
    IntegerCompare,
    LongCompare,
    DoubleCompare,
    DoubleIsNaN,
    IsDigit,
    IsLetter,
    IsWhitespace,
    IsUpperCase,
    IsLowerCase,
    ObjectsEquals,
    ObjectsIsNull,
    ObjectsNonNull,
    ListOf,
    MapOf,
    SetOf,
    AsList,
    Sort,
    Reverse,
    ListMax,
    ListMin,
    CurrentTimeMillis,
    ParseDate,
    DateOfMillis,
    Saturation,
    Sigmoid,
    DecayNumericLinear,
    DecayNumericExp,
    DecayNumericGauss,
    DecayDateLinear,
    DecayDateExp,
    DecayDateGauss,
    /// What `removeIf` ends with: the object, and the list of what is kept.
    Keep,
}

impl StaticMethod {
    pub(crate) fn named(class: &str, name: &str, count: usize) -> Option<Self> {
        Some(match (class, name, count) {
            ("Integer", "parseInt" | "valueOf", 1) => StaticMethod::ParseInt,
            ("Long", "parseLong" | "valueOf", 1) => StaticMethod::ParseLong,
            ("Double", "parseDouble" | "valueOf", 1) => StaticMethod::ParseDouble,
            ("Float", "parseFloat" | "valueOf", 1) => StaticMethod::ParseFloat,
            ("Boolean", "parseBoolean" | "valueOf", 1) => StaticMethod::ParseBoolean,
            (
                "Integer" | "Long" | "Double" | "Float" | "Boolean" | "Character" | "Objects",
                "toString",
                1,
            )
            | ("String", "valueOf", 1) => StaticMethod::TextValueOf,
            ("String", "join", 2) => StaticMethod::TextJoin,
            ("String", "format", 1..) => StaticMethod::TextFormat,
            ("Integer", "compare", 2) => StaticMethod::IntegerCompare,
            ("Long", "compare", 2) => StaticMethod::LongCompare,
            ("Double", "compare", 2) => StaticMethod::DoubleCompare,
            ("Double", "isNaN", 1) => StaticMethod::DoubleIsNaN,
            ("Character", "isDigit", 1) => StaticMethod::IsDigit,
            ("Character", "isLetter", 1) => StaticMethod::IsLetter,
            ("Character", "isWhitespace", 1) => StaticMethod::IsWhitespace,
            ("Character", "isUpperCase", 1) => StaticMethod::IsUpperCase,
            ("Character", "isLowerCase", 1) => StaticMethod::IsLowerCase,
            ("Objects", "equals", 2) => StaticMethod::ObjectsEquals,
            ("Objects", "isNull", 1) => StaticMethod::ObjectsIsNull,
            ("Objects", "nonNull", 1) => StaticMethod::ObjectsNonNull,
            ("Arrays", "asList", _) => StaticMethod::AsList,
            ("Collections", "sort", 1) => StaticMethod::Sort,
            ("Collections", "reverse", 1) => StaticMethod::Reverse,
            ("Collections", "max", 1) => StaticMethod::ListMax,
            ("Collections", "min", 1) => StaticMethod::ListMin,
            ("System", "currentTimeMillis", 0) => StaticMethod::CurrentTimeMillis,
            ("ZonedDateTime", "parse", 1) => StaticMethod::ParseDate,
            ("Instant", "ofEpochMilli", 1) => StaticMethod::DateOfMillis,
            ("Collections", "emptyList", 0) => StaticMethod::ListOf,
            ("Collections", "emptyMap", 0) => StaticMethod::MapOf,
            _ => return None,
        })
    }

    /// The functions that `script_score` has.
    pub(crate) fn of_scores(name: &str, count: usize) -> Option<Self> {
        Some(match (name, count) {
            ("saturation", 2) => StaticMethod::Saturation,
            ("sigmoid", 3) => StaticMethod::Sigmoid,
            ("decayNumericLinear", 5) => StaticMethod::DecayNumericLinear,
            ("decayNumericExp", 5) => StaticMethod::DecayNumericExp,
            ("decayNumericGauss", 5) => StaticMethod::DecayNumericGauss,
            ("decayDateLinear", 5) => StaticMethod::DecayDateLinear,
            ("decayDateExp", 5) => StaticMethod::DecayDateExp,
            ("decayDateGauss", 5) => StaticMethod::DecayDateGauss,
            _ => return None,
        })
    }

    pub(crate) fn result(self) -> StaticType {
        match self {
            StaticMethod::TextValueOf | StaticMethod::TextJoin | StaticMethod::TextFormat => {
                StaticType::TEXT
            }
            StaticMethod::AsList | StaticMethod::ListOf => StaticType::Class(Class::List),
            StaticMethod::MapOf => StaticType::Class(Class::Map),
            StaticMethod::SetOf => StaticType::Class(Class::Set),
            _ => StaticType::Def,
        }
    }
}

/// Classes whose functions and constants scripts can use.
pub(crate) fn class_named(name: &str) -> Option<&'static str> {
    [
        "Math",
        "Integer",
        "Long",
        "Double",
        "Float",
        "Boolean",
        "Byte",
        "Short",
        "Character",
        "String",
        "Objects",
        "Arrays",
        "Collections",
        "System",
        "ZonedDateTime",
        "Instant",
    ]
    .into_iter()
    .find(|class| *class == name)
}

/// A constant of a class: its type and the bits of a register.
pub(crate) fn constant(class: &str, name: &str) -> Option<(Primitive, i64)> {
    let double = |number: f64| (Primitive::Double, number.to_bits() as i64);
    let float = |number: f32| (Primitive::Float, i64::from(number.to_bits()));
    Some(match (class, name) {
        ("Math", "PI") => double(std::f64::consts::PI),
        ("Math", "E") => double(std::f64::consts::E),
        ("Integer", "MAX_VALUE") => (Primitive::Int, i64::from(i32::MAX)),
        ("Integer", "MIN_VALUE") => (Primitive::Int, i64::from(i32::MIN)),
        ("Long", "MAX_VALUE") => (Primitive::Long, i64::MAX),
        ("Long", "MIN_VALUE") => (Primitive::Long, i64::MIN),
        ("Short", "MAX_VALUE") => (Primitive::Short, i64::from(i16::MAX)),
        ("Short", "MIN_VALUE") => (Primitive::Short, i64::from(i16::MIN)),
        ("Byte", "MAX_VALUE") => (Primitive::Byte, i64::from(i8::MAX)),
        ("Byte", "MIN_VALUE") => (Primitive::Byte, i64::from(i8::MIN)),
        ("Double", "MAX_VALUE") => double(f64::MAX),
        ("Double", "MIN_VALUE") => double(f64::from_bits(1)),
        ("Double", "NaN") => double(f64::NAN),
        ("Double", "POSITIVE_INFINITY") => double(f64::INFINITY),
        ("Double", "NEGATIVE_INFINITY") => double(f64::NEG_INFINITY),
        ("Float", "MAX_VALUE") => float(f32::MAX),
        ("Float", "MIN_VALUE") => float(f32::from_bits(1)),
        ("Boolean", "TRUE") => (Primitive::Boolean, 1),
        ("Boolean", "FALSE") => (Primitive::Boolean, 0),
        _ => return None,
    })
}

/// What `new …Exception(…)` makes.
pub(crate) fn exception_named(name: &str) -> Option<Kind> {
    Some(match name {
        "Exception" => Kind::Exception,
        "RuntimeException" => Kind::Runtime,
        "IllegalArgumentException" => Kind::IllegalArgument,
        "IllegalStateException" => Kind::IllegalState,
        "UnsupportedOperationException" => Kind::UnsupportedOperation,
        "ArithmeticException" => Kind::Arithmetic,
        "NullPointerException" => Kind::NullPointer,
        "ClassCastException" => Kind::ClassCast,
        "IndexOutOfBoundsException" => Kind::IndexOutOfBounds,
        "NoSuchElementException" => Kind::NoSuchElement,
        "NumberFormatException" => Kind::NumberFormat,
        _ => return None,
    })
}
