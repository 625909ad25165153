//! The few request headers that a task carries, and all below it: who asked, as the caller named it.

use serde::{Deserialize, Serialize};

/// Name of the header by which a caller recognises its own work.
pub const X_OPAQUE_ID: &str = "X-Opaque-Id";

/// Headers of a task: names in their canonical spelling with one value each, in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(String, String)>", into = "Vec<(String, String)>")]
pub struct Headers {
    entries: Box<[(Box<str>, Box<str>)]>,
    /// Hash of the `X-Opaque-Id`, 0 without one, so that a filter looks at few tasks only.
    opaque_hash: u32,
    bytes: usize,
}

impl Headers {
    /// Takes `entries`; the caller has checked names, values and sizes.
    pub fn new<N: Into<Box<str>>, V: Into<Box<str>>>(
        entries: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let entries: Box<[(Box<str>, Box<str>)]> = entries
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let opaque = entries.iter().find(|(name, _)| &**name == X_OPAQUE_ID);
        let opaque_hash = opaque.map_or(0, |(_, value)| short_hash(value));
        let size = |(name, value): &(Box<str>, Box<str>)| {
            name.len() + value.len() + size_of::<(Box<str>, Box<str>)>()
        };
        let bytes = entries.iter().map(size).sum();
        Self {
            entries,
            opaque_hash,
            bytes,
        }
    }

    /// The value of the header `name` (canonical spelling).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of `X-Opaque-Id`.
    #[must_use]
    pub fn opaque_id(&self) -> Option<&str> {
        self.get(X_OPAQUE_ID)
    }

    /// Bytes of memory that names and values take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn opaque_hash(&self) -> u32 {
        self.opaque_hash
    }
}

impl From<Vec<(String, String)>> for Headers {
    fn from(entries: Vec<(String, String)>) -> Self {
        Self::new(entries)
    }
}

impl From<Headers> for Vec<(String, String)> {
    fn from(headers: Headers) -> Self {
        headers
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

/// FNV-1a folded to 16 bits, never 0.
pub(crate) fn short_hash(text: &str) -> u32 {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    ((hash >> 16) ^ (hash & 0xffff)).max(1)
}
