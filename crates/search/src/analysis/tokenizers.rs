//! Tokenizers: where a text is cut.

use super::patterns::Pattern;
use super::standard;

/// What a tokenizer cuts out, before the filters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: &'static str,
}

/// Characters that a gram may consist of, `token_chars` of the n-gram tokenizers. None = all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenChars {
    pub(crate) letter: bool,
    pub(crate) digit: bool,
    pub(crate) whitespace: bool,
    pub(crate) punctuation: bool,
    pub(crate) symbol: bool,
    pub(crate) custom: String,
}

impl TokenChars {
    fn is_all(&self) -> bool {
        *self == Self::default()
    }

    fn contains(&self, c: char) -> bool {
        (self.letter && c.is_alphabetic())
            || (self.digit && c.is_numeric())
            || (self.whitespace && c.is_whitespace())
            || (self.punctuation && is_punctuation(c))
            || (self.symbol && is_symbol(c))
            || self.custom.contains(c)
    }
}

fn is_symbol(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    !c.is_alphanumeric()
        && !c.is_whitespace()
        && !c.is_control()
        && matches!(u32::from(c), 0xa2..=0xa9 | 0xac | 0xae..=0xb1 | 0xb4 | 0xb8 | 0xd7 | 0xf7 | 0x2044 | 0x2052 | 0x207a..=0x207c
            | 0x208a..=0x208c | 0x20a0..=0x20cf | 0x2100..=0x23ff | 0x2500..=0x2767 | 0x2794..=0x27e5 | 0x27f0..=0x2982 | 0x2999..=0x2bff
            | 0x1f000..=0x1faff)
}

fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation() && !is_symbol(c);
    }
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control() && !is_symbol(c)
}

/// How a text is cut. `max` lengths are in characters of UTF-16, as Lucene counts.
#[derive(Clone, Debug)]
pub(crate) enum Tokenizer {
    /// Words by Unicode's rules (UAX #29).
    Standard { max: usize },
    /// The whole text as one token.
    Keyword,
    /// Runs of anything but white space.
    Whitespace { max: usize },
    /// Runs of letters.
    Letter,
    /// Runs of letters, in lower case.
    Lowercase,
    /// Runs between matches of a pattern (`group` < 0), or the matches themselves.
    Pattern { pattern: Pattern, group: i32 },
    /// All runs of `min` to `max` characters.
    Ngram {
        min: usize,
        max: usize,
        chars: TokenChars,
    },
    /// Runs of `min` to `max` characters that begin a word.
    EdgeNgram {
        min: usize,
        max: usize,
        chars: TokenChars,
    },
    /// The path, its parent, its parent's parent, …
    PathHierarchy {
        delimiter: char,
        replacement: char,
        skip: usize,
        reverse: bool,
    },
    /// Runs between any of some characters.
    CharGroup {
        chars: Vec<char>,
        letter: bool,
        digit: bool,
        whitespace: bool,
        punctuation: bool,
        symbol: bool,
        max: usize,
    },
}

impl Tokenizer {
    /// Hands each piece of `text` to `sink`, in order.
    pub(crate) fn each(&self, text: &str, sink: &mut impl FnMut(Raw<'_>)) {
        match self {
            Self::Standard { max } => standard::each(text, *max, sink),
            Self::Keyword => {
                if !text.is_empty() {
                    sink(Raw {
                        text,
                        start: 0,
                        end: text.len(),
                        kind: "word",
                    });
                }
            }
            Self::Whitespace { max } => runs(text, *max, |c| !is_java_whitespace(c), sink),
            Self::Letter => runs(text, 255, char::is_alphabetic, sink),
            Self::Lowercase => {
                let mut buffer = String::new();
                runs(text, 255, char::is_alphabetic, &mut |raw: Raw<'_>| {
                    buffer.clear();
                    buffer.extend(raw.text.chars().map(super::filters::lowercase));
                    sink(Raw {
                        text: &buffer,
                        ..raw
                    });
                });
            }
            Self::Pattern { pattern, group } => by_pattern(text, pattern, *group, sink),
            Self::Ngram { min, max, chars } => grams(text, *min, *max, chars, Edge::Any, sink),
            Self::EdgeNgram { min, max, chars } => {
                grams(text, *min, *max, chars, Edge::Front, sink)
            }
            Self::PathHierarchy {
                delimiter,
                replacement,
                skip,
                reverse,
            } => {
                if *reverse {
                    path_from_back(text, *delimiter, *replacement, *skip, sink);
                } else {
                    path_from_front(text, *delimiter, *replacement, *skip, sink);
                }
            }
            Self::CharGroup {
                chars,
                letter,
                digit,
                whitespace,
                punctuation,
                symbol,
                max,
            } => {
                let is_token = |c: char| {
                    !(chars.contains(&c)
                        || (*letter && c.is_alphabetic())
                        || (*digit && c.is_numeric())
                        || (*whitespace && is_java_whitespace(c))
                        || (*punctuation && is_punctuation(c))
                        || (*symbol && is_symbol(c)))
                };
                runs(text, *max, is_token, sink);
            }
        }
    }
}

