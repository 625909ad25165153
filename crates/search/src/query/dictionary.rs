//! Queries that stand for many terms: prefixes, patterns, ranges of text. The dictionary is streamed with checks, and the
//! documents of what it yields are collected into a set, so that any number of terms can be interrupted.

use std::{ops::Bound, sync::Arc};

use glasswork_content::{Failure, Kind as FailureKind};
use glasswork_engine::FieldValue;
use tantivy::{BitSet, schema::IndexRecordOption};

use super::{
    compile::{Compiler, Plan},
    leaf::{Leaf, add_all, computed, not_searchable},
};
use crate::mapping::{FieldType, Kind};

/// Longest pattern of a `wildcard` query, in characters.
const MAX_PATTERN: usize = 1_000;

/// Memory that a compiled regular expression may take.
const MAX_REGEX_BYTES: usize = 2 << 20;

/// Part of a dictionary.
struct Keys {
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
}

impl Keys {
    fn beginning_with(prefix: &str) -> Self {
        let mut after = prefix.as_bytes().to_vec();
        while after.last() == Some(&u8::MAX) {
            after.pop();
        }
        let to = match after.last_mut() {
            Some(last) => {
                *last += 1;
                Bound::Excluded(after)
            }
            None => Bound::Unbounded,
        };
        Self {
            from: Bound::Included(prefix.as_bytes().to_vec()),
            to,
        }
    }
}

impl<'a> Compiler<'a> {
    /// `prefix`
    pub(crate) fn prefix(
        &self,
        path: &str,
        value: &str,
        case_insensitive: bool,
        boost: f32,
    ) -> Result<Plan, Failure> {
        self.count_leaf()?;
        if path == "_index" {
            let name = &self.context().index.name;
            let begins = if case_insensitive {
                name.to_lowercase().starts_with(&value.to_lowercase())
            } else {
                name.starts_with(value)
            };
            return Ok(if begins {
                Plan::All { score: boost }
            } else {
                Plan::None
            });
        }
        let Some((kind, leaf)) = self.strings("prefix", path)? else {
            return Ok(Plan::None);
        };
        let value = normalized(kind, value);
        if case_insensitive {
            let lower = value.to_lowercase();
            let keys = Keys {
                from: Bound::Unbounded,
                to: Bound::Unbounded,
            };
            return Ok(self
                .terms_where(leaf, keys, move |term| {
                    term.to_lowercase().starts_with(&lower)
                })
                .constant(boost));
        }
        Ok(self
            .terms_where(leaf, Keys::beginning_with(&value), |_| true)
            .constant(boost))
    }

    /// `wildcard`
    pub(crate) fn wildcard(
        &self,
        path: &str,
        pattern: &str,
        case_insensitive: bool,
        boost: f32,
    ) -> Result<Plan, Failure> {
        self.count_leaf()?;
        if path == "_index" {
            let name = &self.context().index.name;
            return Ok(if Pattern::parse(pattern)?.matches(name) {
                Plan::All { score: boost }
            } else {
                Plan::None
            });
        }
        let Some((kind, leaf)) = self.strings("wildcard", path)? else {
            return Ok(Plan::None);
        };
        let pattern = normalized(kind, pattern);
        let mut parsed = Pattern::parse(&pattern)?;
        if parsed.is_anything() {
            return self.exists(path, boost);
        }
        if case_insensitive {
            parsed = Pattern::parse(&pattern.to_lowercase())?;
            let keys = Keys {
                from: Bound::Unbounded,
                to: Bound::Unbounded,
            };
            return Ok(self
                .terms_where(leaf, keys, move |term| parsed.matches(&term.to_lowercase()))
                .constant(boost));
        }
        let keys = Keys::beginning_with(&parsed.literal_prefix());
        Ok(self
            .terms_where(leaf, keys, move |term| parsed.matches(term))
            .constant(boost))
    }

