//! A small tree of values with their positions, for request bodies.

use super::Position;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its first byte in the body.
    pub at: Position,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number that fits into 64 bits with sign.
    Long(i64),
    /// A whole number above `i64::MAX` that fits into 64 bits.
    Unsigned(u64),
    /// A whole number beyond 64 bits, as it is written.
    Big(String),
    /// A number written with a fraction or an exponent.
    Double(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Node>),
    /// An object.
    Object(Object),
}

/// The entries of an object in the order of the body. Names are distinct.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(Vec<Entry>);

/// One name and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name.
    pub key: String,
    /// Where the name begins.
    pub at: Position,
    /// The value.
    pub node: Node,
}

impl Object {
    /// An empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of that name.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
    }

    /// The value of that name, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.0
            .iter_mut()
            .find(|entry| entry.key == key)
            .map(|entry| &mut entry.node)
    }

    /// Whether there is a value of that name.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Sets a value: in the place of the old one of that name, else at the end. Gives the old one.
    pub fn insert(&mut self, key: impl Into<String>, node: impl Into<Node>) -> Option<Node> {
        let (key, node) = (key.into(), node.into());
        match self.get_mut(&key) {
            Some(old) => Some(std::mem::replace(old, node)),
            None => {
                self.0.push(Entry {
                    key,
                    at: node.at,
                    node,
                });
                None
            }
        }
    }

    /// Adds an entry whose name the caller knows to be new: faster than [`Object::insert`] for many.
    pub fn append(&mut self, key: impl Into<String>, node: impl Into<Node>) {
        let (key, node) = (key.into(), node.into());
        self.0.push(Entry {
            key,
            at: node.at,
            node,
        });
    }

    /// Adds an entry that is known to be new.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    /// Takes a value out, keeping the order of the others.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let index = self.0.iter().position(|entry| entry.key == key)?;
        Some(self.0.remove(index).node)
    }

    /// Name and value of each entry, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Node)> + ExactSizeIterator {
        self.0.iter().map(|entry| (entry.key.as_str(), &entry.node))
    }

    /// The entries, with the places of their names.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The names, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(|entry| entry.key.as_str())
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Object {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Into<String>, N: Into<Node>> FromIterator<(K, N)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, N)>>(entries: I) -> Self {
        let mut object = Object::new();
        for (key, node) in entries {
            object.insert(key, node);
        }
        object
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Node {
            value,
            at: Position::START,
        }
    }
}

/// As compact JSON, so that a tree from another node is read with the same bounds as any input. Positions are not kept.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.to_json())
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(JsonBytes)
    }
}

struct JsonBytes;

impl Visitor<'_> for JsonBytes {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a JSON value")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Node, E> {
        super::parse(bytes, &super::Limits::DEFAULT).map_err(E::custom)
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Node, E> {
        self.visit_bytes(&bytes)
    }
}

impl Node {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// A whole number in the range of `i64`.
    pub fn as_i64(&self) -> Option<i64> {
        match self.value {
            Value::Long(number) => Some(number),
            _ => None,
        }
    }

    /// Any number.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.value {
            Value::Long(number) => Some(*number as f64),
            Value::Unsigned(number) => Some(*number as f64),
            Value::Double(number) => Some(*number),
            Value::Big(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The entries of an object.
    pub fn as_object(&self) -> Option<&Object> {
        match &self.value {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The value of that name, when this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_object()?.get(key)
    }

    /// What OpenSearch calls a token of this kind in its messages: `START_OBJECT`, `VALUE_STRING`, …
    pub fn token_name(&self) -> &'static str {
        match self.value {
            Value::Null => "VALUE_NULL",
            Value::Bool(_) => "VALUE_BOOLEAN",
            Value::Long(_) | Value::Unsigned(_) | Value::Big(_) | Value::Double(_) => {
                "VALUE_NUMBER"
            }
            Value::String(_) => "VALUE_STRING",
            Value::Array(_) => "START_ARRAY",
            Value::Object(_) => "START_OBJECT",
        }
    }

    /// The value as compact JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = crate::Render::compact();
        out.node(self);
        out.finish()
    }
}
