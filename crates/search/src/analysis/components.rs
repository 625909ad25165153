//! Tokenizers, token filters and character filters by type and settings.

use super::char_filters::CharFilter;
use super::filters::{Filter, Shingle};
use super::patterns::{Pattern, replacement};
use super::registry::AnalysisLimits;
use super::stemmers::{self, Language, Stemmer};
use super::stop_words;
use super::tokenizers::{TokenChars, Tokenizer};
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

/// A tokenizer of a type. With an empty configuration this is the one of that name that every index knows.
pub(crate) fn tokenizer(
    type_name: &str,
    settings: &Configuration<'_>,
    limits: AnalysisLimits,
) -> Result<Tokenizer, Failure> {
    let max_length = || -> Result<usize, Failure> {
        let max = settings.count("max_token_length", 255)?;
        if max == 0 {
            return Err(Failure::illegal_argument(
                "maxTokenLength must be greater than zero",
            ));
        }
        Ok(max)
    };
    let tokenizer = match type_name {
        "standard" => Tokenizer::Standard { max: max_length()? },
        "keyword" => {
            settings.count("buffer_size", 256)?;
            Tokenizer::Keyword
        }
        "whitespace" => Tokenizer::Whitespace { max: max_length()? },
        "letter" => Tokenizer::Letter,
        "lowercase" => Tokenizer::Lowercase,
        "pattern" => {
            let group = settings.text("group").map_or(Ok(-1), |text| {
                text.parse().map_err(|_| Failure::number_format(&text))
            })?;
            Tokenizer::Pattern {
                pattern: settings.pattern(Some(r"\W+"))?,
                group,
            }
        }
        "ngram" | "nGram" => {
            let (min, max) = (
                settings.count("min_gram", 1)?,
                settings.count("max_gram", 2)?,
            );
            check_grams("NGram Tokenizer", min, max, limits)?;
            Tokenizer::Ngram {
                min,
                max,
                chars: token_chars(settings)?,
            }
        }
        "edge_ngram" | "edgeNGram" => {
            let (min, max) = (
                settings.count("min_gram", 1)?,
                settings.count("max_gram", 2)?,
            );
            check_grams("edge", min, max, limits)?;
            Tokenizer::EdgeNgram {
                min,
                max,
                chars: token_chars(settings)?,
            }
        }
        "path_hierarchy" | "PathHierarchy" => {
            settings.count("buffer_size", 1024)?;
            let delimiter = settings.character("delimiter", '/')?;
            Tokenizer::PathHierarchy {
                delimiter,
                replacement: settings.character("replacement", delimiter)?,
                skip: settings.count("skip", 0)?,
                reverse: settings.flag("reverse", false)?,
            }
        }
        "char_group" => char_group(settings, max_length()?)?,
        _ => return Err(settings.unknown_type(type_name)),
    };
    settings.done()?;
    Ok(tokenizer)
}

fn token_chars(settings: &Configuration<'_>) -> Result<TokenChars, Failure> {
    let mut chars = TokenChars::default();
    for class in settings.list("token_chars").unwrap_or_default() {
        match class.as_str() {
            "letter" => chars.letter = true,
            "digit" => chars.digit = true,
            "whitespace" => chars.whitespace = true,
            "punctuation" => chars.punctuation = true,
            "symbol" => chars.symbol = true,
            "custom" => {
                chars.custom = settings.text("custom_token_chars").ok_or_else(|| {
                    Failure::illegal_argument(
                        "Token type: 'custom' requires setting `custom_token_chars`",
                    )
                })?;
            }
            other => {
                return Err(Failure::illegal_argument(format!(
                    "Unknown token type: '{other}', must be one of [symbol, private_use, paragraph_separator, start_punctuation, unassigned, enclosing_mark, connector_punctuation, letter_number, other_number, math_symbol, lowercase_letter, space_separator, surrogate, initial_quote_punctuation, decimal_digit_number, digit, other_punctuation, dash_punctuation, currency_symbol, non_spacing_mark, format, modifier_letter, control, uppercase_letter, other_symbol, end_punctuation, modifier_symbol, other_letter, line_separator, titlecase_letter, letter, punctuation, combining_spacing_mark, final_quote_punctuation, whitespace]"
                )));
            }
        }
    }
    settings.get("custom_token_chars");
    Ok(chars)
}

