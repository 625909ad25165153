//! Names that come twice in one object are refused, as upstream does.
//!
//! An object of few names compares fingerprints; a large one switches to a keyed hash set, so that no choice of names makes
//! it slow.

use super::string::{self, Role};
use std::collections::HashSet;

const SMALL: usize = 32;

/// The names of the objects that are open.
#[derive(Default)]
pub(super) struct Names {
    /// Fingerprint and offset behind the opening quote, of all open objects, innermost last.
    small: Vec<(u64, usize)>,
    frames: Vec<Frame>,
}

struct Frame {
    base: usize,
    large: Option<HashSet<Box<str>>>,
}

impl Names {
    pub(super) fn open(&mut self) {
        self.frames.push(Frame {
            base: self.small.len(),
            large: None,
        });
    }

    pub(super) fn close(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.small.truncate(frame.base);
        }
    }

    /// Remembers a name of the innermost object; false when it has been there before. `start` is its offset in `text`.
    #[inline]
    pub(super) fn insert(&mut self, text: &str, name: &str, start: usize) -> bool {
        let Some(frame) = self.frames.last_mut() else {
            return true;
        };
        if let Some(large) = &mut frame.large {
            return large.insert(name.into());
        }
        let fingerprint = fingerprint(name.as_bytes());
        let known = &self.small[frame.base..];
        let twice = known
            .iter()
            .any(|&(other, at)| other == fingerprint && name_at(text, at) == name);
        if twice {
            return false;
        }
        if known.len() < SMALL {
            self.small.push((fingerprint, start));
            return true;
        }
        let mut large: HashSet<Box<str>> = known
            .iter()
            .map(|&(_, at)| name_at(text, at).into())
            .collect();
        large.insert(name.into());
        frame.large = Some(large);
        self.small.truncate(frame.base);
        true
    }
}

/// The name behind the quote at `at`: it was read before, so it is well formed.
fn name_at(text: &str, at: usize) -> std::borrow::Cow<'_, str> {
    string::read(text, at, Role::Name)
        .map(|(name, _)| name)
        .unwrap_or_default()
}

/// Fast and not keyed: equal fingerprints are compared in full.
#[inline]
fn fingerprint(name: &[u8]) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = name.len() as u64;
    let (words, rest) = name.as_chunks::<8>();
    for word in words {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(K);
    }
    let tail = rest
        .iter()
        .fold(0, |tail, &byte| tail << 8 | u64::from(byte));
    (hash.rotate_left(5) ^ tail).wrapping_mul(K)
}
