//! Analyzers and normalizers out of the `index.analysis` settings.

use super::chain::{Analyzer, Normalizer};
use super::char_filters::CharFilter;
use super::components::{self, Configuration, Named};
use super::filters::Filter;
use super::patterns::Pattern;
use super::registry::{Analysis, AnalysisLimits};
use super::stemmers::Stemmer;
use super::stop_words;
use super::tokenizers::Tokenizer;
use glasswork_content::{Failure, Node, Object};
use std::sync::Arc;

/// `position_increment_gap` of analyzers that name none.
const POSITION_GAP: usize = 100;

/// Reads the settings into `analysis`.
pub(super) fn read(
    node: &Node,
    limits: AnalysisLimits,
    analysis: &mut Analysis,
) -> Result<(), Failure> {
    let Some(sections) = node.as_object() else {
        return Err(Failure::illegal_argument(
            "[index.analysis] must be an object",
        ));
    };
    for name in sections.keys() {
        if !matches!(
            name,
            "analyzer" | "tokenizer" | "filter" | "char_filter" | "normalizer"
        ) {
            return Err(Failure::illegal_argument(format!(
                "unknown section [{name}] of [index.analysis]"
            )));
        }
    }
    for (name, node) in entries(sections, "char_filter")? {
        let settings = Configuration::new("char_filter", name, node)?;
        let filter = components::char_filter(&typed(&settings, "char_filter")?, &settings)?;
        analysis
            .components
            .char_filters
            .insert(name.to_owned(), filter);
    }
    for (name, node) in entries(sections, "tokenizer")? {
        let settings = Configuration::new("tokenizer", name, node)?;
        let tokenizer = components::tokenizer(&typed(&settings, "tokenizer")?, &settings, limits)?;
        analysis
            .components
            .tokenizers
            .insert(name.to_owned(), tokenizer);
    }
    for (name, node) in entries(sections, "filter")? {
        let settings = Configuration::new("filter", name, node)?;
        let filter = components::filter(&typed(&settings, "filter")?, &settings, limits)?;
        analysis.components.filters.insert(name.to_owned(), filter);
    }
    for (name, node) in entries(sections, "analyzer")? {
        let settings = Configuration::new("analyzer", name, node)?;
        let type_name = match settings.type_name() {
            Some(type_name) => type_name,
            None if settings.get("tokenizer").is_some() => "custom".to_owned(),
            None => {
                return Err(Failure::illegal_argument(format!(
                    "analyzer [{name}] must specify either an analyzer type, or a tokenizer"
                )));
            }
        };
        let built = analyzer(&type_name, &settings, &analysis.components, limits)?;
        analysis.analyzers.insert(name.to_owned(), Arc::new(built));
    }
    for (name, node) in entries(sections, "normalizer")? {
        let settings = Configuration::new("normalizer", name, node)?;
        let built = normalizer(&settings, &analysis.components, limits)?;
        analysis
            .normalizers
            .insert(name.to_owned(), Arc::new(built));
    }
    Ok(())
}

fn entries<'a>(sections: &'a Object, section: &str) -> Result<Vec<(&'a str, &'a Node)>, Failure> {
    match sections.get(section) {
        None => Ok(Vec::new()),
        Some(node) => match node.as_object() {
            Some(object) => Ok(object.iter().collect()),
            None => Err(Failure::illegal_argument(format!(
                "[index.analysis.{section}] must be an object"
            ))),
        },
    }
}

fn typed(settings: &Configuration<'_>, family: &str) -> Result<String, Failure> {
    settings.type_name().ok_or_else(|| {
        Failure::illegal_argument(format!(
            "{family} [{}] must specify either an analyzer type, or a tokenizer",
            settings.name()
        ))
    })
}