    /// `regexp`; `translate` brings the expression into the notation of the `regex` crate.
    pub(crate) fn regexp(
        &self,
        path: &str,
        translate: impl FnOnce(&str) -> Result<String, Failure>,
        pattern: &str,
        case_insensitive: bool,
        boost: f32,
    ) -> Result<Plan, Failure> {
        self.count_leaf()?;
        let Some((_, leaf)) = self.strings("regexp", path)? else {
            return Ok(Plan::None);
        };
        let body = translate(pattern)?;
        let letters = |letter: &char| letter.is_alphanumeric();
        let mut prefix: String = pattern.chars().take_while(letters).collect();
        // what follows may make the last letter optional, or the whole of it one of several
        prefix.pop();
        let free = case_insensitive || pattern.contains('|');
        let keys = Keys::beginning_with(if free { "" } else { &prefix });
        let regex = regex::RegexBuilder::new(&format!("\\A(?:{body})\\z"))
            .dot_matches_new_line(true)
            .case_insensitive(case_insensitive)
            .size_limit(MAX_REGEX_BYTES)
            .dfa_size_limit(MAX_REGEX_BYTES)
            .build()
            .map_err(|error| {
                Failure::illegal_argument(format!(
                    "invalid regular expression [{pattern}]: {error}"
                ))
            })?;
        Ok(self
            .terms_where(leaf, keys, move |term| regex.is_match(term))
            .constant(boost))
    }

    /// `term` with `case_insensitive`
    pub(crate) fn same_letters(
        &self,
        kind: &'a FieldType,
        value: &str,
        boost: f32,
    ) -> Result<Plan, Failure> {
        let Some((kind, leaf)) = self.strings("term with case_insensitive", kind.path())? else {
            return Ok(Plan::None);
        };
        let lower = normalized(kind, value).to_lowercase();
        let keys = Keys {
            from: Bound::Unbounded,
            to: Bound::Unbounded,
        };
        Ok(self
            .terms_where(leaf, keys, move |term| term.to_lowercase() == lower)
            .constant(boost))
    }

    /// Terms of a text field between two bounds.
    pub(crate) fn terms_between(
        &self,
        leaf: Leaf<'_>,
        from: &Bound<FieldValue>,
        to: &Bound<FieldValue>,
    ) -> Plan {
        let key = |bound: &Bound<FieldValue>| {
            bound.as_ref().map(|value| match value {
                FieldValue::Keyword(text) => text.as_bytes().to_vec(),
                _ => Vec::new(),
            })
        };
        self.terms_where(
            leaf,
            Keys {
                from: key(from),
                to: key(to),
            },
            |_| true,
        )
    }

    /// A field of strings, or the complaint that it is none.
    fn strings(
        &self,
        what: &str,
        path: &str,
    ) -> Result<Option<(&'a FieldType, Leaf<'a>)>, Failure> {
        if path == "_id" {
            return Err(Failure::new(
                FailureKind::QueryShard,
                format!(
                    "Can only use {what} queries on keyword and text fields - not on [_id] which is of type [_id]"
                ),
            ));
        }
        let Some(kind) = self.field_type(path) else {
            return Ok(None);
        };
        if !matches!(kind.kind(), Kind::Text | Kind::Keyword) {
            return Err(Failure::new(
                FailureKind::QueryShard,
                format!(
                    "Can only use {what} queries on keyword and text fields - not on [{path}] which is of type [{}]",
                    kind.type_name()
                ),
            ));
        }
        match self.leaf(kind) {
            Some(leaf) if !leaf.spec.indexed => Err(not_searchable(kind)),
            leaf => Ok(leaf.map(|leaf| (kind, leaf))),
        }
    }