fn char_group(settings: &Configuration<'_>, max: usize) -> Result<Tokenizer, Failure> {
    let (mut chars, mut letter, mut digit, mut whitespace, mut punctuation, mut symbol) =
        (Vec::new(), false, false, false, false, false);
    for entry in settings.list("tokenize_on_chars").unwrap_or_default() {
        match entry.as_str() {
            "letter" => letter = true,
            "digit" => digit = true,
            "whitespace" => whitespace = true,
            "punctuation" => punctuation = true,
            "symbol" => symbol = true,
            "\\n" => chars.push('\n'),
            "\\t" => chars.push('\t'),
            "\\r" => chars.push('\r'),
            "\\\\" => chars.push('\\'),
            other if other.chars().count() == 1 => chars.extend(other.chars()),
            other => {
                return Err(Failure::illegal_argument(format!(
                    "Invalid escaped char in [{other}]"
                )));
            }
        }
    }
    Ok(Tokenizer::CharGroup {
        chars,
        letter,
        digit,
        whitespace,
        punctuation,
        symbol,
        max,
    })
}

/// A token filter of a type.
pub(crate) fn filter(
    type_name: &str,
    settings: &Configuration<'_>,
    limits: AnalysisLimits,
) -> Result<Filter, Failure> {
    let filter = match type_name {
        "lowercase" => Filter::Lowercase,
        "uppercase" => Filter::Uppercase,
        "stop" => {
            settings.flag("remove_trailing", true)?;
            Filter::Stop {
                words: settings.stop_words(&stop_words::ENGLISH)?,
                ignore_case: settings.flag("ignore_case", false)?,
            }
        }
        "keep" => {
            let words = settings.words("keep_words").ok_or_else(|| {
                Failure::illegal_argument(
                    "keep requires either `keep_words` or `keep_words_path` to be configured",
                )
            })?;
            Filter::Keep {
                words,
                ignore_case: settings.flag("keep_words_case", false)?,
            }
        }
        "asciifolding" => Filter::AsciiFolding {
            preserve_original: settings.flag("preserve_original", false)?,
        },
        "stemmer" => {
            let language = settings
                .text("language")
                .or_else(|| settings.text("name"))
                .unwrap_or_else(|| "porter".to_owned());
            settings.get("name");
            match stemmers::for_language(&language) {
                Some(Language::Stemmer(stemmer)) => Filter::Stem(stemmer),
                Some(Language::EnglishPossessive) => Filter::EnglishPossessive,
                None => {
                    return Err(Failure::illegal_argument(format!(
                        "Invalid stemmer class specified: {language}"
                    )));
                }
            }
        }
        "porter_stem" | "porterStem" => Filter::Stem(Stemmer::Porter),
        "snowball" => {
            let language = settings
                .text("language")
                .unwrap_or_else(|| "English".to_owned());
            let stemmer = stemmers::for_snowball(&language);
            Filter::Stem(stemmer.ok_or_else(|| {
                Failure::illegal_argument(format!("Invalid stemmer class specified: {language}"))
            })?)
        }
        "apostrophe" => Filter::Apostrophe,
        "elision" => {
            let articles = settings.words("articles").unwrap_or_else(|| {
                stop_words::set([
                    "l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu",
                    "puisqu",
                ])
            });
            Filter::Elision {
                articles,
                ignore_case: settings.flag("articles_case", false)?,
            }
        }
        "trim" => Filter::Trim,
        "truncate" => {
            let length = settings.count("length", 10)?;
            if length == 0 {
                return Err(Failure::illegal_argument(
                    "length parameter must be provided",
                ));
            }
            Filter::Truncate { length }
        }
        "length" => Filter::Length {
            min: settings.count("min", 0)?,
            max: settings.count("max", i32::MAX as usize)?,
        },
        "reverse" => Filter::Reverse,
        "pattern_replace" => Filter::PatternReplace {
            pattern: settings.pattern(None)?,
            replacement: replacement(&settings.text("replacement").unwrap_or_default()),
            all: settings.flag("all", true)?,
        },
        "keyword_marker" => {
            let words = settings.words("keywords").ok_or_else(|| {
                Failure::illegal_argument("keyword filter requires either `keywords`, `keywords_path`, or `keywords_pattern` to be configured")
            })?;
            Filter::KeywordMarker {
                words,
                ignore_case: settings.flag("ignore_case", false)?,
            }
        }
        "unique" => Filter::Unique {
            only_on_same_position: settings.flag("only_on_same_position", false)?,
        },
        "ngram" | "nGram" => {
            let (min, max) = (
                settings.count("min_gram", 1)?,
                settings.count("max_gram", 2)?,
            );
            check_grams("NGram Tokenizer", min, max, limits)?;
            Filter::Ngram {
                min,
                max,
                preserve_original: settings.flag("preserve_original", false)?,
            }
        }
        "edge_ngram" | "edgeNGram" => {
            if settings.text("side").is_some_and(|side| side != "front") {
                return Err(Failure::illegal_argument(format!(
                    "[side] of filter [{}] is not supported other than [front]",
                    settings.name()
                )));
            }
            let (min, max) = (
                settings.count("min_gram", 1)?,
                settings.count("max_gram", 2)?,
            );
            check_grams("edge", min, max, limits)?;
            Filter::EdgeNgram {
                min,
                max,
                preserve_original: settings.flag("preserve_original", false)?,
            }
        }
        "shingle" => Filter::Shingle(shingle(settings, limits)?),
        "fingerprint" => Filter::Fingerprint {
            separator: settings.character("separator", ' ')?,
            max_output: settings.count("max_output_size", 255)?,
        },
        "limit" => {
            settings.flag("consume_all_tokens", false)?;
            Filter::Limit {
                tokens: settings.count("max_token_count", 1)?,
            }
        }
        _ => return Err(settings.unknown_type(type_name)),
    };
    settings.done()?;
    Ok(filter)
}

