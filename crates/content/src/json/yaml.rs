//! YAML bodies, read into the tree of the JSON that says the same.
//!
//! Anchors and aliases are refused: a body has no need of them, and they can say in few bytes what takes gigabytes.

use super::node::Entry;
use super::{Limits, Node, Object, Position, Value};
use crate::Failure;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// Reads one YAML document as the tree of the JSON that says the same.
///
/// # Errors
/// 400 `parse_exception` for malformed input, for anchors and aliases, for a second document, and for a broken limit.
pub fn parse_yaml(bytes: &[u8], limits: &Limits) -> Result<Node, Failure> {
    if bytes.len() > limits.bytes {
        return Err(Failure::parse(format!(
            "Document length ({}) exceeds the maximum allowed ({})",
            bytes.len(),
            limits.bytes
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Failure::parse(format!("Invalid UTF-8 at byte {}", error.valid_up_to()))
    })?;
    // the deserializer calls itself for each level: a stack of its own carries the deepest input that the limits allow
    std::thread::scope(|scope| {
        let reading = std::thread::Builder::new()
            .name("yaml".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || read(text, limits))
            .map_err(|error| Failure::illegal_state(format!("no thread to read YAML: {error}")))?;
        reading
            .join()
            .unwrap_or_else(|_| Err(Failure::parse("malformed YAML")))
    })
}

/// Enough for 200 levels at what an unoptimised build needs, some 40 KB a level. Only what is used becomes memory.
const STACK_BYTES: usize = 16 << 20;
const MAX_DEPTH: usize = 200;

fn read(text: &str, limits: &Limits) -> Result<Node, Failure> {
    let depth = limits.depth.min(MAX_DEPTH);
    let nodes = limits.nodes.min(text.len() + 1);
    let options = serde_saphyr::options! {
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_events: nodes.saturating_mul(2).saturating_add(16),
            max_aliases: 0,
            max_anchors: 0,
            max_depth: depth,
            max_nodes: nodes,
            flow_nesting_limit: depth,
            max_documents: 1,
        },
    };
    let tree: Tree = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error
            .location()
            .map(|location| format!("[{}:{}] ", location.line(), location.column()));
        Failure::parse(format!(
            "{}{}",
            at.unwrap_or_default(),
            error.without_snippet()
        ))
    })?;
    Ok(tree.0)
}

struct Tree(Node);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        let line = u32::try_from(spanned.defined.line()).unwrap_or(u32::MAX);
        let column = u32::try_from(spanned.defined.column()).unwrap_or(u32::MAX);
        Ok(Tree(Node {
            value: spanned.value.0,
            at: Position { line, column },
        }))
    }
}

struct Content(Value);

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor).map(Content)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can say")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Long(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Unsigned(number), Value::Long))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Big(number.to_string()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Big(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Tree(node)) = sequence.next_element()? {
            elements.push(node);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        let mut names = std::collections::HashSet::new();
        while let Some(Tree(key)) = map.next_key()? {
            let Some(name) = key.to_text() else {
                return Err(A::Error::custom("a name must be a scalar"));
            };
            let name = name.into_owned();
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!(
                    "Duplicate Object property \"{name}\""
                )));
            }
            let Tree(node) = map.next_value()?;
            object.push(Entry {
                key: name,
                at: key.at,
                node,
            });
        }
        Ok(Value::Object(object))
    }
}
