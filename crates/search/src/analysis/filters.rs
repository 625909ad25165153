//! Token filters: what changes, drops, multiplies or joins tokens.

use super::chain::OwnedToken;
use super::fold::fold;
use super::patterns::Pattern;
use super::stemmers::Stemmer;
use hashbrown::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;

/// One token on its way through streaming filters: borrowed from the text until a filter changes it.
pub(crate) struct Term<'t, 'b> {
    original: &'t str,
    buffer: &'b mut String,
    changed: bool,
    kind: &'static str,
    keyword: bool,
}

impl<'t, 'b> Term<'t, 'b> {
    pub(crate) fn new(original: &'t str, buffer: &'b mut String, kind: &'static str) -> Self {
        Self {
            original,
            buffer,
            changed: false,
            kind,
            keyword: false,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        if self.changed {
            self.buffer
        } else {
            self.original
        }
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// The text as an owned buffer, to change in place.
    fn edit(&mut self) -> &mut String {
        if !self.changed {
            self.buffer.clear();
            self.buffer.push_str(self.original);
            self.changed = true;
        }
        self.buffer
    }

    fn replace(&mut self, text: &str) {
        self.buffer.clear();
        self.buffer.push_str(text);
        self.changed = true;
    }

    /// Keeps only the first `bytes` bytes.
    fn truncate(&mut self, bytes: usize) {
        if self.changed {
            self.buffer.truncate(bytes);
        } else {
            self.original = &self.original[..bytes];
        }
    }
}

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

/// The `shingle` filter: neighbouring tokens joined into one.
#[derive(Clone, Debug)]
pub(crate) struct Shingle {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) unigrams: bool,
    pub(crate) unigrams_if_no_shingles: bool,
    pub(crate) separator: String,
    pub(crate) filler: String,
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

/// The folded token, and the original at the same place where it differs.
fn fold_beside(tokens: Vec<OwnedToken>) -> Vec<OwnedToken> {
    let mut all = Vec::with_capacity(tokens.len());
    for token in tokens {
        if token.text.is_ascii() {
            all.push(token);
            continue;
        }
        let folded = fold(&token.text);
        let differs = folded != token.text;
        all.push(OwnedToken {
            text: folded,
            ..token.clone()
        });
        if differs {
            all.push(OwnedToken {
                increment: 0,
                ..token
            });
        }
    }
    all
}

fn unique(tokens: Vec<OwnedToken>, only_on_same_position: bool) -> Vec<OwnedToken> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut kept = Vec::with_capacity(tokens.len());
    let mut holes = 0;
    for mut token in tokens {
        if only_on_same_position && token.increment > 0 {
            seen.clear();
        }
        if !seen.insert(token.text.clone()) {
            holes += token.increment;
            continue;
        }
        token.increment += holes;
        holes = 0;
        kept.push(token);
    }
    kept
}

fn grams(
    tokens: &[OwnedToken],
    min: usize,
    max: usize,
    preserve_original: bool,
    edge: bool,
) -> Vec<OwnedToken> {
    let mut all = Vec::new();
    let mut holes = 0;
    for token in tokens {
        let bounds: Vec<usize> = token
            .text
            .char_indices()
            .map(|(at, _)| at)
            .chain([token.text.len()])
            .collect();
        let length = bounds.len() - 1;
        let mut increment = token.increment + holes;
        let starts = if edge { 1.min(length) } else { length };
        let before = all.len();
        let mut whole_seen = false;
        let mut push = |text: &str| {
            all.push(OwnedToken {
                text: text.to_owned(),
                increment,
                ..token.clone()
            });
            increment = 0;
        };
        if preserve_original && length < min {
            push(&token.text);
            whole_seen = true;
        }
        for start in 0..starts {
            for size in min..=max.min(length - start) {
                push(&token.text[bounds[start]..bounds[start + size]]);
                whole_seen |= size == length;
            }
        }
        if preserve_original && !whole_seen {
            push(&token.text);
        }
        if all.len() == before {
            holes += token.increment;
        } else {
            holes = 0;
        }
    }
    all
}

fn fingerprint(tokens: &[OwnedToken], separator: char, max_output: usize) -> Vec<OwnedToken> {
    let mut words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    let mut text = String::new();
    for word in &words {
        if !text.is_empty() {
            text.push(separator);
        }
        text.push_str(word);
    }
    let end = tokens.iter().map(|token| token.end).max().unwrap_or(0);
    if words.is_empty() || java_length(&text) > max_output {
        return Vec::new();
    }
    vec![OwnedToken {
        text,
        start: 0,
        end,
        increment: 1,
        length: 1,
        kind: "fingerprint",
        keyword: false,
    }]
}

impl Shingle {
    fn apply(&self, tokens: &[OwnedToken]) -> Vec<OwnedToken> {
        // Holes that dropped tokens left are filled, so that neighbours over a hole are told apart.
        let mut line: VecDeque<Option<&OwnedToken>> = VecDeque::new();
        for token in tokens {
            for _ in 1..token.increment.min(64) {
                line.push_back(None);
            }
            line.push_back(Some(token));
        }
        let line: Vec<Option<&OwnedToken>> = line.into();
        let mut all = Vec::new();
        let any_shingle = line.len() >= self.min;
        let unigrams = self.unigrams || (self.unigrams_if_no_shingles && !any_shingle);
        let mut pending = 0;
        for start in 0..line.len() {
            let mut increment = pending + 1;
            let before = all.len();
            if let (true, Some(token)) = (unigrams, line[start]) {
                all.push(OwnedToken {
                    increment,
                    ..token.clone()
                });
                increment = 0;
            }
            for size in self.min..=self.max {
                let Some(part) = line.get(start..start + size) else {
                    break;
                };
                let Some(token) = self.join(part) else {
                    continue;
                };
                all.push(OwnedToken {
                    increment,
                    length: if unigrams {
                        size as u32
                    } else {
                        (size - self.min + 1) as u32
                    },
                    ..token
                });
                increment = 0;
            }
            pending = if all.len() == before { pending + 1 } else { 0 };
        }
        all
    }

    fn join(&self, part: &[Option<&OwnedToken>]) -> Option<OwnedToken> {
        let first = part.iter().flatten().next()?;
        let last = part.iter().flatten().next_back()?;
        let words: Vec<&str> = part
            .iter()
            .map(|token| token.map_or(self.filler.as_str(), |token| token.text.as_str()))
            .collect();
        let text = words.join(&self.separator);
        Some(OwnedToken {
            text,
            start: first.start,
            end: last.end,
            increment: 1,
            length: 1,
            kind: "shingle",
            keyword: false,
        })
    }
}
