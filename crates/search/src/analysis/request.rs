//! `_analyze`: the tokens of a text, by an analyzer, a field, or parts named in the request.

use super::chain::{Analyzer, Normalizer, OwnedToken, emit};
use super::char_filters::{CharFilter, Rewritten};
use super::components::{self, Configuration};
use super::filters::Filter;
use super::registry::{Analysis, AnalysisLimits};
use super::settings::{find_char_filter, find_filter, find_tokenizer};
use super::tokenizers::Tokenizer;
use crate::mapping::{Kind, Mapping};
use glasswork_content::{Failure, Node, Object, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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

/// What analyses the texts.
enum Chosen {
    Analyzer(Arc<Analyzer>),
    Normalizer(Arc<Normalizer>),
    /// A normalizer of the request's own parts.
    Composed(Normalizer),
}

impl Chosen {
    fn tokens(&self, texts: &[String], budget: &mut usize) -> Result<Vec<AnalyzedToken>, Failure> {
        let mut line = Line::default();
        for text in texts {
            match self {
                Self::Analyzer(analyzer) => {
                    let mut tokens = Vec::new();
                    let places = analyzer.analyze(text, &mut |token| {
                        if tokens.len() <= *budget {
                            tokens.push(AnalyzedToken {
                                token: token.text.to_owned(),
                                start_offset: token.start_offset,
                                end_offset: token.end_offset,
                                kind: token.kind.to_owned(),
                                position: token.position,
                                position_length: token.position_length,
                                keyword: None,
                            });
                        }
                    });
                    line.add(text, tokens, places, analyzer.position_gap, budget)?;
                }
                Self::Normalizer(normalizer) => {
                    line.add(text, vec![whole(normalizer, text)], 1, 100, budget)?
                }
                Self::Composed(normalizer) => {
                    line.add(text, vec![whole(normalizer, text)], 1, 0, budget)?
                }
            }
        }
        Ok(line.tokens)
    }

    fn explain(&self, texts: &[String], budget: &mut usize) -> Result<AnalyzeResponse, Failure> {
        let analyzer = match self {
            Self::Analyzer(analyzer) if analyzer.custom => analyzer,
            Self::Analyzer(analyzer) => {
                return Ok(AnalyzeResponse::Analyzer(Stage {
                    name: analyzer.name.clone(),
                    tokens: self.tokens(texts, budget)?,
                }));
            }
            Self::Normalizer(normalizer) => {
                return Ok(AnalyzeResponse::Analyzer(Stage {
                    name: normalizer.name.clone(),
                    tokens: self.tokens(texts, budget)?,
                }));
            }
            Self::Composed(normalizer) => return explain_normalizer(normalizer, texts, budget),
        };
        let mut char_filters: Vec<(String, Vec<String>)> = analyzer
            .char_filters
            .iter()
            .map(|(name, _)| (name.clone(), Vec::new()))
            .collect();
        let mut lines: Vec<Line> = (0..=analyzer.filters.len())
            .map(|_| Line::default())
            .collect();
        for text in texts {
            let explained = analyzer.explain(text);
            for ((_, seen), text) in char_filters.iter_mut().zip(explained.texts) {
                seen.push(text);
            }
            for (index, (line, stage)) in lines.iter_mut().zip(&explained.stages).enumerate() {
                let marks = analyzer.filters[..index].iter().any(|(_, filter)| {
                    matches!(filter, Filter::Stem(_) | Filter::KeywordMarker { .. })
                });
                let (tokens, places) = analyzed(stage, marks);
                line.add(text, tokens, places, analyzer.position_gap, budget)?;
            }
        }
        let names = std::iter::once(&analyzer.tokenizer.0)
            .chain(analyzer.filters.iter().map(|(name, _)| name));
        let mut stages = names.zip(lines).map(|(name, line)| Stage {
            name: name.clone(),
            tokens: line.tokens,
        });
        let tokenizer = stages.next();
        Ok(AnalyzeResponse::Parts {
            char_filters,
            tokenizer,
            filters: stages.collect(),
        })
    }
}

fn explain_normalizer(
    normalizer: &Normalizer,
    texts: &[String],
    budget: &mut usize,
) -> Result<AnalyzeResponse, Failure> {
    let mut char_filters: Vec<(String, Vec<String>)> = normalizer
        .char_filters
        .iter()
        .map(|(name, _)| (name.clone(), Vec::new()))
        .collect();
    let mut lines: Vec<Line> = (0..=normalizer.filters.len())
        .map(|_| Line::default())
        .collect();
    for text in texts {
        let mut current = text.clone();
        for ((_, filter), (_, seen)) in normalizer.char_filters.iter().zip(&mut char_filters) {
            current = filter
                .apply(Rewritten::unchanged(&current))
                .text
                .into_owned();
            seen.push(current.clone());
        }
        let end = text.len() as u32;
        let mut tokens = vec![OwnedToken {
            text: current,
            start: 0,
            end,
            increment: 1,
            length: 1,
            kind: "word",
            keyword: false,
        }];
        for (index, line) in lines.iter_mut().enumerate() {
            if let Some((_, filter)) = index.checked_sub(1).map(|index| &normalizer.filters[index])
            {
                tokens = filter.apply_all(tokens);
            }
            let (shown, places) = analyzed(&tokens, false);
            line.add(text, shown, places, 0, budget)?;
        }
    }
    let names =
        std::iter::once("keyword").chain(normalizer.filters.iter().map(|(name, _)| name.as_str()));
    let mut stages = names.zip(lines).map(|(name, line)| Stage {
        name: name.to_owned(),
        tokens: line.tokens,
    });
    let tokenizer = stages.next();
    Ok(AnalyzeResponse::Parts {
        char_filters,
        tokenizer,
        filters: stages.collect(),
    })
}

fn whole(normalizer: &Normalizer, text: &str) -> AnalyzedToken {
    AnalyzedToken {
        token: normalizer.normalize(text).into_owned(),
        start_offset: 0,
        end_offset: text.len() as u32,
        kind: "word".to_owned(),
        position: 0,
        position_length: 1,
        keyword: None,
    }
}

fn analyzed(stage: &[OwnedToken], marks: bool) -> (Vec<AnalyzedToken>, u32) {
    let mut tokens = Vec::with_capacity(stage.len());
    let places = emit(stage, &mut |token| {
        tokens.push(AnalyzedToken {
            token: token.text.to_owned(),
            start_offset: token.start_offset,
            end_offset: token.end_offset,
            kind: token.kind.to_owned(),
            position: token.position,
            position_length: token.position_length,
            keyword: None,
        });
    });
    if marks {
        for (token, owned) in tokens.iter_mut().zip(stage) {
            token.keyword = Some(owned.keyword);
        }
    }
    (tokens, places)
}

/// The tokens of several texts in one row: places and offsets go on from text to text.
#[derive(Default)]
struct Line {
    tokens: Vec<AnalyzedToken>,
    places: u32,
    offset: u32,
}

impl Line {
    /// Appends the tokens of a text, whose offsets are still in bytes.
    fn add(
        &mut self,
        text: &str,
        tokens: Vec<AnalyzedToken>,
        places: u32,
        gap: u32,
        budget: &mut usize,
    ) -> Result<(), Failure> {
        if self.tokens.len() + tokens.len() > *budget {
            return Err(Failure::illegal_state(format!(
                "The number of tokens produced by calling _analyze has exceeded the allowed maximum of [{budget}]. This limit can be set by \
                 changing the [index.analyze.max_token_count] index level setting."
            )));
        }
        let units = Units::of(text);
        for mut token in tokens {
            token.start_offset = self.offset + units.at(token.start_offset);
            token.end_offset = self.offset + units.at(token.end_offset);
            token.position += self.places;
            self.tokens.push(token);
        }
        self.offset += units.at(text.len() as u32) + 1;
        self.places += places + gap;
        Ok(())
    }
}

/// UTF-16 offsets of byte offsets.
struct Units {
    /// `(byte offset, UTF-16 offset)` behind each character outside ASCII.
    steps: Vec<(u32, u32)>,
}

impl Units {
    fn of(text: &str) -> Self {
        let mut steps = Vec::new();
        let mut units = 0u32;
        for (at, c) in text.char_indices() {
            units += c.len_utf16() as u32;
            if !c.is_ascii() {
                steps.push(((at + c.len_utf8()) as u32, units));
            }
        }
        Self { steps }
    }

    fn at(&self, byte: u32) -> u32 {
        let index = self.steps.partition_point(|(at, _)| *at <= byte);
        match index.checked_sub(1) {
            Some(index) => self.steps[index].1 + (byte - self.steps[index].0),
            None => byte,
        }
    }
}
