//! Whole values, and where they stand.

use super::{Reader, Seen, Token};
use crate::Failure;
use crate::json::{Limits, Position};

impl<'a> Reader<'a> {
    pub(in crate::json) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the token that was read last begins. Cheap when it is asked for tokens in their order.
    pub fn position(&mut self) -> Position {
        if self.start < self.seen.offset {
            self.seen = Seen {
                offset: 0,
                line: 1,
                line_start: 0,
            };
        }
        let bytes = self.text.as_bytes();
        for at in memchr::memchr2_iter(b'\n', b'\r', &bytes[self.seen.offset..self.start]) {
            let at = self.seen.offset + at;
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                self.seen.line += 1;
                self.seen.line_start = at + 1;
            }
        }
        self.seen.offset = self.start;
        let column = self.start - self.seen.line_start + 1;
        Position {
            line: self.seen.line,
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// The byte at which the token that was read last begins.
    pub fn offset(&self) -> usize {
        self.start
    }

    /// The byte behind the token that was read last.
    pub fn end_offset(&self) -> usize {
        self.end
    }

    /// Open objects and arrays.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Reads over the next value, whole. Called where a value is expected (behind a key, or in an array that goes on).
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn skip_value(&mut self) -> Result<(), Failure> {
        let first = self.next()?;
        self.skip_rest_of(&first)
    }

    /// Reads to the end of the value that began with `first`, the token that was read last.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn skip_rest_of(&mut self, first: &Token<'_>) -> Result<(), Failure> {
        if matches!(first, Token::BeginObject | Token::BeginArray) {
            let outside = self.open.len() - 1;
            while self.open.len() > outside {
                self.next()?;
            }
        }
        Ok(())
    }

    /// Reads over the next value and gives its bytes as they are written.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn raw_value(&mut self) -> Result<&'a [u8], Failure> {
        let first = self.next()?;
        self.raw_rest_of(&first)
    }

    /// The bytes of the value that began with `first`, the token that was read last; reads to its end.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn raw_rest_of(&mut self, first: &Token<'_>) -> Result<&'a [u8], Failure> {
        let start = self.start;
        self.skip_rest_of(first)?;
        Ok(&self.text.as_bytes()[start..self.end])
    }
}