/// An analyzer of a type.
pub(super) fn analyzer(
    type_name: &str,
    settings: &Configuration<'_>,
    named: &Named,
    limits: AnalysisLimits,
) -> Result<Analyzer, Failure> {
    let part = |name: &str, filter: Filter| (name.to_owned(), filter);
    let standard = |max| ("standard".to_owned(), Tokenizer::Standard { max });
    let stop = |words| {
        part(
            "stop",
            Filter::Stop {
                words,
                ignore_case: false,
            },
        )
    };
    let mut custom = false;
    let mut char_filters = Vec::new();
    let (tokenizer, filters) = match type_name {
        "standard" => {
            let words = settings.stop_words(&[])?;
            let mut filters = vec![part("lowercase", Filter::Lowercase)];
            if !words.is_empty() {
                filters.push(stop(words));
            }
            (
                standard(settings.count("max_token_length", 255)?.max(1)),
                filters,
            )
        }
        "simple" => (("lowercase".to_owned(), Tokenizer::Lowercase), Vec::new()),
        "whitespace" => (
            ("whitespace".to_owned(), Tokenizer::Whitespace { max: 255 }),
            Vec::new(),
        ),
        "stop" => (
            ("lowercase".to_owned(), Tokenizer::Lowercase),
            vec![stop(settings.stop_words(&stop_words::ENGLISH)?)],
        ),
        "keyword" => (("keyword".to_owned(), Tokenizer::Keyword), Vec::new()),
        "pattern" => {
            let flags = settings.text("flags").unwrap_or_default();
            let pattern = Pattern::new(
                &settings
                    .text("pattern")
                    .unwrap_or_else(|| r"\W+".to_owned()),
                &flags,
            )?;
            let mut filters = Vec::new();
            if settings.flag("lowercase", true)? {
                filters.push(part("lowercase", Filter::Lowercase));
            }
            let words = settings.stop_words(&[])?;
            if !words.is_empty() {
                filters.push(stop(words));
            }
            (
                (
                    "pattern".to_owned(),
                    Tokenizer::Pattern { pattern, group: -1 },
                ),
                filters,
            )
        }
        "english" => {
            let mut filters = vec![
                part("english_possessive", Filter::EnglishPossessive),
                part("lowercase", Filter::Lowercase),
                stop(settings.stop_words(&stop_words::ENGLISH)?),
            ];
            if let Some(excluded) = settings.list("stem_exclusion") {
                let words = stop_words::set(excluded.iter().map(String::as_str));
                filters.push(part(
                    "keyword_marker",
                    Filter::KeywordMarker {
                        words,
                        ignore_case: false,
                    },
                ));
            }
            filters.push(part("porter_stem", Filter::Stem(Stemmer::Porter)));
            (standard(255), filters)
        }
        "fingerprint" => {
            let separator = settings.text("separator").unwrap_or_else(|| " ".to_owned());
            let Some(separator) = Some(&separator)
                .filter(|text| text.chars().count() == 1)
                .and_then(|text| text.chars().next())
            else {
                return Err(Failure::illegal_argument(
                    "Setting [separator] must be a single, non-null character.",
                ));
            };
            let mut filters = vec![
                part("lowercase", Filter::Lowercase),
                part(
                    "asciifolding",
                    Filter::AsciiFolding {
                        preserve_original: false,
                    },
                ),
            ];
            let words = settings.stop_words(&[])?;
            if !words.is_empty() {
                filters.push(stop(words));
            }
            let max_output = settings.count("max_output_size", 255)?;
            filters.push(part(
                "fingerprint",
                Filter::Fingerprint {
                    separator,
                    max_output,
                },
            ));
            (standard(255), filters)
        }
        "custom" => {
            custom = true;
            let Some(tokenizer) = settings.text("tokenizer") else {
                return Err(Failure::illegal_argument(format!(
                    "Custom Analyzer [{}] must be configured with a tokenizer",
                    settings.name()
                )));
            };
            let missing = |what: &str, name: &str| {
                Failure::illegal_argument(format!(
                    "Custom Analyzer [{}] failed to find {what} under name [{name}]",
                    settings.name()
                ))
            };
            let found = find_tokenizer(&tokenizer, named, limits)
                .ok_or_else(|| missing("tokenizer", &tokenizer))?;
            let mut filters = Vec::new();
            for name in settings.list("filter").unwrap_or_default() {
                let filter =
                    find_filter(&name, named, limits).ok_or_else(|| missing("filter", &name))?;
                filters.push((name, filter));
            }
            for name in settings.list("char_filter").unwrap_or_default() {
                let filter =
                    find_char_filter(&name, named).ok_or_else(|| missing("char_filter", &name))?;
                char_filters.push((name, filter));
            }
            ((tokenizer, found), filters)
        }
        _ => {
            return Err(Failure::illegal_argument(format!(
                "Unknown analyzer type [{type_name}] for [{}]",
                settings.name()
            )));
        }
    };
    let gap = settings.count("position_increment_gap", POSITION_GAP)?;
    settings.done()?;
    Ok(Analyzer {
        name: settings.name().to_owned(),
        char_filters,
        tokenizer,
        filters,
        position_gap: u32::try_from(gap).unwrap_or(u32::MAX),
        custom,
    })
}

