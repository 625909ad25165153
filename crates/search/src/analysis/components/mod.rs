//! Tokenizers, token filters and character filters by type and settings.

mod char_filters;
mod filters;
mod tokenizers;

pub(crate) use char_filters::char_filter;
pub(crate) use filters::filter;
pub(crate) use tokenizers::tokenizer;

use super::char_filters::CharFilter;
use super::filters::Filter;
use super::patterns::Pattern;
use super::registry::AnalysisLimits;
use super::stop_words;
use super::tokenizers::Tokenizer;
use glasswork_content::{Failure, Node, Object, Value};
use hashbrown::{HashMap, HashSet};
use std::cell::RefCell;
use std::sync::Arc;

/// Components that the settings of an index name.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) tokenizers: HashMap<String, Tokenizer>,
    pub(crate) filters: HashMap<String, Filter>,
    pub(crate) char_filters: HashMap<String, CharFilter>,
}

/// The settings of one component. Every setting must be asked for: what nobody asked for is refused by [`Configuration::done`].
pub(crate) struct Configuration<'a> {
    /// `analyzer`, `tokenizer`, `filter`, `char_filter` or `normalizer`.
    family: &'static str,
    name: &'a str,
    settings: Option<&'a Object>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Configuration<'a> {
    pub(crate) fn new(
        family: &'static str,
        name: &'a str,
        node: &'a Node,
    ) -> Result<Self, Failure> {
        let Some(settings) = node.as_object() else {
            return Err(Failure::illegal_argument(format!(
                "{family} [{name}] must be an object"
            )));
        };
        Ok(Self {
            family,
            name,
            settings: Some(settings),
            asked: RefCell::new(vec!["type", "version"]),
        })
    }

    pub(crate) fn empty(family: &'static str, name: &'a str) -> Self {
        Self {
            family,
            name,
            settings: None,
            asked: RefCell::new(Vec::new()),
        }
    }

    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        self.settings?.get(key).filter(|node| !node.is_null())
    }

    pub(crate) fn type_name(&self) -> Option<String> {
        self.settings
            .and_then(|settings| settings.get("type"))
            .and_then(Node::to_text)
            .map(std::borrow::Cow::into_owned)
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        self.get(key)
            .and_then(Node::to_text)
            .map(std::borrow::Cow::into_owned)
    }

    pub(crate) fn flag(&self, key: &'static str, default: bool) -> Result<bool, Failure> {
        match self.text(key).as_deref() {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(Failure::illegal_argument(format!(
                "Failed to parse value [{other}] as only [true] or [false] are allowed."
            ))),
        }
    }

    pub(crate) fn count(&self, key: &'static str, default: usize) -> Result<usize, Failure> {
        let Some(text) = self.text(key) else {
            return Ok(default);
        };
        match text.parse::<i32>() {
            Ok(number) => usize::try_from(number).map_err(|_| {
                Failure::illegal_argument(format!(
                    "[{key}] of {} [{}] must not be negative",
                    self.family, self.name
                ))
            }),
            Err(_) => Err(Failure::illegal_argument(format!(
                "Failed to parse int setting [{key}] with value [{text}]"
            ))
            .caused_by(Failure::number_format(&text))),
        }
    }

    /// A list: an array, or a text with commas.
    pub(crate) fn list(&self, key: &'static str) -> Option<Vec<String>> {
        let node = self.get(key)?;
        Some(match &node.value {
            Value::Array(values) => values
                .iter()
                .filter_map(|value| value.to_text().map(std::borrow::Cow::into_owned))
                .collect(),
            _ => node
                .to_text()?
                .split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect(),
        })
    }

    fn character(&self, key: &'static str, default: char) -> Result<char, Failure> {
        let Some(text) = self.text(key) else {
            return Ok(default);
        };
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(single), None) => Ok(single),
            _ => Err(Failure::illegal_argument(format!(
                "{key} must be a one char value"
            ))),
        }
    }

    fn pattern(&self, default: Option<&str>) -> Result<Pattern, Failure> {
        let flags = self.text("flags").unwrap_or_default();
        match (self.text("pattern"), default) {
            (Some(pattern), _) => Pattern::new(&pattern, &flags),
            (None, Some(default)) => Pattern::new(default, &flags),
            (None, None) => Err(Failure::illegal_argument(format!(
                "pattern is missing for [{}] {} of type 'pattern_replace'",
                self.name, self.family
            ))),
        }
    }

    fn words(&self, key: &'static str) -> Option<Arc<HashSet<Box<str>>>> {
        let list = self.list(key)?;
        Some(stop_words::set(list.iter().map(String::as_str)))
    }

    /// Stop words by list or by name (`_english_`, `_none_`).
    pub(crate) fn stop_words(&self, default: &[&str]) -> Result<Arc<HashSet<Box<str>>>, Failure> {
        let Some(list) = self.list("stopwords") else {
            return Ok(stop_words::set(default.iter().copied()));
        };
        let mut words: Vec<&str> = Vec::new();
        for word in &list {
            match word.as_str() {
                "_none_" => {}
                "_english_" => words.extend(stop_words::ENGLISH),
                other if other.len() > 2 && other.starts_with('_') && other.ends_with('_') => {
                    return Err(Failure::illegal_argument(format!(
                        "stop words [{other}] of {} [{}] are not known",
                        self.family, self.name
                    )));
                }
                other => words.push(other),
            }
        }
        Ok(stop_words::set(words))
    }

    /// Refuses settings that nobody asked for.
    pub(crate) fn done(&self) -> Result<(), Failure> {
        let asked = self.asked.borrow();
        let unknown = self
            .settings
            .and_then(|settings| settings.keys().find(|key| !asked.contains(key)));
        match unknown {
            Some(key) => Err(Failure::illegal_argument(format!(
                "unknown setting [{key}] of {} [{}]",
                self.family, self.name
            ))),
            None => Ok(()),
        }
    }

    fn unknown_type(&self, type_name: &str) -> Failure {
        Failure::illegal_argument(format!(
            "Unknown {} type [{type_name}] for [{}]",
            self.family, self.name
        ))
    }
}

fn check_grams(what: &str, min: usize, max: usize, limits: AnalysisLimits) -> Result<(), Failure> {
    if min == 0 {
        return Err(Failure::illegal_argument(
            "minGram must be greater than zero",
        ));
    }
    if min > max {
        return Err(Failure::illegal_argument(
            "minGram must not be greater than maxGram",
        ));
    }
    let (difference, allowed) = (max - min, limits.max_ngram_diff);
    if what == "NGram Tokenizer" && difference > allowed {
        return Err(Failure::illegal_argument(format!(
            "The difference between max_gram and min_gram in {what} must be less than or equal to: [{allowed}] but was [{difference}]. \
             This limit can be set by changing the [index.max_ngram_diff] index level setting."
        )));
    }
    Ok(())
}
