//! Simple patterns: `*` stands for any run of characters, also none; everything else for itself.

use serde::{Deserialize, Serialize};

/// A pattern that has to match a whole text, case-sensitively.
///
/// ```
/// use glasswork_tasks::Pattern;
/// assert!(Pattern::new("*search*").matches("indices:data/read/search[phase/query]"));
/// assert!(!Pattern::new("*search").matches("indices:data/read/search[phase/query]"));
/// assert!(!Pattern::new("list?").matches("lists"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// Takes `text` as a pattern.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one text that it matches, when it has no `*`.
    pub(crate) fn exact(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&self.0)
    }

    /// Whether the whole of `text` fits. Takes time in proportion to the text and the pattern together at most times
    /// their number of stars.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        for part in parts {
            let Some(place) = rest.find(part) else {
                return false;
            };
            rest = &rest[place + part.len()..];
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*b*", "abc", true),
            ("a**c", "abc", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("*[n]", "lists[n]", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                fits,
                "{pattern} on {text}"
            );
        }
    }
}