/// `Character.isWhitespace`: Unicode spaces without the no-break ones, and the control characters of ASCII.
pub(crate) fn is_java_whitespace(c: char) -> bool {
    match c {
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}' => false,
        '\u{1c}'..='\u{1f}' => true,
        _ => c.is_whitespace(),
    }
}

/// Runs of characters that satisfy `is_token`, cut every `max` UTF-16 units.
fn runs(text: &str, max: usize, is_token: impl Fn(char) -> bool, sink: &mut impl FnMut(Raw<'_>)) {
    let mut start = None;
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if !is_token(c) {
            if let Some(from) = start.take() {
                sink(word(text, from, at));
            }
            continue;
        }
        let from = match start {
            Some(from) if units >= max => {
                sink(word(text, from, at));
                units = 0;
                at
            }
            Some(from) => from,
            None => {
                units = 0;
                at
            }
        };
        start = Some(from);
        units += c.len_utf16();
    }
    if let Some(from) = start {
        sink(word(text, from, text.len()));
    }
}

fn word(text: &str, start: usize, end: usize) -> Raw<'_> {
    Raw {
        text: &text[start..end],
        start,
        end,
        kind: "word",
    }
}

fn by_pattern(text: &str, pattern: &Pattern, group: i32, sink: &mut impl FnMut(Raw<'_>)) {
    if let Ok(group) = usize::try_from(group) {
        for captures in pattern.regex().captures_iter(text) {
            if let Some(found) = captures.get(group)
                && !found.is_empty()
            {
                sink(word(text, found.start(), found.end()));
            }
        }
        return;
    }
    let mut from = 0;
    for found in pattern.regex().find_iter(text) {
        if found.start() > from {
            sink(word(text, from, found.start()));
        }
        from = found.end();
    }
    if from < text.len() {
        sink(word(text, from, text.len()));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Any,
    Front,
}

fn grams(
    text: &str,
    min: usize,
    max: usize,
    chars: &TokenChars,
    edge: Edge,
    sink: &mut impl FnMut(Raw<'_>),
) {
    if chars.is_all() {
        grams_of(text, 0, min, max, edge, sink);
        return;
    }
    runs(text, usize::MAX, |c| chars.contains(c), &mut |raw: Raw<
        '_,
    >| {
        grams_of(raw.text, raw.start, min, max, edge, sink);
    });
}

fn grams_of(
    text: &str,
    base: usize,
    min: usize,
    max: usize,
    edge: Edge,
    sink: &mut impl FnMut(Raw<'_>),
) {
    for (start, _) in text.char_indices() {
        let rest = &text[start..];
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
        for end in ends.take(max).skip(min.saturating_sub(1)) {
            sink(Raw {
                text: &rest[..end],
                start: base + start,
                end: base + start + end,
                kind: "word",
            });
        }
        if edge == Edge::Front {
            return;
        }
    }
}

fn path_from_front(
    text: &str,
    delimiter: char,
    replacement: char,
    skip: usize,
    sink: &mut impl FnMut(Raw<'_>),
) {
    let mut cuts: Vec<usize> = text
        .match_indices(delimiter)
        .map(|(at, _)| at)
        .filter(|at| *at > 0)
        .collect();
    if text.is_empty() {
        return;
    }
    cuts.push(text.len());
    let starts_at = if skip == 0 {
        0
    } else {
        cuts.get(skip - 1).copied().unwrap_or(text.len())
    };
    let mut buffer = String::new();
    for end in cuts.into_iter().skip(skip) {
        buffer.clear();
        buffer.extend(
            text[starts_at..end]
                .chars()
                .map(|c| if c == delimiter { replacement } else { c }),
        );
        sink(Raw {
            text: &buffer,
            start: starts_at,
            end,
            kind: "word",
        });
    }
}

fn path_from_back(
    text: &str,
    delimiter: char,
    replacement: char,
    skip: usize,
    sink: &mut impl FnMut(Raw<'_>),
) {
    if text.is_empty() {
        return;
    }
    let mut starts = vec![0];
    starts.extend(
        text.match_indices(delimiter)
            .map(|(at, found)| at + found.len())
            .filter(|at| *at < text.len()),
    );
    if skip >= starts.len() {
        return;
    }
    let end = if skip == 0 {
        text.len()
    } else {
        starts[starts.len() - skip]
    };
    let mut buffer = String::new();
    for start in &starts[..starts.len() - skip] {
        buffer.clear();
        buffer.extend(
            text[*start..end]
                .chars()
                .map(|c| if c == delimiter { replacement } else { c }),
        );
        sink(Raw {
            text: &buffer,
            start: *start,
            end,
            kind: "word",
        });
    }
}
