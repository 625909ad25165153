//! The analyzers and normalizers that an index knows.

use super::chain::{Analyzer, Normalizer};
use hashbrown::HashMap;
use std::sync::Arc;

/// Analyzers and normalizers by name: the built-in ones and those of the index's settings.
#[derive(Debug)]
pub struct Analysis {
    pub(super) analyzers: HashMap<String, Arc<Analyzer>>,
    pub(super) normalizers: HashMap<String, Arc<Normalizer>>,
}

impl Analysis {
    /// The built-in analyzers only.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        todo!()
    }

    /// The built-in analyzers and those of index settings: the object under `index.analysis` (nested, not dotted).
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` for an unknown type or parameter of an analyzer, tokenizer or filter.
    pub fn from_settings(settings: &glasswork_content::Node) -> Result<Arc<Self>, glasswork_content::Failure> {
        let _ = settings;
        todo!()
    }

    /// The analyzer of that name.
    #[must_use]
    pub fn analyzer(&self, name: &str) -> Option<Arc<Analyzer>> {
        self.analyzers.get(name).cloned()
    }

    /// The normalizer of that name.
    #[must_use]
    pub fn normalizer(&self, name: &str) -> Option<Arc<Normalizer>> {
        self.normalizers.get(name).cloned()
    }
}
