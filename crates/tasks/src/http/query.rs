//! The parameters of a request's query.

use glasswork_content::{failure::Failure, text::unrecognized};

use crate::wire::ask::Parameters;

/// What every endpoint takes; [`Form`](super::answer::Form) reads them.
const COMMON: [&str; 5] = ["pretty", "human", "error_trace", "filter_path", "format"];

/// The pairs of a query, and which of them an endpoint knows.
pub(super) struct Query {
    path: String,
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Query {
    pub(super) fn new(path: &str, pairs: Vec<(String, String)>) -> Self {
        Self {
            path: path.to_owned(),
            pairs,
            known: COMMON.to_vec(),
        }
    }

    /// Refuses what nobody has read.
    ///
    /// # Errors
    /// 400 naming it, with hints.
    pub(super) fn refuse_unknown(&self) -> Result<(), Failure> {
        let names = self.pairs.iter().map(|(name, _)| name.as_str());
        let mut unknown: Vec<&str> = names.filter(|name| !self.known.contains(name)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort_unstable();
        unknown.dedup();
        let text = unrecognized(&self.path, "parameter", &unknown, &self.known);
        Err(Failure::illegal_argument(text))
    }

    fn find(&self, name: &str) -> Option<&str> {
        let mut last = self.pairs.iter().rev();
        let (_, value) = last.find(|(known, _)| known == name)?;
        Some(value)
    }
}

impl Parameters for Query {
    fn text(&mut self, name: &'static str) -> Option<&str> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.find(name)
    }

    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}
