//! Token filters by type and settings.

use super::{Configuration, check_grams};
use crate::analysis::filters::{Filter, Shingle};
use crate::analysis::patterns::replacement;
use crate::analysis::registry::AnalysisLimits;
use crate::analysis::stemmers::{self, Language, Stemmer};
use crate::analysis::stop_words;
use glasswork_content::Failure;

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
