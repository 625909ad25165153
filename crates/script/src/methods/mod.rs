//! The methods that scripts call: which there are, and of which classes.

mod collection;
pub(crate) mod date;
mod field;
mod format;
mod function;
mod scalar;
mod score;
mod text;

pub(crate) use function::call_static;

use crate::machine::access::null_reference;
use crate::machine::scene::{Scene, Trouble, failed, illegal};
use crate::machine::{dynamic, telling};
use crate::static_type::Class;
use crate::value::Value;
use glasswork_content::Kind;

macro_rules! methods {
    ($($variant:ident $name:literal [$($class:ident)*];)*) => {
        /// A method, by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Method {
            /// No class of the subset has a method of this name.
            Unknown,
            $($variant,)*
        }

        impl Method {
            pub(crate) fn named(name: &str) -> Method {
                match name { $($name => Method::$variant,)* _ => Method::Unknown }
            }

            /// Whether objects of the class have it.
            pub(crate) fn is_of(self, class: Class) -> bool {
                if matches!(self, Method::Equals | Method::HashCode | Method::ToString) {
                    return true;
                }
                // boxed numbers share their methods
                let class = match class {
                    Class::Byte | Class::Short | Class::Integer | Class::Long | Class::Float | Class::Double => Class::Number,
                    other => other,
                };
                match self {
                    Method::Unknown => false,
                    $(Method::$variant => [$(Class::$class),*].contains(&class),)*
                }
            }
        }
    };
}

methods! {
    Equals "equals" [];
    HashCode "hashCode" [];
    ToString "toString" [];
    CompareTo "compareTo" [Text Number Boolean Character Date];
    Add "add" [List Set];
    AddAll "addAll" [List Set];
    Clear "clear" [List Map Set];
    Contains "contains" [Text List Set];
    ContainsAll "containsAll" [List Set];
    Get "get" [List Map];
    GetLength "getLength" [List];
    IndexOf "indexOf" [Text List];
    IsEmpty "isEmpty" [Text List Map Set];
    LastIndexOf "lastIndexOf" [Text List];
    Remove "remove" [List Map Set];
    RemoveAll "removeAll" [List Set];
    RetainAll "retainAll" [List Set];
    Set "set" [List];
    Size "size" [List Map Set];
    Sort "sort" [List];
    SubList "subList" [List];
    Sum "sum" [List];
    Stream "stream" [List Set];
    Boxed "boxed" [List];
    Count "count" [List];
    Distinct "distinct" [List];
    Sorted "sorted" [List];
    Limit "limit" [List];
    Skip "skip" [List];
    ToArray "toArray" [List Set];
    Join "join" [List];
    ContainsKey "containsKey" [Map];
    ContainsValue "containsValue" [Map];
    EntrySet "entrySet" [Map];
    GetOrDefault "getOrDefault" [Map];
    KeySet "keySet" [Map];
    Put "put" [Map];
    PutAll "putAll" [Map];
    PutIfAbsent "putIfAbsent" [Map];
    Values "values" [Map];
    GetKey "getKey" [];
    GetValue "getValue" [];
    GetValues "getValues" [];
    CharAt "charAt" [Text];
    CompareToIgnoreCase "compareToIgnoreCase" [Text];
    Concat "concat" [Text];
    EndsWith "endsWith" [Text];
    EqualsIgnoreCase "equalsIgnoreCase" [Text];
    Length "length" [Text];
    Repeat "repeat" [Text];
    Replace "replace" [Text];
    SplitOnToken "splitOnToken" [Text];
    StartsWith "startsWith" [Text];
    Strip "strip" [Text];
    Substring "substring" [Text];
    ToLowerCase "toLowerCase" [Text];
    ToUpperCase "toUpperCase" [Text];
    Trim "trim" [Text];
    BooleanValue "booleanValue" [Boolean];
    ByteValue "byteValue" [Number];
    CharValue "charValue" [Character];
    DoubleValue "doubleValue" [Number];
    FloatValue "floatValue" [Number];
    IntValue "intValue" [Number];
    IsInfinite "isInfinite" [Number];
    IsNaN "isNaN" [Number];
    LongValue "longValue" [Number];
    ShortValue "shortValue" [Number];
    GetDayOfMonth "getDayOfMonth" [Date];
    GetDayOfWeek "getDayOfWeek" [Date];
    GetDayOfYear "getDayOfYear" [Date];
    GetHour "getHour" [Date];
    GetMillis "getMillis" [Date];
    GetMinute "getMinute" [Date];
    GetMonthValue "getMonthValue" [Date];
    GetSecond "getSecond" [Date];
    GetYear "getYear" [Date];
    IsAfter "isAfter" [Date];
    IsBefore "isBefore" [Date];
    MinusDays "minusDays" [Date];
    PlusDays "plusDays" [Date];
    ToEpochMilli "toEpochMilli" [Date];
    ToInstant "toInstant" [Date];
    ToEpochSecond "toEpochSecond" [Date];
    PlusWeeks "plusWeeks" [Date];
    MinusWeeks "minusWeeks" [Date];
    PlusHours "plusHours" [Date];
    MinusHours "minusHours" [Date];
    PlusMinutes "plusMinutes" [Date];
    MinusMinutes "minusMinutes" [Date];
    PlusSeconds "plusSeconds" [Date];
    MinusSeconds "minusSeconds" [Date];
    PlusMonths "plusMonths" [Date];
    MinusMonths "minusMonths" [Date];
    PlusYears "plusYears" [Date];
    MinusYears "minusYears" [Date];
    WithDayOfMonth "withDayOfMonth" [Date];
    WithMonth "withMonth" [Date];
    WithYear "withYear" [Date];
    GetMessage "getMessage" [];
}

