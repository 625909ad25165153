//! The stop words of Lucene's English analyzer, by name `_english_`.

use hashbrown::HashSet;
use std::sync::Arc;

/// `EnglishAnalyzer.ENGLISH_STOP_WORDS_SET`.
pub(crate) const ENGLISH: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it",
    "no", "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these",
    "they", "this", "to", "was", "will", "with",
];

/// Words as a set to look up in.
pub(crate) fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> Arc<HashSet<Box<str>>> {
    Arc::new(words.into_iter().map(Box::from).collect())
}
