//! Token filters that look at all tokens of a text: they multiply, join or drop by what stands around.

use super::java_length;
use crate::analysis::chain::OwnedToken;
use crate::analysis::fold::fold;
use hashbrown::HashSet;
use std::collections::VecDeque;

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

/// The folded token, and the original at the same place where it differs.
pub(super) fn fold_beside(tokens: Vec<OwnedToken>) -> Vec<OwnedToken> {
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

pub(super) fn unique(tokens: Vec<OwnedToken>, only_on_same_position: bool) -> Vec<OwnedToken> {
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

pub(super) fn grams(
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

pub(super) fn fingerprint(
    tokens: &[OwnedToken],
    separator: char,
    max_output: usize,
) -> Vec<OwnedToken> {
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
    pub(super) fn apply(&self, tokens: &[OwnedToken]) -> Vec<OwnedToken> {
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
