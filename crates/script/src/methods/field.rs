//! Methods of `doc` and of the values of a field.

use super::{Method, int, text_argument};
use crate::Field;
use crate::machine::access::position;
use crate::machine::dynamic;
use crate::machine::scene::{Scene, Trouble, value_of};
use crate::value::Value;

/// `None` when there is no such method.
pub(super) fn call(
    scene: &mut Scene<'_>,
    field: Field,
    method: Method,
    args: &[Value],
) -> Result<Option<Value>, Trouble> {
    let count = scene.host.count(field);
    Ok(Some(match (method, args) {
        (Method::Size | Method::GetLength, []) => int(count),
        (Method::IsEmpty, []) => Value::Bool(count == 0),
        (Method::GetValue, []) => scene.first_value(field)?,
        (Method::GetValues, []) => {
            let values = scene.values(field)?;
            scene.heap.view(values)?
        }
        (Method::Get, [index]) => {
            if count == 0 {
                return scene.first_value(field).map(Some);
            }
            let at = position(index, count)?;
            value_of(scene.host.value(field, at))
        }
        (Method::Contains, [wanted]) => Value::Bool(find(scene, field, count, wanted)?.is_some()),
        (Method::IndexOf, [wanted]) => {
            find(scene, field, count, wanted)?.map_or(Value::Int(-1), int)
        }
        (Method::Stream, []) => {
            let values = scene.values(field)?;
            scene.heap.list(values)?
        }
        (Method::Join, [separator]) => {
            super::function::join(scene, text_argument(separator)?, &Value::Field(field))?
        }
        (Method::Sum, []) => {
            let values = scene.values(field)?;
            Value::Double(values.iter().filter_map(Value::as_double).sum())
        }
        _ => return Ok(None),
    }))
}

fn find(
    scene: &mut Scene<'_>,
    field: Field,
    count: usize,
    wanted: &Value,
) -> Result<Option<usize>, Trouble> {
    for at in 0..count {
        scene.burn(1)?;
        let value = value_of(scene.host.value(field, at));
        if dynamic::equal(scene, &value, wanted, false)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Methods of `doc`; `None` when there is no such method.
pub(super) fn document(
    scene: &mut Scene<'_>,
    method: Method,
    args: &[Value],
) -> Result<Option<Value>, Trouble> {
    Ok(Some(match (method, args) {
        (Method::Get, [name]) => Value::Field(scene.field(text_argument(name)?)?),
        (Method::ContainsKey, [name]) => {
            Value::Bool(scene.host.field(text_argument(name)?)?.is_some())
        }
        _ => return Ok(None),
    }))
}
