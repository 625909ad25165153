//! Between trees of JSON and values of a script.

use crate::Field;
use crate::heap::{ELEMENT_BYTES, Heap, TEXT_BYTES};
use crate::table::Table;
use crate::value::Value;
use glasswork_content::{Failure, Node, Object, Value as Json, text};

/// Nesting that a value may have to leave a script.
const MAX_DEPTH: usize = 128;

/// Whole numbers become `int` where they fit, as upstream's parser does.
pub(crate) fn value_of(node: &Node, heap: &mut Heap) -> Result<Value, Box<Failure>> {
    value_at(node, heap, 0)
}

fn value_at(node: &Node, heap: &mut Heap, depth: usize) -> Result<Value, Box<Failure>> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    Ok(match &node.value {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Long(number) => i32::try_from(*number).map_or(Value::Long(*number), Value::Int),
        Json::Unsigned(number) => Value::Huge(number.to_string().into()),
        Json::Big(digits) => Value::Huge(digits.as_str().into()),
        Json::Double(number) => Value::Double(*number),
        Json::String(text) => {
            heap.charge(text.len() + TEXT_BYTES)?;
            Value::text(text.as_str())
        }
        Json::Array(elements) => {
            let mut values = Vec::with_capacity(elements.len());
            for element in elements {
                values.push(value_at(element, heap, depth + 1)?);
            }
            heap.list(values)?
        }
        Json::Object(object) => {
            let mut table = Table::default();
            for (key, node) in object.iter() {
                heap.charge(key.len() + TEXT_BYTES)?;
                table.insert(Value::text(key), value_at(node, heap, depth + 1)?);
            }
            heap.map(table)?
        }
    })
}

/// What a script gives, as JSON.
pub(crate) struct Export<'a> {
    pub heap: &'a Heap,
    /// The values of a field of the document at hand.
    pub field: &'a mut dyn FnMut(Field) -> Vec<Value>,
    /// Bytes that the tree may still take: a list that holds another twice is told twice.
    pub bytes_left: usize,
}

impl Export<'_> {
    /// # Errors
    /// For what has no JSON, refers to itself, or is too large.
    pub(crate) fn node(&mut self, value: &Value) -> Result<Node, Box<Failure>> {
        self.node_at(value, 0)
    }

    fn node_at(&mut self, value: &Value, depth: usize) -> Result<Node, Box<Failure>> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        self.spend(ELEMENT_BYTES)?;
        Ok(Node::from(match value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Byte(_) | Value::Short(_) | Value::Int(_) | Value::Long(_) => {
                Json::Long(value.as_long().unwrap_or_default())
            }
            Value::Char(unit) => Json::String(String::from_utf16_lossy(&[*unit])),
            // through its shortest spelling, so that 0.1f is told as 0.1
            Value::Float(number) => {
                Json::Double(number.to_string().parse().unwrap_or(f64::from(*number)))
            }
            Value::Double(number) => Json::Double(*number),
            Value::Text(text) => self.string(text)?,
            Value::Huge(digits) => Json::Big(digits.to_string()),
            Value::Date(millis) => Json::String(text::iso_millis(*millis)),
            Value::List(handle) => {
                let heap = self.heap;
                self.array(heap.elements(*handle).iter(), depth)?
            }
            Value::Set(handle) => {
                let heap = self.heap;
                self.array(
                    heap.table(*handle).entries().iter().map(|(key, _)| key),
                    depth,
                )?
            }
            Value::Map(handle) => {
                let heap = self.heap;
                self.object(heap.table(*handle).entries(), depth)?
            }
            Value::Entry(entry) => self.object(std::slice::from_ref(entry), depth)?,
            Value::Field(id) => {
                let values = (self.field)(*id);
                self.array(values.iter(), depth)?
            }
            Value::Document | Value::Exception(_) => {
                let reason = format!("cannot write xcontent for [{}]", value.java_class());
                return Err(Box::new(Failure::illegal_argument(reason)));
            }
        }))
    }

    fn string(&mut self, text: &str) -> Result<Json, Box<Failure>> {
        self.spend(text.len())?;
        Ok(Json::String(text.to_owned()))
    }

    fn array<'v>(
        &mut self,
        values: impl Iterator<Item = &'v Value>,
        depth: usize,
    ) -> Result<Json, Box<Failure>> {
        let mut nodes = Vec::new();
        for value in values {
            nodes.push(self.node_at(value, depth + 1)?);
        }
        Ok(Json::Array(nodes))
    }

    fn object(&mut self, entries: &[(Value, Value)], depth: usize) -> Result<Json, Box<Failure>> {
        let mut object = Object::new();
        let distinct = entries.iter().all(|(key, _)| matches!(key, Value::Text(_)));
        for (key, value) in entries {
            let node = self.node_at(value, depth + 1)?;
            let key = key_text(key);
            self.spend(key.len())?;
            if distinct {
                object.append(key, node);
            } else {
                // keys of other classes may spell the same; each one is looked for among those before it
                self.spend(object.len())?;
                object.insert(key, node);
            }
        }
        Ok(Json::Object(object))
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Box<Failure>> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => self.bytes_left = left,
            None => {
                return Err(Box::new(Failure::illegal_argument(
                    "the value of the script is too large",
                )));
            }
        }
        Ok(())
    }
}

fn key_text(key: &Value) -> String {
    match key {
        Value::Text(text) | Value::Huge(text) => text.to_string(),
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Char(unit) => String::from_utf16_lossy(&[*unit]),
        Value::Float(number) => glasswork_content::number::float_text(*number),
        Value::Double(number) => glasswork_content::number::double_text(*number),
        Value::Date(millis) => text::iso_millis(*millis),
        _ => key
            .as_long()
            .map(|number| number.to_string())
            .unwrap_or_default(),
    }
}

#[cold]
fn too_deep() -> Box<Failure> {
    Box::new(Failure::illegal_argument(
        "Iterable object is self-referencing itself",
    ))
}
