//! Token filters: what changes, drops, multiplies or joins tokens.

mod joining;
mod term;

pub(crate) use joining::Shingle;
pub(crate) use term::Term;

use self::joining::{fingerprint, fold_beside, grams, unique};
use super::chain::OwnedToken;
use super::fold::fold;
use super::patterns::Pattern;
use super::stemmers::Stemmer;
use hashbrown::HashSet;
use std::sync::Arc;

/// What a token filter does.
#[derive(Clone, Debug)]
pub(crate) enum Filter {
    Lowercase,
    Uppercase,
    Stop {
        words: Arc<HashSet<Box<str>>>,
        ignore_case: bool,
    },
    Keep {
        words: Arc<HashSet<Box<str>>>,
        ignore_case: bool,
    },
    AsciiFolding {
        preserve_original: bool,
    },
    Stem(Stemmer),
    /// Takes `'s` off an English word.
    EnglishPossessive,
    /// Takes everything from the apostrophe on.
    Apostrophe,
    /// Takes a leading article with its apostrophe (`l'avion`).
    Elision {
        articles: Arc<HashSet<Box<str>>>,
        ignore_case: bool,
    },
    Trim,
    Truncate {
        length: usize,
    },
    Length {
        min: usize,
        max: usize,
    },
    Reverse,
    PatternReplace {
        pattern: Pattern,
        replacement: String,
        all: bool,
    },
    /// Marks words that stemmers leave alone.
    KeywordMarker {
        words: Arc<HashSet<Box<str>>>,
        ignore_case: bool,
    },
    Unique {
        only_on_same_position: bool,
    },
    Ngram {
        min: usize,
        max: usize,
        preserve_original: bool,
    },
    EdgeNgram {
        min: usize,
        max: usize,
        preserve_original: bool,
    },
    Shingle(Shingle),
    Fingerprint {
        separator: char,
        max_output: usize,
    },
    Limit {
        tokens: usize,
    },
}

/// `Character.toLowerCase`: one character for one.
pub(crate) fn lowercase(c: char) -> char {
    if c.is_ascii() {
        c.to_ascii_lowercase()
    } else {
        c.to_lowercase().next().unwrap_or(c)
    }
}

fn uppercase(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => single,
        _ => c,
    }
}

/// Length as Java counts it: UTF-16 units.
fn java_length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().map(char::len_utf16).sum()
    }
}

impl Filter {
    /// Whether it makes at most one token of each, without looking at others.
    pub(crate) fn is_streaming(&self) -> bool {
        !matches!(
            self,
            Self::AsciiFolding {
                preserve_original: true
            } | Self::Unique { .. }
                | Self::Ngram { .. }
                | Self::EdgeNgram { .. }
                | Self::Shingle(_)
                | Self::Fingerprint { .. }
                | Self::Limit { .. }
        )
    }

    /// Whether it may stand in a normalizer: it works character by character.
    pub(crate) fn is_normalizing(&self) -> bool {
        matches!(
            self,
            Self::Lowercase
                | Self::Uppercase
                | Self::AsciiFolding {
                    preserve_original: false
                }
                | Self::Trim
                | Self::PatternReplace { .. }
                | Self::Elision { .. }
        )
    }

