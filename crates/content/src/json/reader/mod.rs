//! The pull reader: tokens of a JSON text, one at a time, without recursion and without copying what needs no copy.
//!
//! Accepts what upstream's parser accepts: JSON with `//` and `/* */` comments, a leading byte order mark, several values in
//! a row.

mod complaint;
mod space;
mod whole;

use super::duplicates::Names;
use super::fault::{self, Fault};
use super::string::{self, Role};
use super::{Limits, Number, number};
use crate::Failure;
use complaint::is_identifier_part;
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

impl Container {
    #[inline]
    fn name(self) -> &'static str {
        match self {
            Container::Object => "Object",
            Container::Array => "Array",
        }
    }
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value at the top, or the end.
    Top,
    /// A name or `}`.
    FirstName,
    /// A value or `]`.
    FirstElement,
    /// The value of a name.
    Value,
    /// `,` or the end of the container.
    Comma,
}

/// Pulls tokens out of a JSON text.
///
/// After an error the reader is spent: every further call answers with an error of its own.
pub struct Reader<'a> {
    /// The input up to its first byte that is not UTF-8.
    text: &'a str,
    whole: &'a [u8],
    at: usize,
    start: usize,
    end: usize,
    expect: Expect,
    open: Vec<Container>,
    names: Names,
    tokens_left: usize,
    limits: Limits,
    seen: Seen,
}

/// How far lines have been counted.
struct Seen {
    offset: usize,
    line: u32,
    line_start: usize,
}

