//! Methods of lists, maps and sets.

use super::{Method, int, int_argument};
use crate::heap::{ELEMENT_BYTES, ENTRY_BYTES};
use crate::machine::access::{self, check_key, position, put};
use crate::machine::dynamic;
use crate::machine::scene::{Scene, Trouble, failed, illegal};
use crate::table::Table;
use crate::value::{Handle, Value};
use glasswork_content::Kind;
use std::sync::Arc;

/// `None` when there is no such method.
pub(super) fn list(
    scene: &mut Scene<'_>,
    handle: Handle,
    method: Method,
    args: &[Value],
) -> Result<Option<Value>, Trouble> {
    let count = scene.heap.elements(handle).len();
    Ok(Some(match (method, args) {
        (Method::Size | Method::GetLength, []) => int(count),
        (Method::IsEmpty, []) => Value::Bool(count == 0),
        (Method::Get, [index]) => {
            let at = plain_position(index, count)?;
            scene.heap.elements(handle)[at].clone()
        }
        (Method::Set, [index, value]) => {
            let at = plain_position(index, count)?;
            std::mem::replace(&mut scene.heap.elements_mut(handle)?[at], value.clone())
        }
        (Method::Add, [value]) => {
            scene.heap.charge(ELEMENT_BYTES)?;
            scene.heap.elements_mut(handle)?.push(value.clone());
            Value::Bool(true)
        }
        (Method::Add, [index, value]) => {
            let at = int_argument(index)?;
            let at = usize::try_from(at).ok().filter(|&at| at <= count);
            let at = at.ok_or_else(|| {
                failed(
                    Kind::IndexOutOfBounds,
                    format!("Index out of bounds, size: {count}"),
                )
            })?;
            scene.heap.charge(ELEMENT_BYTES)?;
            scene.burn((count - at) / 16)?;
            scene.heap.elements_mut(handle)?.insert(at, value.clone());
            Value::Null
        }
        (Method::AddAll, [source]) => {
            let added = elements_of(scene, source)?;
            scene.heap.charge(added.len() * ELEMENT_BYTES)?;
            let any = !added.is_empty();
            scene.heap.elements_mut(handle)?.extend(added);
            Value::Bool(any)
        }
        (Method::Remove, [index]) => {
            let at = plain_position(index, count)?;
            scene.burn((count - at) / 16)?;
            scene.heap.elements_mut(handle)?.remove(at)
        }
        (Method::RemoveAll | Method::RetainAll, [source]) => {
            let others = elements_of(scene, source)?;
            let kept = filtered(scene, handle, &others, method == Method::RetainAll)?;
            let changed = kept.len() != count;
            *scene.heap.elements_mut(handle)? = kept;
            Value::Bool(changed)
        }
        (Method::Clear, []) => {
            scene.heap.elements_mut(handle)?.clear();
            Value::Null
        }
        (Method::Contains, [value]) => Value::Bool(find(scene, handle, value, false)?.is_some()),
        (Method::ContainsAll, [source]) => {
            for value in elements_of(scene, source)? {
                if find(scene, handle, &value, false)?.is_none() {
                    return Ok(Some(Value::Bool(false)));
                }
            }
            Value::Bool(true)
        }
        (Method::IndexOf, [value]) => {
            find(scene, handle, value, false)?.map_or(Value::Int(-1), int)
        }
        (Method::LastIndexOf, [value]) => {
            find(scene, handle, value, true)?.map_or(Value::Int(-1), int)
        }
        (Method::Sort, [Value::Null]) => {
            sort(scene, handle)?;
            Value::Null
        }
        (Method::SubList, [from, to]) => {
            let (from, to) = (int_argument(from)?, int_argument(to)?);
            let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
            let Some((from, to)) = range.filter(|&(from, to)| from <= to && to <= count) else {
                return Err(failed(
                    Kind::IndexOutOfBounds,
                    format!("fromIndex: {from}, toIndex: {to}, size: {count}"),
                ));
            };
            scene.burn((to - from) / 16)?;
            let part = scene.heap.elements(handle)[from..to].to_vec();
            scene.heap.view(part)?
        }
        (Method::Stream | Method::Boxed | Method::ToArray, []) => {
            scene.burn(count / 16)?;
            let elements = scene.heap.elements(handle).to_vec();
            scene.heap.list(elements)?
        }
        (Method::Count, []) => Value::Long(count as i64),
        (Method::Distinct, []) => {
            let distinct = set_of(scene, &Value::List(handle))?;
            let keys = distinct.entries().iter().map(|(key, _)| key.clone());
            scene.heap.list(keys.collect())?
        }
        (Method::Sorted, []) => {
            let elements = scene.heap.elements(handle).to_vec();
            let copy = scene.heap.list(elements)?;
            if let Value::List(copy) = copy {
                sort(scene, copy)?;
            }
            copy
        }
        (Method::Limit | Method::Skip, [size]) => {
            let size = size
                .as_long()
                .and_then(|size| usize::try_from(size).ok())
                .ok_or_else(|| illegal("a number of elements was expected"))?
                .min(count);
            scene.burn(count / 16)?;
            let elements = scene.heap.elements(handle);
            let part = match method {
                Method::Limit => &elements[..size],
                _ => &elements[size..],
            };
            let part = part.to_vec();
            scene.heap.list(part)?
        }
        (Method::Join, [separator]) => super::function::join(
            scene,
            super::text_argument(separator)?,
            &Value::List(handle),
        )?,
        (Method::Sum, []) => {
            scene.burn(count)?;
            let sum: Option<f64> = scene
                .heap
                .elements(handle)
                .iter()
                .map(Value::as_double)
                .sum();
            Value::Double(sum.ok_or_else(|| failed(Kind::ClassCast, "only numbers can be summed"))?)
        }
        _ => return Ok(None),
    }))
}