    /// Changes one token; `false` drops it. Filters that are not streaming leave it as it is.
    pub(crate) fn apply(&self, term: &mut Term<'_, '_>) -> bool {
        match self {
            Self::Lowercase => apply_lowercase(term),
            Self::Uppercase if term.as_str().chars().any(|c| uppercase(c) != c) => {
                let upper: String = term.as_str().chars().map(uppercase).collect();
                term.replace(&upper);
            }
            Self::Stop { words, ignore_case } => {
                return !contains(words, term.as_str(), *ignore_case);
            }
            Self::Keep { words, ignore_case } => {
                return contains(words, term.as_str(), *ignore_case);
            }
            Self::AsciiFolding { .. } if !term.as_str().is_ascii() => {
                let folded = fold(term.as_str());
                term.replace(&folded);
            }
            Self::Stem(stemmer) if !term.keyword => {
                apply_stemmer(stemmer, term);
            }
            Self::EnglishPossessive => {
                let text = term.as_str();
                let without_s = text.strip_suffix(['s', 'S']);
                let stem =
                    without_s.and_then(|rest| rest.strip_suffix(['\'', '\u{2019}', '\u{ff07}']));
                if let Some(length) = stem.map(str::len) {
                    term.truncate(length);
                }
            }
            Self::Apostrophe => {
                if let Some(at) = term.as_str().find(['\'', '\u{2019}']) {
                    term.truncate(at);
                }
            }
            Self::Elision {
                articles,
                ignore_case,
            } => {
                let text = term.as_str();
                let cut = text
                    .char_indices()
                    .find(|(_, c)| matches!(c, '\'' | '\u{2019}'));
                if let Some((at, c)) = cut
                    && contains(articles, &text[..at], *ignore_case)
                {
                    let rest = text[at + c.len_utf8()..].to_owned();
                    term.replace(&rest);
                }
            }
            Self::Trim => {
                let trimmed = term.as_str().trim();
                if trimmed.len() != term.as_str().len() {
                    let trimmed = trimmed.to_owned();
                    term.replace(&trimmed);
                }
            }
            Self::Truncate { length } => {
                if let Some((at, _)) = term.as_str().char_indices().nth(*length) {
                    term.truncate(at);
                }
            }
            Self::Length { min, max } => {
                let length = java_length(term.as_str());
                return *min <= length && length <= *max;
            }
            Self::Reverse => {
                let reversed: String = term.as_str().chars().rev().collect();
                term.replace(&reversed);
            }
            Self::PatternReplace {
                pattern,
                replacement,
                all,
            } => {
                let limit = usize::from(!*all);
                let replaced = pattern
                    .regex()
                    .replacen(term.as_str(), limit, replacement.as_str())
                    .into_owned();
                term.replace(&replaced);
            }
            Self::KeywordMarker { words, ignore_case } => {
                term.keyword |= contains(words, term.as_str(), *ignore_case)
            }
            _ => {}
        }
        true
    }

    /// Runs over all tokens of a text.
    pub(crate) fn apply_all(&self, tokens: Vec<OwnedToken>) -> Vec<OwnedToken> {
        match self {
            Self::AsciiFolding {
                preserve_original: true,
            } => fold_beside(tokens),
            Self::Unique {
                only_on_same_position,
            } => unique(tokens, *only_on_same_position),
            Self::Ngram {
                min,
                max,
                preserve_original,
            } => grams(&tokens, *min, *max, *preserve_original, false),
            Self::EdgeNgram {
                min,
                max,
                preserve_original,
            } => grams(&tokens, *min, *max, *preserve_original, true),
            Self::Shingle(shingle) => shingle.apply(&tokens),
            Self::Fingerprint {
                separator,
                max_output,
            } => fingerprint(&tokens, *separator, *max_output),
            Self::Limit { tokens: limit } => tokens.into_iter().take(*limit).collect(),
            _ => self.apply_each(tokens),
        }
    }

    fn apply_each(&self, tokens: Vec<OwnedToken>) -> Vec<OwnedToken> {
        let mut kept = Vec::with_capacity(tokens.len());
        let mut holes = 0;
        let mut buffer = String::new();
        for mut token in tokens {
            let (keep, changed, keyword) = {
                let mut term = Term {
                    original: &token.text,
                    buffer: &mut buffer,
                    changed: false,
                    kind: token.kind,
                    keyword: token.keyword,
                };
                let keep = self.apply(&mut term);
                let keyword = term.keyword;
                let changed = (term.as_str() != token.text).then(|| term.as_str().to_owned());
                (keep, changed, keyword)
            };
            if !keep {
                holes += token.increment;
                continue;
            }
            if let Some(text) = changed {
                token.text = text;
            }
            token.keyword = keyword;
            token.increment += holes;
            holes = 0;
            kept.push(token);
        }
        kept
    }
}

fn apply_lowercase(term: &mut Term<'_, '_>) {
    let text = term.as_str();
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            term.edit().make_ascii_lowercase();
        }
    } else if text.chars().any(|c| lowercase(c) != c) {
        let lower: String = text.chars().map(lowercase).collect();
        term.replace(&lower);
    }
}

fn apply_stemmer(stemmer: &Stemmer, term: &mut Term<'_, '_>) {
    match stemmer {
        Stemmer::Porter => {
            super::porter::stem(term.edit());
        }
        Stemmer::Snowball(snowball) => {
            let stemmed = match snowball.stem(term.as_str()) {
                std::borrow::Cow::Borrowed(_) => None,
                std::borrow::Cow::Owned(stem) => Some(stem),
            };
            if let Some(stem) = stemmed {
                term.replace(&stem);
            }
        }
    }
}

fn contains(words: &HashSet<Box<str>>, word: &str, ignore_case: bool) -> bool {
    if ignore_case {
        let lower: String = word.chars().map(lowercase).collect();
        return words.contains(lower.as_str());
    }
    words.contains(word)
}
