//! What stands between tokens: white space and comments.

use super::Reader;

use crate::json::fault::{self, Fault};

impl Reader<'_> {
    /// Goes to the next byte that is neither white space nor comment; `None` at the end of the input.
    #[inline]
    pub(super) fn skip_space(&mut self) -> Result<Option<u8>, Fault> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') => self.skip_comment()?,
                Some(&byte) if byte < 0x20 => {
                    return Err(fault::illegal_space(char::from(byte), self.at));
                }
                Some(&byte) => return self.within_limits().map(|()| Some(byte)),
                None if self.text.len() < self.whole.len() => return Err(self.bad_utf8()),
                None => return Ok(None),
            }
        }
    }

    #[inline]
    pub(super) fn within_limits(&self) -> Result<(), Fault> {
        if self.at < self.limits.bytes {
            return Ok(());
        }
        let message = format!(
            "Document length ({}) exceeds the maximum allowed ({}, from `StreamReadConstraints.getMaxDocumentLength()`)",
            self.whole.len(),
            self.limits.bytes
        );
        Err(fault::constraint(message, self.at))
    }

    pub(super) fn skip_comment(&mut self) -> Result<(), Fault> {
        let bytes = self.text.as_bytes();
        let inside = self.at + 2;
        match bytes.get(self.at + 1) {
            Some(b'/') => {
                let rest = &bytes[inside..];
                self.at = inside + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                Ok(())
            }
            Some(b'*') => match memchr::memmem::find(&bytes[inside..], b"*/") {
                Some(length) => {
                    self.at = inside + length + 2;
                    Ok(())
                }
                None => Err(self.or_utf8(fault::end_of_input(" in a comment", bytes.len()))),
            },
            None => Err(self.or_utf8(fault::end_of_input(" in a comment", bytes.len()))),
            Some(_) => {
                self.at += 1;
                let comment = "was expecting either '*' or '/' for a comment";
                Err(fault::unexpected_character(
                    self.character(),
                    comment,
                    self.at,
                ))
            }
        }
    }

    #[inline]
    pub(super) fn required(&mut self, container: &str) -> Result<u8, Fault> {
        self.skip_space()?.ok_or_else(|| {
            fault::end_of_input(
                format_args!(" within/between {container} entries"),
                self.text.len(),
            )
        })
    }

    /// Upstream reports an end behind a comma as a syntax error, not as an unexpected end.
    pub(super) fn required_behind_comma(&mut self, container: &str) -> Result<u8, Fault> {
        self.skip_space()?.ok_or_else(|| {
            fault::syntax(
                format_args!("Unexpected end-of-input within/between {container} entries"),
                self.text.len(),
            )
        })
    }
}
