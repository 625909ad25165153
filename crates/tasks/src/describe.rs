//! What a task says about itself when somebody looks: its description and its status. Both are asked only then.

use std::fmt::{self, Write};

/// Describes a task in one line, e.g. `indices[books], search_type[QUERY_THEN_FETCH], source[{…}]`.
pub trait Describe: Send + Sync {
    /// Writes the description. Stop as soon as `out` fails: it does when nobody wants more.
    ///
    /// # Errors
    /// Those of `out`.
    fn describe(&self, out: &mut dyn Write) -> fmt::Result;
}

impl Describe for String {
    fn describe(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str(self)
    }
}

impl Describe for &'static str {
    fn describe(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str(self)
    }
}

impl<F: Fn(&mut dyn Write) -> fmt::Result + Send + Sync> Describe for F {
    fn describe(&self, out: &mut dyn Write) -> fmt::Result {
        self(out)
    }
}

/// Live details of a task's work, in a form that the host chooses (Glasswork: a JSON object).
pub trait Status: Send + Sync {
    /// The status as bytes, with or without what only people read.
    fn render(&self, form: Form) -> Vec<u8>;
}

/// For whom a status is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Form {
    /// Raw figures.
    #[default]
    Plain,
    /// Raw figures and their readable twins (`throttled` beside `throttled_millis`).
    Human,
}

/// A description as far as it was wanted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Description {
    /// The first bytes, cut between two characters.
    pub text: String,
    /// Length of the whole in bytes; `text.len()` when nothing was cut.
    pub length: u64,
}

impl Description {
    /// Asks `source` and keeps at most `limit` bytes.
    #[must_use]
    pub fn of(source: &dyn Describe, limit: usize) -> Self {
        let mut cut = Cut {
            text: String::new(),
            limit,
            length: 0,
        };
        // Writing into memory fails only if the source itself gives up; what it wrote until then still stands.
        let _ = source.describe(&mut cut);
        Self {
            text: cut.text,
            length: cut.length,
        }
    }

    /// Whether something was left out.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.length > self.text.len() as u64
    }
}

/// Keeps the first bytes and counts the rest.
struct Cut {
    text: String,
    limit: usize,
    length: u64,
}

impl Write for Cut {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.length == self.text.len() as u64 {
            let room = part.floor_char_boundary(self.limit - self.text.len());
            self.text.push_str(&part[..room]);
        }
        self.length += part.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_cut_between_characters_and_tells_its_length() {
        let description = Description::of(&"aäöü".to_owned(), 4);
        assert_eq!((description.text.as_str(), description.length), ("aä", 7));
        assert!(description.is_cut());
        assert!(!Description::of(&"abc", 3).is_cut());
    }

    #[test]
    fn nothing_follows_what_was_cut() {
        let parts = |out: &mut dyn Write| {
            out.write_str("ää")?;
            out.write_str("b")
        };
        assert_eq!(Description::of(&parts, 3).text, "ä");
    }
}
