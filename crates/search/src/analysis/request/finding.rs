//! From the names in a request to what they stand for.

use super::chosen::Chosen;
use super::{AnalyzeRequest, AnalyzeResponse, Part};
use crate::analysis::chain::{Analyzer, Normalizer};
use crate::analysis::char_filters::CharFilter;
use crate::analysis::components::{self, Configuration};
use crate::analysis::filters::Filter;
use crate::analysis::registry::{Analysis, AnalysisLimits};
use crate::analysis::settings::{find_char_filter, find_filter, find_tokenizer};
use crate::analysis::tokenizers::Tokenizer;
use crate::mapping::{Kind, Mapping};
use glasswork_content::{Failure, Node, Object, Value};
use std::sync::Arc;

impl AnalyzeRequest {
    /// Analyses the texts. `index` is the mapping of the request's index, if it names one; `max_tokens` is
    /// `index.analyze.max_token_count`.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` for names that are not to be found, 500 `illegal_state_exception` above the limit of tokens.
    pub fn run(
        &self,
        index: Option<&Mapping>,
        limits: AnalysisLimits,
        max_tokens: usize,
    ) -> Result<AnalyzeResponse, Failure> {
        let built_in = Analysis::built_in();
        let analysis = index.map_or(&built_in, Mapping::analysis);
        let scope = if index.is_some() { "" } else { "global " };
        let analyzer = self.chosen(index, analysis, scope, limits)?;
        let mut budget = max_tokens;
        if !self.explain {
            return analyzer
                .tokens(&self.text, &mut budget)
                .map(AnalyzeResponse::Tokens);
        }
        analyzer.explain(&self.text, &mut budget)
    }

    fn chosen(
        &self,
        index: Option<&Mapping>,
        analysis: &Analysis,
        scope: &str,
        limits: AnalysisLimits,
    ) -> Result<Chosen, Failure> {
        if let Some(name) = &self.analyzer {
            let found = analysis.analyzer(name);
            return found.map(Chosen::Analyzer).ok_or_else(|| {
                Failure::illegal_argument(format!("failed to find {scope}analyzer [{name}]"))
            });
        }
        if let Some(name) = &self.normalizer {
            let found = analysis.normalizer(name);
            return found.map(Chosen::Normalizer).ok_or_else(|| {
                Failure::illegal_argument(format!("failed to find normalizer under [{name}]"))
            });
        }
        if let Some(path) = &self.field {
            return by_field(path, index, analysis);
        }
        if self.tokenizer.is_none() && self.filters.is_empty() && self.char_filters.is_empty() {
            return Ok(Chosen::Analyzer(analysis.default_analyzer()));
        }
        self.composed(analysis, scope, limits)
    }

    fn composed(
        &self,
        analysis: &Analysis,
        scope: &str,
        limits: AnalysisLimits,
    ) -> Result<Chosen, Failure> {
        let mut char_filters = Vec::new();
        for part in &self.char_filters {
            char_filters.push(part.char_filter(analysis, scope)?);
        }
        let mut filters = Vec::new();
        for part in &self.filters {
            filters.push(part.filter(analysis, scope, limits)?);
        }
        let Some(tokenizer) = &self.tokenizer else {
            if let Some((name, _)) = filters.iter().find(|(_, filter)| !filter.is_normalizing()) {
                return Err(Failure::illegal_argument(format!(
                    "Custom normalizer may not use filter [{name}]"
                )));
            }
            let normalizer = Normalizer {
                name: "__custom__".to_owned(),
                char_filters,
                filters,
            };
            return Ok(Chosen::Composed(normalizer));
        };
        let tokenizer = tokenizer.tokenizer(analysis, scope, limits)?;
        let analyzer = Analyzer {
            name: "__custom__".to_owned(),
            char_filters,
            tokenizer,
            filters,
            position_gap: 0,
            custom: true,
        };
        Ok(Chosen::Analyzer(Arc::new(analyzer)))
    }
}

fn by_field(path: &str, index: Option<&Mapping>, analysis: &Analysis) -> Result<Chosen, Failure> {
    let Some(mapping) = index else {
        return Err(Failure::illegal_argument(
            "No analyzer or index specified to analyze the field with",
        ));
    };
    let Some(field) = mapping.field(path) else {
        return Ok(Chosen::Analyzer(analysis.default_analyzer()));
    };
    let keyword = || {
        Chosen::Analyzer(
            analysis
                .analyzer("keyword")
                .unwrap_or_else(|| analysis.default_analyzer()),
        )
    };
    match (field.kind(), field.analyzer(), field.normalizer()) {
        (Kind::Text, Some(analyzer), _) => Ok(Chosen::Analyzer(Arc::clone(analyzer))),
        (Kind::Keyword, _, Some(normalizer)) => Ok(Chosen::Normalizer(Arc::clone(normalizer))),
        (Kind::Keyword, ..) => Ok(keyword()),
        _ => Err(Failure::illegal_argument(format!(
            "Can't process field [{path}], Analysis requests are only supported on tokenized fields"
        ))),
    }
}

impl Part {
    fn filter(
        &self,
        analysis: &Analysis,
        scope: &str,
        limits: AnalysisLimits,
    ) -> Result<(String, Filter), Failure> {
        self.find(
            "filter",
            scope,
            |name| find_filter(name, &analysis.components, limits),
            |type_name, settings| components::filter(type_name, settings, limits),
        )
    }

    fn char_filter(
        &self,
        analysis: &Analysis,
        scope: &str,
    ) -> Result<(String, CharFilter), Failure> {
        self.find(
            "char_filter",
            scope,
            |name| find_char_filter(name, &analysis.components),
            components::char_filter,
        )
    }

    fn tokenizer(
        &self,
        analysis: &Analysis,
        scope: &str,
        limits: AnalysisLimits,
    ) -> Result<(String, Tokenizer), Failure> {
        self.find(
            "tokenizer",
            scope,
            |name| find_tokenizer(name, &analysis.components, limits),
            |type_name, settings| components::tokenizer(type_name, settings, limits),
        )
    }

    fn find<T>(
        &self,
        family: &'static str,
        scope: &str,
        by_name: impl Fn(&str) -> Option<T>,
        by_type: impl Fn(&str, &Configuration<'_>) -> Result<T, Failure>,
    ) -> Result<(String, T), Failure> {
        match self {
            Self::Named(name) => {
                let found = by_name(name).ok_or_else(|| {
                    Failure::illegal_argument(format!(
                        "failed to find {scope}{family} under [{name}]"
                    ))
                })?;
                Ok((name.clone(), found))
            }
            Self::Inline(json) => {
                let node = glasswork_content::parse(json, &glasswork_content::Limits::DEFAULT)?;
                let type_name = node.get("type").and_then(Node::as_str).map(str::to_owned);
                let Some(type_name) = type_name else {
                    return Err(Failure::illegal_argument(format!(
                        "Missing [type] setting for anonymous {family}: {}",
                        shown(node.as_object())
                    )));
                };
                let name = format!("__anonymous__{type_name}");
                let settings = Configuration::new(family, &name, &node)?;
                let built = by_type(&type_name, &settings)?;
                Ok((name, built))
            }
        }
    }
}

fn shown(object: Option<&Object>) -> String {
    object
        .map(|object| {
            String::from_utf8_lossy(&Node::from(Value::Object(object.clone())).to_json())
                .into_owned()
        })
        .unwrap_or_default()
}
