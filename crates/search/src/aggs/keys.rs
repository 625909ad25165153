//! The keys of many buckets in one column: a few allocations however many buckets there are, and dropped at once.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// What buckets are named by, all of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Keys {
    /// No bucket so far, and no kind.
    #[default]
    None,
    /// Strings.
    Text(Texts),
    /// Whole numbers, dates in epoch milliseconds, booleans as 0 and 1.
    Long(Vec<i64>),
    /// `unsigned_long`.
    Unsigned(Vec<u64>),
    /// Floating point numbers.
    Double(Vec<f64>),
    /// IP addresses, IPv4 as mapped IPv6.
    Address(Vec<u128>),
}

/// Strings one after the other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<u64>,
}

impl Texts {
    /// Adds a string at the end.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u64);
    }

    /// The string at `index`; empty when it is not there.
    pub(crate) fn get(&self, index: usize) -> &str {
        let begin = if index == 0 {
            0
        } else {
            self.ends[index - 1] as usize
        };
        self.text
            .get(begin..self.ends[index] as usize)
            .unwrap_or_default()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

impl Keys {
    /// How many keys.
    pub(crate) fn len(&self) -> usize {
        match self {
            Keys::None => 0,
            Keys::Text(texts) => texts.len(),
            Keys::Long(keys) => keys.len(),
            Keys::Unsigned(keys) => keys.len(),
            Keys::Double(keys) => keys.len(),
            Keys::Address(keys) => keys.len(),
        }
    }

    /// An empty column of the same kind.
    pub(crate) fn empty_like(&self) -> Keys {
        match self {
            Keys::None => Keys::None,
            Keys::Text(_) => Keys::Text(Texts::default()),
            Keys::Long(_) => Keys::Long(Vec::new()),
            Keys::Unsigned(_) => Keys::Unsigned(Vec::new()),
            Keys::Double(_) => Keys::Double(Vec::new()),
            Keys::Address(_) => Keys::Address(Vec::new()),
        }
    }

    /// Compares the key at `index` with one of another column of the same kind.
    pub(crate) fn compare(&self, index: usize, other: &Keys, other_index: usize) -> Ordering {
        match (self, other) {
            (Keys::Text(a), Keys::Text(b)) => a.get(index).cmp(b.get(other_index)),
            (Keys::Long(a), Keys::Long(b)) => a[index].cmp(&b[other_index]),
            (Keys::Unsigned(a), Keys::Unsigned(b)) => a[index].cmp(&b[other_index]),
            (Keys::Double(a), Keys::Double(b)) => a[index].total_cmp(&b[other_index]),
            (Keys::Address(a), Keys::Address(b)) => a[index].cmp(&b[other_index]),
            _ => Ordering::Equal,
        }
    }

    /// Adds the key at `index` of a column of the same kind.
    pub(crate) fn push_from(&mut self, other: &Keys, index: usize) {
        match (self, other) {
            (Keys::Text(a), Keys::Text(b)) => a.push(b.get(index)),
            (Keys::Long(a), Keys::Long(b)) => a.push(b[index]),
            (Keys::Unsigned(a), Keys::Unsigned(b)) => a.push(b[index]),
            (Keys::Double(a), Keys::Double(b)) => a.push(b[index]),
            (Keys::Address(a), Keys::Address(b)) => a.push(b[index]),
            _ => {}
        }
    }

    /// The key as a number, for kinds that are numbers.
    pub(crate) fn number(&self, index: usize) -> Option<f64> {
        match self {
            Keys::Long(keys) => Some(keys[index] as f64),
            Keys::Unsigned(keys) => Some(keys[index] as f64),
            Keys::Double(keys) => Some(keys[index]),
            Keys::None | Keys::Text(_) | Keys::Address(_) => None,
        }
    }

    /// Bytes it holds.
    pub(crate) fn bytes(&self) -> u64 {
        let bytes = match self {
            Keys::None => 0,
            Keys::Text(texts) => texts.text.capacity() + texts.ends.capacity() * 8,
            Keys::Long(keys) => keys.capacity() * 8,
            Keys::Unsigned(keys) => keys.capacity() * 8,
            Keys::Double(keys) => keys.capacity() * 8,
            Keys::Address(keys) => keys.capacity() * 16,
        };
        bytes as u64
    }

    /// Brings two columns to one kind: whole and floating point numbers meet as floating point.
    ///
    /// `None` when they cannot meet, such as strings and numbers.
    pub(crate) fn unify(left: Keys, right: Keys) -> Option<(Keys, Keys)> {
        match (left, right) {
            (Keys::None, right) => Some((right.empty_like(), right)),
            (left, Keys::None) => {
                let right = left.empty_like();
                Some((left, right))
            }
            (left, right) if std::mem::discriminant(&left) == std::mem::discriminant(&right) => {
                Some((left, right))
            }
            (left, right) => Some((left.into_double()?, right.into_double()?)),
        }
    }

    /// Whether every string is cut at a character and lies inside: true for every column that was built here.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Keys::Text(texts) => {
                let mut last = 0;
                texts.ends.iter().all(|end| {
                    let sound = *end >= last && texts.text.is_char_boundary(*end as usize);
                    last = *end;
                    sound
                })
            }
            _ => true,
        }
    }

    fn into_double(self) -> Option<Keys> {
        match self {
            Keys::Long(keys) => Some(Keys::Double(
                keys.into_iter().map(|key| key as f64).collect(),
            )),
            Keys::Unsigned(keys) => Some(Keys::Double(
                keys.into_iter().map(|key| key as f64).collect(),
            )),
            Keys::Double(keys) => Some(Keys::Double(keys)),
            Keys::None | Keys::Text(_) | Keys::Address(_) => None,
        }
    }
}
