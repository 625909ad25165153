//! Maps and sets that keep the order in which their keys came.

use crate::value::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// As many keys are looked through one by one; more get an index.
const SMALL: usize = 16;

/// Keys and values in the order of insertion.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    entries: Vec<(Value, Value)>,
    index: Option<HashMap<Key, usize>>,
}

/// A value that can be a key, equal as Java's `equals` has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Null,
    Bool(bool),
    Byte(i8),
    Short(i16),
    Char(u16),
    Int(i32),
    Long(i64),
    Float(u32),
    Double(u64),
    Text(Arc<str>),
    Date(i64),
}

fn key(value: &Value) -> Option<Key> {
    Some(match value {
        Value::Null => Key::Null,
        Value::Bool(flag) => Key::Bool(*flag),
        Value::Byte(number) => Key::Byte(*number),
        Value::Short(number) => Key::Short(*number),
        Value::Char(unit) => Key::Char(*unit),
        Value::Int(number) => Key::Int(*number),
        Value::Long(number) => Key::Long(*number),
        Value::Float(number) => Key::Float(number.to_bits()),
        Value::Double(number) => Key::Double(number.to_bits()),
        Value::Text(text) | Value::Huge(text) => Key::Text(text.clone()),
        Value::Date(millis) => Key::Date(*millis),
        _ => return None,
    })
}

impl Table {
    pub(crate) const EMPTY: Table = Table {
        entries: Vec::new(),
        index: None,
    };

    /// Whether a value can be a key at all.
    pub(crate) fn is_key(value: &Value) -> bool {
        key(value).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entries(&self) -> &[(Value, Value)] {
        &self.entries
    }

    fn position(&self, wanted: &Value) -> Option<usize> {
        if let (Value::Text(wanted), None) = (wanted, &self.index) {
            // by far the most frequent case
            return self
                .entries
                .iter()
                .position(|(key, _)| matches!(key, Value::Text(text) if text == wanted));
        }
        let wanted = key(wanted)?;
        match &self.index {
            Some(index) => index.get(&wanted).copied(),
            None => self
                .entries
                .iter()
                .position(|(other, _)| key(other).as_ref() == Some(&wanted)),
        }
    }

    pub(crate) fn get(&self, wanted: &Value) -> Option<&Value> {
        self.position(wanted).map(|at| &self.entries[at].1)
    }

    pub(crate) fn contains(&self, wanted: &Value) -> bool {
        self.position(wanted).is_some()
    }

    /// Sets a value; gives the old one. The caller has seen to it that the key can be one.
    pub(crate) fn insert(&mut self, name: Value, value: Value) -> Option<Value> {
        if let Some(at) = self.position(&name) {
            return Some(std::mem::replace(&mut self.entries[at].1, value));
        }
        if let (Some(index), Some(key)) = (&mut self.index, key(&name)) {
            index.insert(key, self.entries.len());
        }
        self.entries.push((name, value));
        if self.index.is_none() && self.entries.len() > SMALL {
            self.build_index();
        }
        None
    }

    /// Takes a value out; the order of the others stays.
    pub(crate) fn remove(&mut self, wanted: &Value) -> Option<Value> {
        let at = self.position(wanted)?;
        let (_, value) = self.entries.remove(at);
        if self.index.is_some() {
            self.build_index();
        }
        Some(value)
    }

    pub(crate) fn clear(&mut self) {
        *self = Table::default();
    }

    fn build_index(&mut self) {
        let keys = self.entries.iter().enumerate();
        self.index = Some(
            keys.filter_map(|(at, (name, _))| Some((key(name)?, at)))
                .collect(),
        );
    }
}
