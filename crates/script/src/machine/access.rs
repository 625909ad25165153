//! Fields and elements of values whose types only the run knows.

use super::scene::{Scene, Trouble, failed, illegal};
use crate::heap::{ELEMENT_BYTES, ENTRY_BYTES};
use crate::methods::{date, size};
use crate::table::Table;
use crate::value::{Handle, Value};
use glasswork_content::Kind;
use std::sync::Arc;

#[cold]
pub(crate) fn null_reference(name: &str) -> Trouble {
    failed(
        Kind::NullPointer,
        format!("cannot access method/field [{name}] from a null def reference"),
    )
}

/// `object.name`
pub(crate) fn load_field(
    scene: &mut Scene<'_>,
    object: &Value,
    name: &Arc<str>,
) -> Result<Value, Trouble> {
    match object {
        Value::Map(handle) => Ok(scene
            .heap
            .table(*handle)
            .get(&Value::Text(name.clone()))
            .cloned()
            .unwrap_or(Value::Null)),
        Value::Null => Err(null_reference(name)),
        Value::Document => scene.field(name).map(Value::Field),
        Value::Field(field) => match &**name {
            "value" => scene.first_value(*field),
            "values" => {
                let values = scene.values(*field)?;
                Ok(scene.heap.view(values)?)
            }
            "length" | "empty" => size(scene, object).map(|count| counted(name, count)),
            _ => element(scene, object, name),
        },
        Value::List(_) => match &**name {
            "length" | "empty" => size(scene, object).map(|count| counted(name, count)),
            _ => element(scene, object, name),
        },
        Value::Entry(entry) if &**name == "key" => Ok(entry.0.clone()),
        Value::Entry(entry) if &**name == "value" => Ok(entry.1.clone()),
        Value::Date(millis) => date::property(*millis, name).ok_or_else(|| no_getter(object, name)),
        Value::Exception(exception) if &**name == "message" => {
            Ok(exception.message.clone().map_or(Value::Null, Value::Text))
        }
        _ => Err(no_getter(object, name)),
    }
}

