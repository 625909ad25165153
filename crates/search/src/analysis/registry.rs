//! The analyzers and normalizers that an index knows.

use super::chain::{Analyzer, Normalizer};
use super::components::{self, Configuration};
use super::settings;
use glasswork_content::{Failure, Node};
use hashbrown::HashMap;
use std::sync::{Arc, LazyLock};

/// Analyzers and normalizers by name: the built-in ones and those of the index's settings.
#[derive(Debug)]
pub struct Analysis {
    pub(super) analyzers: HashMap<String, Arc<Analyzer>>,
    pub(super) normalizers: HashMap<String, Arc<Normalizer>>,
    /// The components of the settings, for `_analyze`.
    pub(super) components: components::Named,
}

/// Index settings that bound what analyzers may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnalysisLimits {
    /// `index.max_ngram_diff`
    pub max_ngram_diff: usize,
    /// `index.max_shingle_diff`
    pub max_shingle_diff: usize,
}

impl Default for AnalysisLimits {
    fn default() -> Self {
        Self {
            max_ngram_diff: 1,
            max_shingle_diff: 3,
        }
    }
}

impl AnalysisLimits {
    /// Reads them from index settings, given as a look-up of their texts by dotted name. What doesn't parse leaves the default.
    pub fn from_settings<'a>(setting: impl Fn(&str) -> Option<&'a str>) -> Self {
        let default = Self::default();
        let number = |name: &str| setting(name).and_then(|text| text.parse().ok());
        Self {
            max_ngram_diff: number("index.max_ngram_diff").unwrap_or(default.max_ngram_diff),
            max_shingle_diff: number("index.max_shingle_diff").unwrap_or(default.max_shingle_diff),
        }
    }
}

/// Analyzers that every index knows.
const BUILT_IN: [&str; 8] = [
    "standard",
    "simple",
    "whitespace",
    "stop",
    "keyword",
    "pattern",
    "english",
    "fingerprint",
];

static DEFAULT: LazyLock<Arc<Analysis>> = LazyLock::new(|| {
    let mut analysis = Analysis {
        analyzers: HashMap::new(),
        normalizers: HashMap::new(),
        components: components::Named::default(),
    };
    for name in BUILT_IN {
        let configuration = Configuration::empty("analyzer", name);
        let built = settings::analyzer(
            name,
            &configuration,
            &analysis.components,
            AnalysisLimits::default(),
        );
        let analyzer = built.expect("built-in analyzers have valid defaults, as the tests show");
        analysis
            .analyzers
            .insert(name.to_owned(), Arc::new(analyzer));
    }
    let lowercase = Normalizer {
        name: "lowercase".to_owned(),
        char_filters: Vec::new(),
        filters: vec![("lowercase".to_owned(), super::filters::Filter::Lowercase)],
    };
    analysis
        .normalizers
        .insert("lowercase".to_owned(), Arc::new(lowercase));
    Arc::new(analysis)
});

impl Analysis {
    /// The built-in analyzers only.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&DEFAULT)
    }

    /// The built-in analyzers and those of index settings: the object under `index.analysis` (nested, not dotted).
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` for an unknown type or parameter of an analyzer, tokenizer or filter.
    pub fn from_settings(analysis: &Node) -> Result<Arc<Self>, Failure> {
        Self::with_limits(analysis, AnalysisLimits::default())
    }

    /// As [`Analysis::from_settings`], with the limits of the index.
    ///
    /// # Errors
    /// As [`Analysis::from_settings`], and when a limit is broken.
    pub fn with_limits(analysis: &Node, limits: AnalysisLimits) -> Result<Arc<Self>, Failure> {
        let base = Self::built_in();
        let mut built = Self {
            analyzers: base.analyzers.clone(),
            normalizers: base.normalizers.clone(),
            components: components::Named::default(),
        };
        settings::read(analysis, limits, &mut built)?;
        Ok(Arc::new(built))
    }

    /// The analyzer of that name.
    #[must_use]
    pub fn analyzer(&self, name: &str) -> Option<Arc<Analyzer>> {
        match self.analyzers.get(name) {
            None if name == "default" => Some(self.default_analyzer()),
            found => found.cloned(),
        }
    }

    /// The analyzer of text fields that name none: `default` of the settings, otherwise `standard`.
    #[must_use]
    pub fn default_analyzer(&self) -> Arc<Analyzer> {
        let found = self
            .analyzers
            .get("default")
            .or_else(|| self.analyzers.get("standard"));
        Arc::clone(found.expect("the standard analyzer is built in"))
    }

    /// The normalizer of that name.
    #[must_use]
    pub fn normalizer(&self, name: &str) -> Option<Arc<Normalizer>> {
        self.normalizers.get(name).cloned()
    }
}
