//! An analyzer: character filters, one tokenizer, token filters, run over a text.

use super::char_filters::{CharFilter, Rewritten};
use super::filters::{Filter, Term};
use super::tokenizers::Tokenizer;
use std::borrow::Cow;

/// One token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What is indexed or looked up.
    pub text: &'a str,
    /// Byte offset of its first character in the analysed text.
    pub start_offset: u32,
    /// Byte offset behind its last character.
    pub end_offset: u32,
    /// Its place, from 0; dropped tokens leave a hole.
    pub position: u32,
    /// How many places it spans (1, but more for a shingle).
    pub position_length: u32,
    /// Lucene's type: `<ALPHANUM>`, `<NUM>`, `word`, …
    pub kind: &'static str,
}

/// A token that owns its text: what filters that multiply or join tokens work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnedToken {
    pub(crate) text: String,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Places since the token before it; 0 = at the same place.
    pub(crate) increment: u32,
    pub(crate) length: u32,
    pub(crate) kind: &'static str,
    /// Stemmers leave it alone.
    pub(crate) keyword: bool,
}

/// A named chain of character filters, a tokenizer and token filters.
#[derive(Debug)]
pub struct Analyzer {
    pub(crate) name: String,
    pub(crate) char_filters: Vec<(String, CharFilter)>,
    pub(crate) tokenizer: (String, Tokenizer),
    pub(crate) filters: Vec<(String, Filter)>,
    /// Places between two values of one field, `position_increment_gap`.
    pub(crate) position_gap: u32,
    /// Whether the settings define it (it is then explained part by part).
    pub(crate) custom: bool,
}

impl Analyzer {
    /// Its name in the registry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Places left free between two values of one field.
    #[must_use]
    pub fn position_gap(&self) -> u32 {
        self.position_gap
    }

    /// Hands each token of `text` to `sink`, in order. Returns how many places the text takes, trailing holes included,
    /// so that the next value of the same field can go on behind them.
    pub fn analyze(&self, text: &str, sink: &mut impl FnMut(Token<'_>)) -> u32 {
        let rewritten = self.rewrite(text);
        let end = rewritten.text.len();
        let places = if self.filters.iter().all(|(_, filter)| filter.is_streaming()) {
            self.stream(&rewritten, sink)
        } else {
            self.collect(&rewritten, sink)
        };
        debug_assert!(
            end <= u32::MAX as usize,
            "texts are bounded by the size of a document"
        );
        places
    }

    /// The texts of all tokens, for callers that need nothing else.
    #[must_use]
    pub fn terms(&self, text: &str) -> Vec<String> {
        let mut terms = Vec::new();
        self.analyze(text, &mut |token| terms.push(token.text.to_owned()));
        terms
    }

    fn rewrite<'a>(&self, text: &'a str) -> Rewritten<'a> {
        let mut rewritten = Rewritten::unchanged(text);
        for (_, filter) in &self.char_filters {
            rewritten = filter.apply(rewritten);
        }
        rewritten
    }

    fn stream(&self, rewritten: &Rewritten<'_>, sink: &mut impl FnMut(Token<'_>)) -> u32 {
        let mut buffer = String::new();
        let mut next = 0u32;
        self.tokenizer.1.each(&rewritten.text, &mut |raw| {
            let position = next;
            next = next.saturating_add(1);
            let mut term = Term::new(raw.text, &mut buffer, raw.kind);
            for (_, filter) in &self.filters {
                if !filter.apply(&mut term) {
                    return;
                }
            }
            let kind = term.kind();
            sink(Token {
                text: term.as_str(),
                start_offset: rewritten.original(raw.start),
                end_offset: rewritten.original_end(raw.end),
                position,
                position_length: 1,
                kind,
            });
        });
        next
    }

    fn collect(&self, rewritten: &Rewritten<'_>, sink: &mut impl FnMut(Token<'_>)) -> u32 {
        let mut tokens = self.tokens_before_filters(rewritten);
        for (_, filter) in &self.filters {
            tokens = filter.apply_all(tokens);
        }
        emit(&tokens, sink)
    }

    pub(crate) fn tokens_before_filters(&self, rewritten: &Rewritten<'_>) -> Vec<OwnedToken> {
        let mut tokens = Vec::new();
        self.tokenizer.1.each(&rewritten.text, &mut |raw| {
            tokens.push(OwnedToken {
                text: raw.text.to_owned(),
                start: rewritten.original(raw.start),
                end: rewritten.original_end(raw.end),
                increment: 1,
                length: 1,
                kind: raw.kind,
                keyword: false,
            });
        });
        tokens
    }

    /// The text after each character filter and the tokens after each part, for `_analyze` with `explain`.
    pub(crate) fn explain(&self, text: &str) -> Explained {
        let mut rewritten = Rewritten::unchanged(text);
        let mut texts = Vec::new();
        for (_, filter) in &self.char_filters {
            rewritten = filter.apply(rewritten);
            texts.push(rewritten.text.to_string());
        }
        let mut stages = vec![self.tokens_before_filters(&rewritten)];
        for (_, filter) in &self.filters {
            let before = stages[stages.len() - 1].clone();
            stages.push(filter.apply_all(before));
        }
        Explained { texts, stages }
    }
}

/// What [`Analyzer::explain`] found.
pub(crate) struct Explained {
    /// The text after each character filter.
    pub(crate) texts: Vec<String>,
    /// The tokens after the tokenizer and after each filter.
    pub(crate) stages: Vec<Vec<OwnedToken>>,
}

/// Hands owned tokens to `sink` as tokens with absolute positions; returns the places taken.
pub(crate) fn emit(tokens: &[OwnedToken], sink: &mut impl FnMut(Token<'_>)) -> u32 {
    let mut position = -1i64;
    for token in tokens {
        position += i64::from(token.increment);
        let place = u32::try_from(position.max(0)).unwrap_or(u32::MAX);
        sink(Token {
            text: &token.text,
            start_offset: token.start,
            end_offset: token.end,
            position: place,
            position_length: token.length,
            kind: token.kind,
        });
    }
    u32::try_from(position + 1).unwrap_or(0)
}

/// A named chain that turns a whole keyword into one other: no tokenizer.
#[derive(Debug)]
pub struct Normalizer {
    pub(crate) name: String,
    pub(crate) char_filters: Vec<(String, CharFilter)>,
    pub(crate) filters: Vec<(String, Filter)>,
}

impl Normalizer {
    /// Its name in the registry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The normalised form of `text`; borrowed when nothing changes.
    #[must_use]
    pub fn normalize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut current = Cow::Borrowed(text);
        for (_, filter) in &self.char_filters {
            let rewritten = filter
                .apply(Rewritten::unchanged(&current))
                .text
                .into_owned();
            current = Cow::Owned(rewritten);
        }
        let mut buffer = String::new();
        let changed = {
            let mut term = Term::new(&current, &mut buffer, "word");
            for (_, filter) in &self.filters {
                if !filter.apply(&mut term) {
                    return Cow::Owned(String::new());
                }
            }
            term.is_changed()
        };
        if changed { Cow::Owned(buffer) } else { current }
    }
}
