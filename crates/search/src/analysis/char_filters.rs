//! Character filters: they rewrite the text before it is cut, and keep track of where its pieces came from.

use super::html;
use super::patterns::Pattern;
use hashbrown::HashMap;
use std::borrow::Cow;

/// A text that character filters have rewritten, with a way back to the offsets of the original.
pub(crate) struct Rewritten<'a> {
    pub(crate) text: Cow<'a, str>,
    /// `(offset in the text, offset in the original)`: from there on both run in step, sorted by the first.
    steps: Vec<(usize, usize)>,
    original_length: usize,
}

impl<'a> Rewritten<'a> {
    pub(crate) fn unchanged(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            steps: Vec::new(),
            original_length: text.len(),
        }
    }

    /// Offset in the original of the character at `at`.
    pub(crate) fn original(&self, at: usize) -> u32 {
        self.map(at)
    }

    /// Offset in the original behind the character that ends at `at`.
    pub(crate) fn original_end(&self, at: usize) -> u32 {
        if self.steps.is_empty() {
            return at as u32;
        }
        if at == self.text.len() {
            self.original_length as u32
        } else {
            self.map(at)
        }
    }

    fn map(&self, at: usize) -> u32 {
        let index = self.steps.partition_point(|(here, _)| *here <= at);
        let offset = match index.checked_sub(1) {
            Some(index) => {
                let (here, there) = self.steps[index];
                there + (at - here)
            }
            None => at,
        };
        offset.min(self.original_length) as u32
    }

    /// The next text, built by replacing pieces of this one.
    fn rebuild(self, edits: &[Edit]) -> Self {
        if edits.is_empty() {
            return self;
        }
        let mut text = String::with_capacity(self.text.len());
        let mut steps = Vec::new();
        let mut from = 0;
        for edit in edits {
            text.push_str(&self.text[from..edit.start]);
            steps.push((text.len(), self.map(edit.start) as usize));
            text.push_str(&edit.text);
            steps.push((text.len(), self.map(edit.end) as usize));
            from = edit.end;
        }
        // What lies between edits keeps the steps of earlier filters.
        let mut merged: Vec<(usize, usize)> = steps;
        for (here, there) in &self.steps {
            let shift = edits
                .iter()
                .take_while(|edit| edit.end <= *here)
                .fold(0isize, |shift, edit| {
                    shift + edit.text.len() as isize - (edit.end - edit.start) as isize
                });
            let covered = edits
                .iter()
                .any(|edit| edit.start <= *here && *here < edit.end);
            if !covered {
                merged.push(((*here as isize + shift) as usize, *there));
            }
        }
        merged.sort_unstable();
        text.push_str(&self.text[from..]);
        Self {
            text: Cow::Owned(text),
            steps: merged,
            original_length: self.original_length,
        }
    }
}

/// Bytes `start..end` become `text`.
pub(crate) struct Edit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
}

/// How a text is rewritten.
#[derive(Clone, Debug)]
pub(crate) enum CharFilter {
    /// Takes HTML tags out and resolves entities.
    HtmlStrip { keep: Vec<String> },
    /// Replaces each longest key found by its value.
    Mapping {
        pairs: HashMap<String, String>,
        longest: usize,
    },
    /// Replaces matches of a pattern.
    PatternReplace {
        pattern: Pattern,
        replacement: String,
    },
}

impl CharFilter {
    pub(crate) fn apply<'a>(&self, text: Rewritten<'a>) -> Rewritten<'a> {
        let edits = match self {
            Self::HtmlStrip { keep } => html::edits(&text.text, keep),
            Self::Mapping { pairs, longest } => mapping_edits(&text.text, pairs, *longest),
            Self::PatternReplace {
                pattern,
                replacement,
            } => pattern_edits(&text.text, pattern, replacement),
        };
        text.rebuild(&edits)
    }
}

fn mapping_edits(text: &str, pairs: &HashMap<String, String>, longest: usize) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let ends = rest
            .char_indices()
            .map(|(offset, c)| offset + c.len_utf8())
            .take_while(|end| *end <= longest);
        let found = ends
            .filter_map(|end| Some((end, pairs.get(&rest[..end])?)))
            .last();
        match found {
            Some((length, value)) => {
                edits.push(Edit {
                    start: at,
                    end: at + length,
                    text: value.clone(),
                });
                at += length;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    edits
}

fn pattern_edits(text: &str, pattern: &Pattern, replacement: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    for captures in pattern.regex().captures_iter(text) {
        if let Some(whole) = captures.get(0) {
            let mut expanded = String::new();
            captures.expand(replacement, &mut expanded);
            edits.push(Edit {
                start: whole.start(),
                end: whole.end(),
                text: expanded,
            });
        }
    }
    edits
}