    /// Documents that hold a term of `keys` that `accept` accepts.
    fn terms_where<A>(&self, leaf: Leaf<'_>, keys: Keys, accept: A) -> Plan
    where
        A: Fn(&str) -> bool + Send + Sync + 'static,
    {
        let field = leaf.field;
        computed(
            Arc::clone(&self.context().interrupt),
            1.0,
            move |reader, interrupt| {
                let index = reader.inverted_index(field)?;
                let mut range = index.terms().range();
                range = match &keys.from {
                    Bound::Included(key) => range.ge(key),
                    Bound::Excluded(key) => range.gt(key),
                    Bound::Unbounded => range,
                };
                range = match &keys.to {
                    Bound::Included(key) => range.le(key),
                    Bound::Excluded(key) => range.lt(key),
                    Bound::Unbounded => range,
                };
                let mut stream = range.into_stream()?;
                let mut documents: Option<BitSet> = None;
                let mut seen = 0u32;
                while stream.advance() {
                    seen += 1;
                    if seen.is_multiple_of(1_024) && !interrupt.go_on() {
                        return Ok(None);
                    }
                    let Ok(term) = std::str::from_utf8(stream.key()) else {
                        continue;
                    };
                    if !accept(term) {
                        continue;
                    }
                    let mut postings = index
                        .read_postings_from_terminfo(stream.value(), IndexRecordOption::Basic)?;
                    let documents =
                        documents.get_or_insert_with(|| BitSet::with_max_value(reader.max_doc()));
                    if !add_all(&mut postings, documents, interrupt) {
                        return Ok(None);
                    }
                }
                Ok(documents)
            },
        )
    }
}

fn normalized(kind: &FieldType, value: &str) -> String {
    match kind.normalizer() {
        Some(normalizer) => normalizer.normalize(value).into_owned(),
        None => value.to_owned(),
    }
}

/// A pattern with `*`, `?` and `\` before a character that means itself.
pub(crate) struct Pattern(Vec<Part>);

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Text(char),
    One,
    Any,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is longer than 1,000 characters.
    pub(crate) fn parse(pattern: &str) -> Result<Self, Failure> {
        let length = pattern.chars().count();
        if length > MAX_PATTERN {
            return Err(Failure::illegal_argument(format!(
                "The length of the pattern [{length}] used in the Wildcard Query request has exceeded the allowed maximum of [{MAX_PATTERN}]."
            )));
        }
        let mut parts = Vec::with_capacity(length);
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            parts.push(match character {
                '*' if parts.last() == Some(&Part::Any) => continue,
                '*' => Part::Any,
                '?' => Part::One,
                '\\' => Part::Text(characters.next().unwrap_or('\\')),
                other => Part::Text(other),
            });
        }
        Ok(Self(parts))
    }

    fn is_anything(&self) -> bool {
        self.0 == [Part::Any]
    }

    fn literal_prefix(&self) -> String {
        self.0
            .iter()
            .map_while(|part| {
                if let Part::Text(character) = part {
                    Some(*character)
                } else {
                    None
                }
            })
            .collect()
    }

    /// Whether the whole of `text` fits the pattern: one pass, going back only to the last `*`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let parts = &self.0;
        let (mut part, mut rest) = (0, text.chars());
        let mut star: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let before = rest.clone();
            let Some(character) = rest.next() else {
                return parts[part..].iter().all(|part| *part == Part::Any);
            };
            match parts.get(part) {
                Some(Part::Any) => {
                    star = Some((part + 1, before.clone()));
                    part += 1;
                    rest = before;
                }
                Some(Part::One) => part += 1,
                Some(Part::Text(wanted)) if *wanted == character => part += 1,
                _ => {
                    let Some((after, mut from)) = star.take() else {
                        return false;
                    };
                    from.next();
                    part = after;
                    rest = from.clone();
                    star = Some((after, from));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Keys, Pattern};

    #[test]
    fn patterns_match_whole_terms() {
        for (pattern, term, matches) in [
            ("h*e", "house", true),
            ("h*e", "houses", false),
            ("?ouse", "mouse", true),
            ("?ouse", "ouse", false),
            ("*", "", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*ab", "aab", true),
            ("*aab*c", "aaaabxc", true),
        ] {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(term),
                matches,
                "{pattern} {term}"
            );
        }
    }

    #[test]
    fn a_prefix_ends_before_its_successor() {
        let keys = Keys::beginning_with("ab");
        assert_eq!(keys.to, Bound::Excluded(b"ac".to_vec()));
        assert_eq!(Keys::beginning_with("").to, Bound::Unbounded);
    }
}
