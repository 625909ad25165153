//! `_analyze`: the tokens of a text, by an analyzer, a field, or parts named in the request.

mod chosen;
mod finding;
mod line;

use glasswork_content::{Failure, Node, Value};
use serde::{Deserialize, Serialize};

/// A request of `_analyze`, parsed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AnalyzeRequest {
    /// The texts, analysed one after the other.
    pub text: Vec<String>,
    /// `analyzer`: one by name.
    pub analyzer: Option<String>,
    /// `field`: the analyzer of a field.
    pub field: Option<String>,
    /// `normalizer`: one by name.
    pub normalizer: Option<String>,
    /// `tokenizer`: by name, or compact JSON of its settings.
    pub tokenizer: Option<Part>,
    /// `filter`
    pub filters: Vec<Part>,
    /// `char_filter`
    pub char_filters: Vec<Part>,
    /// `explain`: show what each part does.
    pub explain: bool,
    /// `attributes`: of each token only these, with `explain`.
    pub attributes: Vec<String>,
}

/// A component of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// One that has a name.
    Named(String),
    /// One described in the request: compact JSON.
    Inline(Vec<u8>),
}

/// A token as `_analyze` shows it; offsets count UTF-16 units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalyzedToken {
    /// Its text.
    pub token: String,
    /// Where it begins.
    pub start_offset: u32,
    /// Where it ends.
    pub end_offset: u32,
    /// Its type.
    pub kind: String,
    /// Its place.
    pub position: u32,
    /// Places that it spans.
    pub position_length: u32,
    /// With `explain`, behind a stemmer or a marker: whether stemmers leave it alone.
    pub keyword: Option<bool>,
}

/// The tokens after one part of an analyzer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The part's name.
    pub name: String,
    /// What comes out of it.
    pub tokens: Vec<AnalyzedToken>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnalyzeResponse {
    /// `tokens`
    Tokens(Vec<AnalyzedToken>),
    /// `detail` of a built-in analyzer or of a normalizer.
    Analyzer(Stage),
    /// `detail` of a custom one, part by part.
    Parts {
        /// Name and texts of each character filter.
        char_filters: Vec<(String, Vec<String>)>,
        /// After the tokenizer.
        tokenizer: Option<Stage>,
        /// After each filter.
        filters: Vec<Stage>,
    },
}

impl AnalyzeRequest {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 `x_content_parse_exception` for an unknown key or a value of the wrong kind.
    pub fn parse(body: &Node) -> Result<Self, Failure> {
        let Some(object) = body.as_object() else {
            return Err(Failure::content_parse(
                format!(
                    "[analyze_request] Expected START_OBJECT but was: {}",
                    body.token_name()
                ),
                body.at,
            ));
        };
        let mut request = Self::default();
        for entry in object.entries() {
            let node = &entry.node;
            let wrong = || {
                let reason = format!(
                    "[analyze_request] {} doesn't support values of type: {}",
                    entry.key,
                    node.token_name()
                );
                Failure::content_parse(reason, node.at)
            };
            let text = || {
                node.to_text()
                    .map(std::borrow::Cow::into_owned)
                    .ok_or_else(wrong)
            };
            match entry.key.as_str() {
                "text" => request.text = texts(node).ok_or_else(wrong)?,
                "analyzer" => request.analyzer = Some(text()?),
                "field" => request.field = Some(text()?),
                "normalizer" => request.normalizer = Some(text()?),
                "tokenizer" => request.tokenizer = Some(part(node).ok_or_else(wrong)?),
                "filter" => request.filters = parts(node).ok_or_else(wrong)?,
                "char_filter" => request.char_filters = parts(node).ok_or_else(wrong)?,
                "explain" => request.explain = node.as_bool().ok_or_else(wrong)?,
                "attributes" => request.attributes = texts(node).ok_or_else(wrong)?,
                other => {
                    return Err(Failure::content_parse(
                        format!("[analyze_request] unknown field [{other}]"),
                        entry.at,
                    ));
                }
            }
        }
        Ok(request)
    }

    /// Checks what fits together.
    ///
    /// # Errors
    /// 400 `action_request_validation_exception`.
    pub fn validate(&self, has_index: bool) -> Result<(), Failure> {
        let mut problems: Vec<&str> = Vec::new();
        let extra =
            self.tokenizer.is_some() || !self.filters.is_empty() || !self.char_filters.is_empty();
        if self.text.is_empty() {
            problems.push("text is missing");
        }
        if !has_index && self.normalizer.is_some() {
            problems.push("index is required if normalizer is specified");
        }
        if self.normalizer.is_some() && (self.tokenizer.is_some() || self.analyzer.is_some()) {
            problems.push("tokenizer/analyze should be null if normalizer is specified");
        }
        if self.analyzer.is_some() && extra {
            problems.push("cannot define extra components on a named analyzer");
        }
        if self.normalizer.is_some() && (!self.filters.is_empty() || !self.char_filters.is_empty())
        {
            problems.push("cannot define extra components on a named normalizer");
        }
        if self.field.is_some() && extra {
            problems.push("cannot define extra components on a field-specific analyzer");
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Failure::validation(problems))
        }
    }
}

fn texts(node: &Node) -> Option<Vec<String>> {
    let text = |node: &Node| node.to_text().map(std::borrow::Cow::into_owned);
    match &node.value {
        Value::Array(values) => values.iter().map(text).collect(),
        _ => text(node).map(|text| vec![text]),
    }
}

fn part(node: &Node) -> Option<Part> {
    match &node.value {
        Value::String(name) => Some(Part::Named(name.clone())),
        Value::Object(_) => Some(Part::Inline(node.to_json())),
        _ => None,
    }
}

fn parts(node: &Node) -> Option<Vec<Part>> {
    match &node.value {
        Value::Array(values) => values.iter().map(part).collect(),
        _ => part(node).map(|part| vec![part]),
    }
}
