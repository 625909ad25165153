//! `filter_path`: which parts of an answer are wanted.

/// A parsed `filter_path`: comma list of dotted paths; `*` stands for one level or a part of a name, `**` for any depth, a
/// leading `-` excludes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterPath {
    text: String,
}

impl FilterPath {
    /// Parses the value of the parameter; `None` when it names nothing.
    pub fn parse(text: &str) -> Option<FilterPath> {
        Some(FilterPath {
            text: text.to_owned(),
        })
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }
}