/// Calls a method of an object.
pub(crate) fn call(
    scene: &mut Scene<'_>,
    object: &Value,
    method: Method,
    name: &str,
    args: &[Value],
) -> Result<Value, Trouble> {
    match (method, args) {
        (_, _) if matches!(object, Value::Null) => return Err(null_reference(name)),
        (Method::Equals, [other]) => {
            return dynamic::equal(scene, object, other, false).map(Value::Bool);
        }
        (Method::ToString, []) => {
            let told = telling::text_of(scene, object)?;
            return Ok(scene.heap.text(told)?);
        }
        (Method::HashCode, []) => return hash(scene, object).map(Value::Int),
        (Method::CompareTo, [other]) => return compared(object, other),
        _ => {}
    }
    let found = match object {
        Value::Text(text) => text::call(scene, text, method, args)?,
        Value::List(handle) => collection::list(scene, *handle, method, args)?,
        Value::Map(handle) => collection::map(scene, *handle, method, args)?,
        Value::Set(handle) => collection::set(scene, *handle, method, args)?,
        Value::Field(field) => field::call(scene, *field, method, args)?,
        Value::Document => field::document(scene, method, args)?,
        Value::Date(millis) => date::call(*millis, method, args)?,
        Value::Entry(entry) => match (method, args) {
            (Method::GetKey, []) => Some(entry.0.clone()),
            (Method::GetValue, []) => Some(entry.1.clone()),
            _ => None,
        },
        Value::Exception(exception) => match (method, args) {
            (Method::GetMessage, []) => {
                Some(exception.message.clone().map_or(Value::Null, Value::Text))
            }
            _ => None,
        },
        _ => scalar::call(object, method, args),
    };
    found.ok_or_else(|| {
        illegal(format!(
            "dynamic method [{}, {name}/{}] not found",
            object.java_class(),
            args.len()
        ))
    })
}

/// The length of what has one.
pub(crate) fn size(scene: &mut Scene<'_>, object: &Value) -> Result<usize, Trouble> {
    Ok(match object {
        Value::List(handle) => scene.heap.elements(*handle).len(),
        Value::Map(handle) | Value::Set(handle) => scene.heap.table(*handle).len(),
        Value::Field(field) => scene.host.count(*field),
        _ => 0,
    })
}

fn compared(object: &Value, other: &Value) -> Result<Value, Trouble> {
    if let (Value::Text(a), Value::Text(b)) = (object, other) {
        return Ok(Value::Int(text::difference(a, b)));
    }
    dynamic::order(object, other).map(|order| Value::Int(order as i32))
}

/// `hashCode()` of scalars as Java computes it; collections sum up their elements.
fn hash(scene: &mut Scene<'_>, object: &Value) -> Result<i32, Trouble> {
    let fold = |bits: u64| (bits ^ (bits >> 32)) as i32;
    Ok(match object {
        Value::Bool(flag) => {
            if *flag {
                1231
            } else {
                1237
            }
        }
        Value::Long(number) => fold(*number as u64),
        Value::Double(number) => fold(number.to_bits()),
        Value::Float(number) => number.to_bits() as i32,
        Value::Text(text) => {
            scene.burn(text.len() / 16)?;
            text.encode_utf16().fold(0i32, |hash, unit| {
                hash.wrapping_mul(31).wrapping_add(i32::from(unit))
            })
        }
        Value::Byte(_) | Value::Short(_) | Value::Char(_) | Value::Int(_) => {
            object.as_long().unwrap_or_default() as i32
        }
        _ => {
            let told = telling::text_of(scene, object)?;
            told.encode_utf16().fold(0i32, |hash, unit| {
                hash.wrapping_mul(31).wrapping_add(i32::from(unit))
            })
        }
    })
}

/// An argument that must be a string.
fn text_argument(value: &Value) -> Result<&str, Trouble> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Null => Err(failed(Kind::NullPointer, "a string was expected, not null")),
        other => Err(failed(
            Kind::ClassCast,
            format!(
                "cannot implicitly cast def [{}] to java.lang.String",
                other.unboxed_name()
            ),
        )),
    }
}

/// An argument that must be an `int`.
fn int_argument(value: &Value) -> Result<i32, Trouble> {
    match value {
        Value::Byte(number) => Ok(i32::from(*number)),
        Value::Short(number) => Ok(i32::from(*number)),
        Value::Char(unit) => Ok(i32::from(*unit)),
        Value::Int(number) => Ok(*number),
        other => {
            let reason = format!(
                "cannot implicitly cast def [{}] to int",
                other.unboxed_name()
            );
            Err(failed(
                if matches!(other, Value::Null) {
                    Kind::NullPointer
                } else {
                    Kind::ClassCast
                },
                reason,
            ))
        }
    }
}

fn int(number: usize) -> Value {
    Value::Int(i32::try_from(number).unwrap_or(i32::MAX))
}
