//! The pull reader.

use super::{Limits, Position};
use crate::Failure;
use std::borrow::Cow;

/// One piece of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Token<'a> {
    /// `{`
    BeginObject,
    /// `}`
    EndObject,
    /// `[`
    BeginArray,
    /// `]`
    EndArray,
    /// The name of the value that comes next.
    Key(Cow<'a, str>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// A number, as it is written.
    Number(Number<'a>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`
    Null,
    /// The input is over.
    End,
}

/// A number as it stands in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    text: &'a str,
    fraction: bool,
}

impl<'a> Number<'a> {
    /// The characters of the number.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Whether it is written with a fraction or an exponent.
    pub fn is_fraction(&self) -> bool {
        self.fraction
    }
}

/// Pulls tokens out of a JSON text.
pub struct Reader<'a> {
    bytes: &'a [u8],
    limits: Limits,
}

impl<'a> Reader<'a> {
    /// A reader over a text.
    ///
    /// # Errors
    /// 413-like refusals come with the first token.
    pub fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Self {
            bytes,
            limits: limits.clone(),
        }
    }

    /// The next token; [`Token::End`] at the end, again and again. Several values in a row are accepted.
    ///
    /// # Errors
    /// 400 `json_parse_exception` or `unexpected_end_of_input_exception` in Jackson's words, with the byte offset.
    #[allow(clippy::should_implement_trait)] // it does not end with `None` and it fails
    pub fn next(&mut self) -> Result<Token<'a>, Failure> {
        todo!()
    }

    /// Where the token that was read last begins.
    pub fn position(&mut self) -> Position {
        todo!()
    }

    /// The byte at which the token that was read last begins.
    pub fn offset(&self) -> usize {
        todo!()
    }

    /// The byte behind the token that was read last.
    pub fn end_offset(&self) -> usize {
        todo!()
    }

    /// Open objects and arrays.
    pub fn depth(&self) -> usize {
        todo!()
    }

    /// Reads over the next value, whole. Called where a value is expected (behind a key or in an array).
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn skip_value(&mut self) -> Result<(), Failure> {
        todo!()
    }

    /// Reads over the next value and gives its bytes as they are written.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn raw_value(&mut self) -> Result<&'a [u8], Failure> {
        todo!()
    }

    /// Builds a tree of the next value.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn node(&mut self) -> Result<super::Node, Failure> {
        let _ = (self.bytes, &self.limits);
        todo!()
    }
}
