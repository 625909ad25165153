//! What is wrong at the place where the reader stands.

use super::{Container, Expect, Reader};
use crate::json::fault::{self, Fault};
use crate::{Failure, Kind};

impl Reader<'_> {
    #[cold]
    pub(in crate::json) fn too_many_nodes(&self) -> Failure {
        let message = format!(
            "Document has more values than the maximum allowed ({})",
            self.limits.nodes
        );
        *fault::constraint(message, self.start)
    }

    #[cold]
    pub(super) fn broken_off(&self, container: Container) -> Fault {
        fault::unclosed(container.name(), self.text.len())
    }

    #[cold]
    pub(super) fn mismatched(&self, found: u8) -> Fault {
        let kind = self
            .open
            .last()
            .map_or("root", |container| container.name());
        let expected = if found == b']' { '}' } else { ']' };
        fault::mismatched_close(char::from(found), expected, kind, self.at)
    }

    #[cold]
    pub(super) fn no_value(&self, byte: u8) -> Fault {
        let in_array = self.open.last() == Some(&Container::Array);
        match byte {
            b'}' | b']' if self.expect == Expect::Top => self.mismatched(byte),
            b'}' if self.expect == Expect::FirstElement => self.mismatched(byte),
            b',' | b'}' => {
                fault::unexpected_character(char::from(byte), "expected a value", self.at)
            }
            b']' if in_array => fault::unexpected_character(']', "expected a value", self.at),
            _ if self.character().is_alphabetic() || matches!(byte, b'_' | b'$') => {
                self.unrecognized_token()
            }
            _ => fault::unexpected_value(self.character(), self.at),
        }
    }

    #[cold]
    pub(super) fn unrecognized_token(&self) -> Fault {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|character| !is_identifier_part(character))
            .unwrap_or(rest.len());
        let token = &rest[..end];
        match token.char_indices().nth(256) {
            Some((cut, _)) => fault::unrecognized_token(&format!("{}...", &token[..cut]), self.at),
            None => fault::unrecognized_token(token, self.at),
        }
    }

    /// An unexpected end that is really the first byte that is not UTF-8.
    #[cold]
    pub(super) fn or_utf8(&self, failure: Fault) -> Fault {
        let at_end = failure.kind == Kind::UnexpectedEndOfInput;
        if at_end && self.text.len() < self.whole.len() {
            self.bad_utf8()
        } else {
            failure
        }
    }

    #[cold]
    pub(super) fn bad_utf8(&self) -> Fault {
        fault::invalid_utf8(&self.whole[self.text.len()..], self.text.len())
    }

    pub(super) fn character(&self) -> char {
        self.text[self.at..]
            .chars()
            .next()
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// `Character.isJavaIdentifierPart`, nearly.
pub(super) fn is_identifier_part(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}