/// An index that must not be negative.
fn plain_position(index: &Value, length: usize) -> Result<usize, Trouble> {
    if index.as_long().is_some_and(|number| number < 0) {
        let number = index.as_long().unwrap_or_default();
        return Err(failed(
            Kind::IndexOutOfBounds,
            format!("Index {number} out of bounds for length {length}"),
        ));
    }
    position(index, length)
}

/// The elements of any collection.
fn elements_of(scene: &mut Scene<'_>, source: &Value) -> Result<Vec<Value>, Trouble> {
    match access::elements(scene, source)? {
        Value::List(handle) => Ok(scene.heap.elements(handle).to_vec()),
        _ => Ok(Vec::new()),
    }
}

fn find(
    scene: &mut Scene<'_>,
    handle: Handle,
    wanted: &Value,
    from_end: bool,
) -> Result<Option<usize>, Trouble> {
    let count = scene.heap.elements(handle).len();
    for step in 0..count {
        let at = if from_end { count - 1 - step } else { step };
        scene.burn(1)?;
        let Some(element) = scene.heap.elements(handle).get(at).cloned() else {
            break;
        };
        if dynamic::equal(scene, &element, wanted, false)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// The elements that are (or are not) among others.
fn filtered(
    scene: &mut Scene<'_>,
    handle: Handle,
    others: &[Value],
    among: bool,
) -> Result<Vec<Value>, Trouble> {
    let mut kept = Vec::new();
    for at in 0..scene.heap.elements(handle).len() {
        let element = scene.heap.elements(handle)[at].clone();
        let mut found = false;
        for other in others {
            scene.burn(1)?;
            if dynamic::equal(scene, &element, other, false)? {
                found = true;
                break;
            }
        }
        if found == among {
            kept.push(element);
        }
    }
    Ok(kept)
}

/// Sorts numbers, strings, booleans or dates in their natural order.
pub(super) fn sort(scene: &mut Scene<'_>, handle: Handle) -> Result<(), Trouble> {
    let mut elements = scene.heap.elements(handle).to_vec();
    let turns = elements.len().checked_ilog2().unwrap_or(0) as usize + 1;
    scene.burn(elements.len() * turns)?;
    // every element is compared with a neighbour first, so that the order of all is known to exist
    for pair in elements.windows(2) {
        dynamic::order(&pair[0], &pair[1])?;
    }
    elements.sort_by(|a, b| dynamic::order(a, b).unwrap_or(std::cmp::Ordering::Equal));
    *scene.heap.elements_mut(handle)? = elements;
    Ok(())
}

/// `None` when there is no such method.
pub(super) fn map(
    scene: &mut Scene<'_>,
    handle: Handle,
    method: Method,
    args: &[Value],
) -> Result<Option<Value>, Trouble> {
    let table = scene.heap.table(handle);
    let count = table.len();
    Ok(Some(match (method, args) {
        (Method::Size, []) => int(count),
        (Method::IsEmpty, []) => Value::Bool(count == 0),
        (Method::Get, [key]) => table.get(key).cloned().unwrap_or(Value::Null),
        (Method::GetOrDefault, [key, otherwise]) => table.get(key).unwrap_or(otherwise).clone(),
        (Method::ContainsKey, [key]) => Value::Bool(table.contains(key)),
        (Method::ContainsValue, [wanted]) => {
            let mut found = false;
            for at in 0..count {
                scene.burn(1)?;
                let value = scene.heap.table(handle).entries()[at].1.clone();
                found = found || dynamic::equal(scene, &value, wanted, false)?;
            }
            Value::Bool(found)
        }
        (Method::Put, [key, value]) => {
            put(scene, handle, key.clone(), value.clone())?.unwrap_or(Value::Null)
        }
        (Method::PutIfAbsent, [key, value]) => match table.get(key) {
            Some(Value::Null) | None => {
                put(scene, handle, key.clone(), value.clone())?;
                Value::Null
            }
            Some(old) => old.clone(),
        },
        (Method::PutAll, [Value::Map(source)]) => {
            let entries = scene.heap.table(*source).entries().to_vec();
            for (key, value) in entries {
                scene.burn(1)?;
                put(scene, handle, key, value)?;
            }
            Value::Null
        }
        (Method::Remove, [key]) => {
            scene.burn(count / 16)?;
            scene
                .heap
                .table_mut(handle)?
                .remove(key)
                .unwrap_or(Value::Null)
        }
        (Method::Clear, []) => {
            scene.heap.table_mut(handle)?.clear();
            Value::Null
        }
        (Method::KeySet, []) => {
            scene.burn(count / 16)?;
            let keys = scene
                .heap
                .table(handle)
                .entries()
                .iter()
                .map(|(key, _)| key.clone())
                .collect();
            scene.heap.view(keys)?
        }
        (Method::Values, []) => {
            scene.burn(count / 16)?;
            let values = scene
                .heap
                .table(handle)
                .entries()
                .iter()
                .map(|(_, value)| value.clone())
                .collect();
            scene.heap.view(values)?
        }
        (Method::EntrySet, []) => {
            scene.burn(count / 16)?;
            scene.heap.charge(count * ENTRY_BYTES)?;
            let entries = scene.heap.table(handle).entries();
            let entries = entries
                .iter()
                .map(|entry| Value::Entry(Arc::new(entry.clone())))
                .collect();
            scene.heap.view(entries)?
        }
        _ => return Ok(None),
    }))
}

/// `None` when there is no such method.
pub(super) fn set(
    scene: &mut Scene<'_>,
    handle: Handle,
    method: Method,
    args: &[Value],
) -> Result<Option<Value>, Trouble> {
    let count = scene.heap.table(handle).len();
    Ok(Some(match (method, args) {
        (Method::Size, []) => int(count),
        (Method::IsEmpty, []) => Value::Bool(count == 0),
        (Method::Stream | Method::ToArray, []) => access::elements(scene, &Value::Set(handle))?,
        (Method::Contains, [value]) => Value::Bool(scene.heap.table(handle).contains(value)),
        (Method::ContainsAll, [source]) => {
            let others = elements_of(scene, source)?;
            Value::Bool(
                others
                    .iter()
                    .all(|value| scene.heap.table(handle).contains(value)),
            )
        }
        (Method::Add, [value]) => {
            Value::Bool(put(scene, handle, value.clone(), Value::Null)?.is_none())
        }
        (Method::AddAll, [source]) => {
            let mut any = false;
            for value in elements_of(scene, source)? {
                scene.burn(1)?;
                any |= put(scene, handle, value, Value::Null)?.is_none();
            }
            Value::Bool(any)
        }
        (Method::Remove, [value]) => {
            scene.burn(count / 16)?;
            Value::Bool(scene.heap.table_mut(handle)?.remove(value).is_some())
        }
        (Method::RemoveAll | Method::RetainAll, [source]) => {
            let others = set_of(scene, source)?;
            scene.burn(count)?;
            let retain = method == Method::RetainAll;
            let mut kept = Table::default();
            for (value, _) in scene.heap.table(handle).entries() {
                if others.contains(value) == retain {
                    kept.insert(value.clone(), Value::Null);
                }
            }
            let changed = kept.len() != count;
            *scene.heap.table_mut(handle)? = kept;
            Value::Bool(changed)
        }
        (Method::Clear, []) => {
            scene.heap.table_mut(handle)?.clear();
            Value::Null
        }
        _ => return Ok(None),
    }))
}

/// The distinct elements of any collection.
pub(super) fn set_of(scene: &mut Scene<'_>, source: &Value) -> Result<Table, Trouble> {
    let mut table = Table::default();
    for value in elements_of(scene, source)? {
        check_key(&value)?;
        scene.burn(1)?;
        scene.heap.charge(ENTRY_BYTES)?;
        table.insert(value, Value::Null);
    }
    Ok(table)
}

/// The largest (or smallest) element of a list.
pub(super) fn extreme(
    scene: &mut Scene<'_>,
    source: &Value,
    largest: bool,
) -> Result<Value, Trouble> {
    let mut elements = elements_of(scene, source)?.into_iter();
    let mut best = elements
        .next()
        .ok_or_else(|| illegal("the collection is empty"))?;
    for element in elements {
        scene.burn(1)?;
        let order = dynamic::order(&element, &best)?;
        if if largest {
            order.is_gt()
        } else {
            order.is_lt()
        } {
            best = element;
        }
    }
    Ok(best)
}

/// Puts other elements into a list or set; tells whether it is shorter or longer than before.
pub(super) fn replace(
    scene: &mut Scene<'_>,
    object: &Value,
    elements: Vec<Value>,
) -> Result<bool, Trouble> {
    match object {
        Value::List(handle) => {
            let list = scene.heap.elements_mut(*handle)?;
            let changed = list.len() != elements.len();
            *list = elements;
            Ok(changed)
        }
        Value::Set(handle) => {
            let mut table = Table::default();
            elements
                .into_iter()
                .for_each(|element| drop(table.insert(element, Value::Null)));
            let set = scene.heap.table_mut(*handle)?;
            let changed = set.len() != table.len();
            *set = table;
            Ok(changed)
        }
        other => {
            let class = other.java_class();
            Err(illegal(format!(
                "dynamic method [{class}, removeIf/1] not found"
            )))
        }
    }
}
