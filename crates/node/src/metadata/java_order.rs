//! The order in which the reference shows nested settings: that of Java's `HashMap`, so that answers compare equal.

use glasswork_content::{Node, Object, Render, Value};

use super::SettingValue;

/// A tree of settings whose objects are in the order of Java's hash maps.
#[derive(Debug, Default)]
pub(super) struct Structured<'a> {
    entries: Vec<(&'a str, Entry<'a>)>,
}

#[derive(Debug)]
enum Entry<'a> {
    Value(&'a SettingValue),
    Below(Structured<'a>),
}

/// Builds the tree of dotted names, given in order. A name that is both a value and a prefix of others keeps its dots, as in
/// `Settings.processSetting`.
pub(super) fn structured<'a>(
    settings: impl Iterator<Item = (&'a str, &'a SettingValue)>,
) -> Structured<'a> {
    let mut root = Structured::default();
    for (name, value) in settings {
        root.add(name, value);
    }
    root.arrange();
    root
}

impl<'a> Structured<'a> {
    fn add(&mut self, name: &'a str, value: &'a SettingValue) {
        if let Some((head, tail)) = name.split_once('.') {
            let known = self.entries.iter_mut().find(|(key, _)| *key == head);
            match known.map(|(_, entry)| entry) {
                Some(Entry::Below(below)) => return below.add(tail, value),
                Some(Entry::Value(_)) => {}
                None => {
                    let mut below = Structured::default();
                    below.add(tail, value);
                    return self.entries.push((head, Entry::Below(below)));
                }
            }
        }
        self.entries.push((name, Entry::Value(value)));
    }

    /// Recursion is bounded: names are at most `MAX_NAME_BYTES` long.
    fn arrange(&mut self) {
        let order = order_of(self.entries.iter().map(|(key, _)| *key));
        let mut entries: Vec<_> = std::mem::take(&mut self.entries)
            .into_iter()
            .map(Some)
            .collect();
        self.entries = order
            .into_iter()
            .filter_map(|at| entries[at].take())
            .collect();
        for (_, entry) in &mut self.entries {
            if let Entry::Below(below) = entry {
                below.arrange();
            }
        }
    }

    pub(super) fn render(&self, out: &mut Render) {
        out.object();
        for (key, entry) in &self.entries {
            out.key(key);
            match entry {
                Entry::Value(value) => value.render(out),
                Entry::Below(below) => below.render(out),
            }
        }
        out.end_object();
    }

    pub(super) fn to_node(&self) -> Node {
        let mut object = Object::new();
        for (key, entry) in &self.entries {
            let node = match entry {
                Entry::Below(below) => below.to_node(),
                Entry::Value(SettingValue::Text(text)) => Node::from(Value::String(text.clone())),
                Entry::Value(SettingValue::List(texts)) => {
                    let nodes = texts
                        .iter()
                        .map(|text| Node::from(Value::String(text.clone())));
                    Node::from(Value::Array(nodes.collect()))
                }
            };
            object.insert(*key, node);
        }
        Node::from(Value::Object(object))
    }
}

/// The places of the keys, in the order in which a `new HashMap<>(2)` that they were put into iterates.
pub(super) fn order_of<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let hashes: Vec<u32> = keys.map(java_hash).collect();
    let mut capacity = 2_usize;
    while hashes.len() > capacity * 3 / 4 {
        capacity *= 2;
    }
    let mut places: Vec<usize> = (0..hashes.len()).collect();
    // Stable: keys of one bucket stay in the order of their insertion.
    places.sort_by_key(|at| hashes[*at] as usize & (capacity - 1));
    places
}

/// `HashMap.hash(String.hashCode())`.
fn java_hash(key: &str) -> u32 {
    let hash = key.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    });
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_in_the_order_of_the_reference() {
        let keys = [
            "creation_date",
            "number_of_replicas",
            "number_of_shards",
            "provided_name",
            "replication",
            "uuid",
            "version",
        ];
        let ordered: Vec<_> = order_of(keys.into_iter())
            .into_iter()
            .map(|at| keys[at])
            .collect();
        assert_eq!(
            ordered,
            [
                "replication",
                "number_of_shards",
                "provided_name",
                "creation_date",
                "number_of_replicas",
                "uuid",
                "version"
            ]
        );
    }
}