impl<'a> Reader<'a> {
    /// A reader over a text. What is wrong with it comes with the tokens.
    pub fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        let whole = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let text = match std::str::from_utf8(whole) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&whole[..error.valid_up_to()]).unwrap_or_default(),
        };
        Self {
            text,
            whole,
            at: 0,
            start: 0,
            end: 0,
            expect: Expect::Top,
            open: Vec::new(),
            names: Names::default(),
            tokens_left: limits.tokens,
            limits: limits.clone(),
            seen: Seen {
                offset: 0,
                line: 1,
                line_start: 0,
            },
        }
    }

    /// The next token; [`Token::End`] at the end, again and again. Several values in a row are accepted.
    ///
    /// # Errors
    /// 400 `json_parse_exception` or `unexpected_end_of_input_exception` in Jackson's words, with the byte offset.
    #[allow(clippy::should_implement_trait)] // it does not end with `None`, and it fails
    pub fn next(&mut self) -> Result<Token<'a>, Failure> {
        self.advance().map_err(|fault| *fault)
    }

    #[inline]
    fn advance(&mut self) -> Result<Token<'a>, Fault> {
        self.count_token()?;
        match self.expect {
            Expect::Comma => self.after_comma(),
            Expect::FirstName => self.first_name(),
            Expect::Value => {
                let byte = self.required("Object")?;
                self.value(byte)
            }
            Expect::FirstElement => {
                let byte = self
                    .skip_space()?
                    .ok_or_else(|| self.broken_off(Container::Array))?;
                if byte == b']' {
                    return Ok(self.close(Container::Array));
                }
                self.value(byte)
            }
            Expect::Top => match self.skip_space()? {
                None => self.end_of_text(),
                Some(byte) => self.value(byte),
            },
        }
    }

    #[inline]
    fn count_token(&mut self) -> Result<(), Fault> {
        if self.tokens_left == 0 {
            let message = format!(
                "Document token count exceeds the maximum allowed ({})",
                self.limits.tokens
            );
            return Err(fault::constraint(message, self.at));
        }
        self.tokens_left -= 1;
        Ok(())
    }

    #[inline]
    fn first_name(&mut self) -> Result<Token<'a>, Fault> {
        let byte = self
            .skip_space()?
            .ok_or_else(|| self.broken_off(Container::Object))?;
        if byte == b'}' {
            return Ok(self.close(Container::Object));
        }
        self.name(byte)
    }

    /// Behind a value inside a container.
    #[inline]
    fn after_comma(&mut self) -> Result<Token<'a>, Fault> {
        let Some(&container) = self.open.last() else {
            return self.next_at_top();
        };
        let byte = self
            .skip_space()?
            .ok_or_else(|| self.broken_off(container))?;
        match (byte, container) {
            (b',', Container::Object) => {
                self.at += 1;
                let byte = self.required_behind_comma("Object")?;
                self.name(byte)
            }
            (b',', Container::Array) => {
                self.at += 1;
                let byte = self.required_behind_comma("Array")?;
                self.value(byte)
            }
            (b'}', Container::Object) | (b']', Container::Array) => Ok(self.close(container)),
            (b'}' | b']', _) => Err(self.mismatched(byte)),
            _ => {
                let comment = format!(
                    "was expecting comma to separate {} entries",
                    container.name()
                );
                Err(fault::unexpected_character(
                    self.character(),
                    &comment,
                    self.at,
                ))
            }
        }
    }

    fn next_at_top(&mut self) -> Result<Token<'a>, Fault> {
        self.expect = Expect::Top;
        match self.skip_space()? {
            None => self.end_of_text(),
            Some(byte) => self.value(byte),
        }
    }

    #[inline]
    fn name(&mut self, byte: u8) -> Result<Token<'a>, Fault> {
        if byte != b'"' {
            if byte == b']' {
                return Err(self.mismatched(byte));
            }
            let comment = "was expecting double-quote to start property name";
            return Err(fault::unexpected_character(
                self.character(),
                comment,
                self.at,
            ));
        }
        self.start = self.at;
        let (name, end) = self.string(Role::Name)?;
        (self.at, self.end) = (end, end);
        if !self.names.insert(self.text, &name, self.start + 1) {
            return Err(fault::duplicate_name(&name, end));
        }
        let colon = self.required("Object")?;
        if colon != b':' {
            let comment = "was expecting a colon to separate property name and value";
            return Err(fault::unexpected_character(
                self.character(),
                comment,
                self.at,
            ));
        }
        self.at += 1;
        self.expect = Expect::Value;
        Ok(Token::Key(name))
    }

    #[inline]
    fn value(&mut self, byte: u8) -> Result<Token<'a>, Fault> {
        self.start = self.at;
        match byte {
            b'"' => {
                let (text, end) = self.string(Role::Value)?;
                self.scalar(Token::String(text), end)
            }
            b'-' | b'0'..=b'9' => self.number(),
            b'{' => {
                self.open(Container::Object)?;
                self.names.open();
                self.expect = Expect::FirstName;
                Ok(Token::BeginObject)
            }
            b'[' => {
                self.open(Container::Array)?;
                self.expect = Expect::FirstElement;
                Ok(Token::BeginArray)
            }
            b't' => self.word("true", Token::Bool(true)),
            b'f' => self.word("false", Token::Bool(false)),
            b'n' => self.word("null", Token::Null),
            _ => Err(self.no_value(byte)),
        }
    }

    #[inline]
    fn scalar(&mut self, token: Token<'a>, end: usize) -> Result<Token<'a>, Fault> {
        (self.at, self.end) = (end, end);
        self.expect = if self.open.is_empty() {
            Expect::Top
        } else {
            Expect::Comma
        };
        Ok(token)
    }

    #[inline]
    fn string(&mut self, role: Role) -> Result<(Cow<'a, str>, usize), Fault> {
        let (text, end) =
            string::read(self.text, self.at + 1, role).map_err(|failure| self.or_utf8(failure))?;
        let length = end - self.at - 2;
        if length > self.limits.string_bytes {
            let message = format!(
                "String value length ({length}) exceeds the maximum allowed ({}, from `StreamReadConstraints.getMaxStringLength()`)",
                self.limits.string_bytes
            );
            return Err(fault::constraint(message, self.at));
        }
        Ok((text, end))
    }

    #[inline]
    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let (number, end) =
            number::read(self.text, self.at).map_err(|failure| self.or_utf8(failure))?;
        let length = number.text().len();
        if length > self.limits.number_length {
            let message = format!(
                "Number value length ({length}) exceeds the maximum allowed ({}, from `StreamReadConstraints.getMaxNumberLength()`)",
                self.limits.number_length
            );
            return Err(fault::constraint(message, self.at));
        }
        if self.open.is_empty() {
            let next = self.text.as_bytes().get(end);
            if !matches!(next, None | Some(b' ' | b'\t' | b'\r' | b'\n')) {
                self.at = end;
                let comment = "Expected space separating root-level values";
                return Err(fault::unexpected_character(self.character(), comment, end));
            }
        }
        self.scalar(Token::Number(number), end)
    }

    #[inline]
    fn word(&mut self, word: &str, token: Token<'a>) -> Result<Token<'a>, Fault> {
        let rest = &self.text[self.at..];
        if rest.starts_with(word) && !rest[word.len()..].starts_with(is_identifier_part) {
            return self.scalar(token, self.at + word.len());
        }
        Err(self.unrecognized_token())
    }

    #[inline]
    fn open(&mut self, container: Container) -> Result<(), Fault> {
        if self.open.len() >= self.limits.depth {
            let message = format!(
                "Document nesting depth ({}) exceeds the maximum allowed ({}, from `StreamReadConstraints.getMaxNestingDepth()`)",
                self.open.len() + 1,
                self.limits.depth
            );
            return Err(fault::constraint(message, self.at));
        }
        self.open.push(container);
        self.at += 1;
        self.end = self.at;
        Ok(())
    }

    #[inline]
    fn close(&mut self, container: Container) -> Token<'a> {
        self.start = self.at;
        self.at += 1;
        self.end = self.at;
        self.open.pop();
        self.expect = if self.open.is_empty() {
            Expect::Top
        } else {
            Expect::Comma
        };
        match container {
            Container::Object => {
                self.names.close();
                Token::EndObject
            }
            Container::Array => Token::EndArray,
        }
    }

    fn end_of_text(&mut self) -> Result<Token<'a>, Fault> {
        (self.start, self.end) = (self.at, self.at);
        Ok(Token::End)
    }
}