fn counted(name: &str, count: usize) -> Value {
    if name == "empty" {
        Value::Bool(count == 0)
    } else {
        Value::Int(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

/// `list.0`
fn element(scene: &mut Scene<'_>, object: &Value, name: &str) -> Result<Value, Trouble> {
    match name.parse::<i32>() {
        Ok(index) => load_index(scene, object, &Value::Int(index)),
        Err(_) => Err(no_getter(object, name)),
    }
}

#[cold]
fn no_getter(object: &Value, name: &str) -> Trouble {
    illegal(format!(
        "dynamic getter [{}, {name}] not found",
        object.java_class()
    ))
}

/// `object.name = value`
pub(crate) fn store_field(
    scene: &mut Scene<'_>,
    object: &Value,
    name: &Arc<str>,
    value: Value,
) -> Result<(), Trouble> {
    match object {
        Value::Map(handle) => put(scene, *handle, Value::Text(name.clone()), value).map(|_| ()),
        Value::Null => Err(null_reference(name)),
        Value::List(_) => match name.parse::<i32>() {
            Ok(index) => store_index(scene, object, &Value::Int(index), value),
            Err(_) => Err(no_setter(object, name)),
        },
        _ => Err(no_setter(object, name)),
    }
}

#[cold]
fn no_setter(object: &Value, name: &str) -> Trouble {
    illegal(format!(
        "dynamic setter [{}, {name}] not found",
        object.java_class()
    ))
}

/// Sets an entry of a map or set, counting its memory; gives the old value.
pub(crate) fn put(
    scene: &mut Scene<'_>,
    handle: Handle,
    key: Value,
    value: Value,
) -> Result<Option<Value>, Trouble> {
    check_key(&key)?;
    scene.heap.charge(ENTRY_BYTES)?;
    Ok(scene.heap.table_mut(handle)?.insert(key, value))
}

/// Scalars can be keys.
pub(crate) fn check_key(key: &Value) -> Result<(), Trouble> {
    if Table::is_key(key) {
        return Ok(());
    }
    Err(illegal(format!(
        "a value of the type [{}] cannot be a key",
        key.java_class()
    )))
}

/// `object[index]`
pub(crate) fn load_index(
    scene: &mut Scene<'_>,
    object: &Value,
    index: &Value,
) -> Result<Value, Trouble> {
    match object {
        Value::Map(handle) => Ok(scene
            .heap
            .table(*handle)
            .get(index)
            .cloned()
            .unwrap_or(Value::Null)),
        Value::List(handle) => {
            let elements = scene.heap.elements(*handle);
            let at = position(index, elements.len())?;
            Ok(elements[at].clone())
        }
        Value::Document => match index {
            Value::Text(name) => scene.field(name).map(Value::Field),
            other => Err(illegal(format!(
                "the name of a field must be a string, not [{}]",
                other.java_class()
            ))),
        },
        Value::Field(field) => {
            let count = scene.host.count(*field);
            if count == 0 {
                return scene.first_value(*field);
            }
            let at = position(index, count)?;
            Ok(super::scene::value_of(scene.host.value(*field, at)))
        }
        Value::Null => Err(failed(
            Kind::NullPointer,
            "cannot access an element of a null def reference",
        )),
        _ => Err(not_an_array(object)),
    }
}

#[cold]
fn not_an_array(object: &Value) -> Trouble {
    illegal(format!(
        "Attempting to address a non-array type [{}] as an array.",
        object.java_class()
    ))
}

/// An index into a list of that length; negative ones count from its end, as upstream's.
pub(crate) fn position(index: &Value, length: usize) -> Result<usize, Trouble> {
    let number = match index {
        Value::Byte(_) | Value::Short(_) | Value::Char(_) | Value::Int(_) => {
            index.as_long().unwrap_or_default()
        }
        _ => {
            let reason = format!(
                "cannot implicitly cast def [{}] to int",
                index.unboxed_name()
            );
            return Err(failed(Kind::ClassCast, reason));
        }
    };
    let from_start = if number < 0 {
        number.saturating_add(length as i64)
    } else {
        number
    };
    match usize::try_from(from_start) {
        Ok(at) if at < length => Ok(at),
        _ => Err(failed(
            Kind::IndexOutOfBounds,
            format!("Index {number} out of bounds for length {length}"),
        )),
    }
}

/// `object[index] = value`
pub(crate) fn store_index(
    scene: &mut Scene<'_>,
    object: &Value,
    index: &Value,
    value: Value,
) -> Result<(), Trouble> {
    match object {
        Value::Map(handle) => put(scene, *handle, index.clone(), value).map(|_| ()),
        Value::List(handle) => {
            scene.heap.charge(ELEMENT_BYTES)?;
            let elements = scene.heap.elements_mut(*handle)?;
            let at = position(index, elements.len())?;
            elements[at] = value;
            Ok(())
        }
        Value::Null => Err(failed(
            Kind::NullPointer,
            "cannot access an element of a null def reference",
        )),
        _ => Err(not_an_array(object)),
    }
}

/// What a `for (x in …)` goes through: a list of its own, which stays as it is.
pub(crate) fn elements(scene: &mut Scene<'_>, source: &Value) -> Result<Value, Trouble> {
    let elements = match source {
        Value::List(handle) => {
            let count = scene.heap.elements(*handle).len();
            scene.burn(count / 16)?;
            scene.heap.elements(*handle).to_vec()
        }
        Value::Set(handle) => {
            let count = scene.heap.table(*handle).len();
            scene.burn(count / 16)?;
            scene
                .heap
                .table(*handle)
                .entries()
                .iter()
                .map(|(key, _)| key.clone())
                .collect()
        }
        Value::Field(field) => scene.values(*field)?,
        Value::Null => {
            return Err(failed(
                Kind::NullPointer,
                "Cannot iterate over a null def reference",
            ));
        }
        other => {
            return Err(illegal(format!(
                "Cannot iterate over [{}]",
                other.java_class()
            )));
        }
    };
    Ok(scene.heap.list(elements)?)
}