fn shingle(settings: &Configuration<'_>, limits: AnalysisLimits) -> Result<Shingle, Failure> {
    let (min, max) = (
        settings.count("min_shingle_size", 2)?,
        settings.count("max_shingle_size", 2)?,
    );
    let unigrams = settings.flag("output_unigrams", true)?;
    if max < 2 || min < 2 {
        return Err(Failure::illegal_argument(
            "Max and min shingle size must be >= 2",
        ));
    }
    if min > max {
        return Err(Failure::illegal_argument(
            "Min shingle size must be <= max shingle size",
        ));
    }
    let difference = max - min + usize::from(unigrams);
    if difference > limits.max_shingle_diff {
        return Err(Failure::illegal_argument(format!(
            "In Shingle TokenFilter the difference between max_shingle_size and min_shingle_size (and +1 if outputting unigrams) must be less \
             than or equal to: [{}] but was [{difference}]. This limit can be set by changing the [index.max_shingle_diff] index level setting.",
            limits.max_shingle_diff
        )));
    }
    Ok(Shingle {
        min,
        max,
        unigrams,
        unigrams_if_no_shingles: settings.flag("output_unigrams_if_no_shingles", false)?,
        separator: settings
            .text("token_separator")
            .unwrap_or_else(|| " ".to_owned()),
        filler: settings
            .text("filler_token")
            .unwrap_or_else(|| "_".to_owned()),
    })
}

/// A character filter of a type.
pub(crate) fn char_filter(
    type_name: &str,
    settings: &Configuration<'_>,
) -> Result<CharFilter, Failure> {
    let filter = match type_name {
        "html_strip" => CharFilter::HtmlStrip {
            keep: settings.list("escaped_tags").unwrap_or_default(),
        },
        "mapping" => {
            let rules = match settings.get("mappings") {
                // Rules may hold commas, so a text is one rule.
                Some(node) => match &node.value {
                    Value::Array(_) => settings.list("mappings").unwrap_or_default(),
                    _ => vec![settings.text("mappings").unwrap_or_default()],
                },
                None => {
                    return Err(Failure::illegal_argument(
                        "mapping requires either `mappings` or `mappings_path` to be configured",
                    ));
                }
            };
            mapping_rules(&rules)?
        }
        "pattern_replace" => CharFilter::PatternReplace {
            pattern: settings.pattern(None)?,
            replacement: replacement(&settings.text("replacement").unwrap_or_default()),
        },
        _ => return Err(settings.unknown_type(type_name)),
    };
    settings.done()?;
    Ok(filter)
}

fn mapping_rules(rules: &[String]) -> Result<CharFilter, Failure> {
    let mut pairs = HashMap::new();
    for rule in rules {
        let (from, to) = rule
            .rsplit_once("=>")
            .ok_or_else(|| Failure::illegal_argument(format!("Invalid Mapping Rule : [{rule}]")))?;
        let from = unescape(from.trim()).filter(|from| !from.is_empty());
        let (Some(from), Some(to)) = (from, unescape(to.trim())) else {
            return Err(Failure::illegal_argument(format!(
                "Invalid Mapping Rule : [{rule}]"
            )));
        };
        if pairs.insert(from, to).is_some() {
            return Err(Failure::illegal_argument(format!(
                "match \"{}\" was already added",
                rule.split("=>").next().unwrap_or("").trim()
            )));
        }
    }
    let longest = pairs.keys().map(String::len).max().unwrap_or(0);
    Ok(CharFilter::Mapping { pairs, longest })
}

/// `\n`, `\t`, `\u0041`… in mapping rules.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => {
                let digits: String = chars.by_ref().take(4).collect();
                out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            other => out.push(other),
        }
    }
    Some(out)
}
