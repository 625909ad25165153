//! A compact buffer of analysed tokens, and the Tantivy tokenizer that plays it back.
//!
//! Analysis runs once, in the client's part of a write; the engine must not do it again. Tantivy accepts a text only as a
//! `&str` with a tokenizer, so the buffer is itself valid UTF-8: each token is its length in bytes and its distance from
//! the position before, both as base-64 digits below U+0080, followed by the token. Nothing is allocated for a token.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The name under which the replaying tokenizer is registered.
pub(crate) const REPLAY_TOKENIZER: &str = "replay";

/// The highest position that is told apart from those after it; leaves room for what Tantivy adds.
const MAX_POSITION: u32 = 1 << 30;

/// The tokens of one text field of one document.
///
/// The values of a multi-valued field share one buffer: see [`Tokens::begin_value`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    buffer: String,
    count: u32,
    /// Position that the first token of the current value is counted from.
    base: u32,
    /// Position of the last token pushed.
    last: u32,
}

impl Tokens {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty buffer with room for about `bytes` of text.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            buffer: String::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// Adds a token. `position` counts from the beginning of the current value and never goes back; several tokens may
    /// share one. A position before the last one is taken as the last one.
    pub fn push(&mut self, token: &str, position: u32) {
        let position = self.base.saturating_add(position);
        let position = position.min(MAX_POSITION).max(self.last);
        let length = u32::try_from(token.len()).unwrap_or(u32::MAX);
        push_number(&mut self.buffer, length);
        push_number(&mut self.buffer, position - self.last);
        self.buffer.push_str(token);
        self.last = position;
        self.count += 1;
    }

    /// Begins the next value of a multi-valued field: `gap` positions (`position_increment_gap`, 100 by default) are
    /// left between the values, so that a phrase does not match across them.
    pub fn begin_value(&mut self, gap: u32) {
        if self.count > 0 {
            self.base = self
                .last
                .saturating_add(gap)
                .saturating_add(1)
                .min(MAX_POSITION);
        }
    }

    /// Appends another buffer as the next value, `gap` positions after the last token.
    pub fn append(&mut self, other: &Self, gap: u32) {
        self.begin_value(gap);
        let mut position = 0;
        for (token, distance) in Replay::new(&other.buffer) {
            position = distance.saturating_add(position);
            self.push(token, position);
        }
    }

    /// The tokens in order, each with its position.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        Replay::new(&self.buffer).scan(0u32, |position, (token, distance)| {
            *position += distance;
            Some((token, *position))
        })
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.buffer.capacity()
    }

    /// What the replaying tokenizer takes as its text.
    pub(crate) fn encoded(&self) -> &str {
        &self.buffer
    }
}

/// Writes a number as digits of 5 bits, least significant first; 32 is added to all but the last.
fn push_number(buffer: &mut String, mut number: u32) {
    while number >= 32 {
        buffer.push(char::from(0x20 + 32 + (number % 32) as u8));
        number /= 32;
    }
    buffer.push(char::from(0x20 + number as u8));
}

/// Decodes a buffer. A text that no [`Tokens`] wrote ends it early.
struct Replay<'a> {
    rest: &'a str,
}

impl<'a> Replay<'a> {
    fn new(encoded: &'a str) -> Self {
        Self { rest: encoded }
    }

    #[inline]
    fn number(&mut self) -> Option<u32> {
        let bytes = self.rest.as_bytes();
        let mut number = 0u32;
        for (index, &byte) in bytes.iter().enumerate().take(7) {
            let digit = u32::from(byte.checked_sub(0x20)?);
            number |= (digit % 32).checked_shl(5 * index as u32)?;
            if digit < 32 {
                self.rest = self.rest.get(index + 1..)?;
                return Some(number);
            }
        }
        None
    }
}

impl<'a> Iterator for Replay<'a> {
    type Item = (&'a str, u32);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let length = self.number()? as usize;
        let distance = self.number()?;
        let token = self.rest.get(..length)?;
        self.rest = &self.rest[length..];
        Some((token, distance))
    }
}

/// Plays a buffer back to Tantivy.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplayTokenizer {
    token: Token,
}

impl Tokenizer for ReplayTokenizer {
    type TokenStream<'a> = ReplayStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> ReplayStream<'a> {
        self.token.position = 0;
        ReplayStream {
            replay: Replay::new(text),
            token: &mut self.token,
        }
    }
}

pub(crate) struct ReplayStream<'a> {
    replay: Replay<'a>,
    token: &'a mut Token,
}

impl TokenStream for ReplayStream<'_> {
    #[inline]
    fn advance(&mut self) -> bool {
        let Some((text, distance)) = self.replay.next() else {
            return false;
        };
        self.token.text.clear();
        self.token.text.push_str(text);
        self.token.position += distance as usize;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn replay(tokens: &Tokens) -> Vec<(String, usize)> {
        let mut tokenizer = ReplayTokenizer::default();
        let mut stream = tokenizer.token_stream(tokens.encoded());
        let mut all = Vec::new();
        while stream.advance() {
            all.push((stream.token().text.clone(), stream.token().position));
        }
        all
    }

    #[test]
    fn values_are_kept_apart_by_the_gap() {
        let mut tokens = Tokens::new();
        tokens.push("a", 0);
        tokens.push("b", 1);
        tokens.begin_value(100);
        tokens.push("c", 0);
        let mut more = Tokens::new();
        more.push("d", 0);
        more.push("e", 1);
        tokens.append(&more, 100);
        let all: Vec<_> = tokens.iter().collect();
        assert_eq!(
            all,
            [("a", 0), ("b", 1), ("c", 102), ("d", 203), ("e", 204)]
        );
        assert_eq!(tokens.len(), 5);
    }

    proptest! {
        #[test]
        fn what_was_pushed_is_played_back(parts in prop::collection::vec((".{0,40}", 0u32..5000), 0..60)) {
            let mut tokens = Tokens::new();
            let mut expected = Vec::new();
            let mut position = 0;
            for (text, distance) in parts {
                position += distance;
                tokens.push(&text, position);
                expected.push((text, position as usize));
            }
            prop_assert_eq!(replay(&tokens), expected);
        }

        #[test]
        fn a_foreign_text_never_panics(text in ".{0,200}") {
            let mut tokenizer = ReplayTokenizer::default();
            let mut stream = tokenizer.token_stream(&text);
            let mut count = 0;
            while stream.advance() { count += 1; }
            prop_assert!(count <= text.len());
        }
    }
}