fn normalizer(
    settings: &Configuration<'_>,
    named: &Named,
    limits: AnalysisLimits,
) -> Result<Normalizer, Failure> {
    let name = settings.name();
    if let Some(other) = settings
        .type_name()
        .filter(|type_name| type_name != "custom")
    {
        return Err(Failure::illegal_argument(format!(
            "Unknown normalizer type [{other}] for [{name}]"
        )));
    }
    if settings.get("tokenizer").is_some() {
        return Err(Failure::illegal_argument(format!(
            "Custom normalizer [{name}] cannot configure a tokenizer"
        )));
    }
    let missing = |what: &str, part: &str| {
        Failure::illegal_argument(format!(
            "Custom normalizer [{name}] failed to find {what} under name [{part}]"
        ))
    };
    let mut filters = Vec::new();
    for part in settings.list("filter").unwrap_or_default() {
        let filter = find_filter(&part, named, limits).ok_or_else(|| missing("filter", &part))?;
        if !filter.is_normalizing() {
            return Err(Failure::illegal_argument(format!(
                "Custom normalizer [{name}] may not use filter [{part}]"
            )));
        }
        filters.push((part, filter));
    }
    let mut char_filters = Vec::new();
    for part in settings.list("char_filter").unwrap_or_default() {
        let filter = find_char_filter(&part, named).ok_or_else(|| missing("char_filter", &part))?;
        if matches!(filter, CharFilter::HtmlStrip { .. }) {
            return Err(Failure::illegal_argument(format!(
                "Custom normalizer [{name}] may not use char filter [{part}]"
            )));
        }
        char_filters.push((part, filter));
    }
    settings.done()?;
    Ok(Normalizer {
        name: name.to_owned(),
        char_filters,
        filters,
    })
}

/// The tokenizer of that name: the index's own or one that every index knows.
pub(super) fn find_tokenizer(
    name: &str,
    named: &Named,
    limits: AnalysisLimits,
) -> Option<Tokenizer> {
    let known =
        || components::tokenizer(name, &Configuration::empty("tokenizer", name), limits).ok();
    named.tokenizers.get(name).cloned().or_else(known)
}

/// The filter of that name: the index's own or one that every index knows.
pub(super) fn find_filter(name: &str, named: &Named, limits: AnalysisLimits) -> Option<Filter> {
    let known = || components::filter(name, &Configuration::empty("filter", name), limits).ok();
    named.filters.get(name).cloned().or_else(known)
}

/// The character filter of that name: the index's own or one that every index knows.
pub(super) fn find_char_filter(name: &str, named: &Named) -> Option<CharFilter> {
    let known = || components::char_filter(name, &Configuration::empty("char_filter", name)).ok();
    named.char_filters.get(name).cloned().or_else(known)
}
