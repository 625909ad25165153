//! Tokenizers by type and settings.

use super::{Configuration, check_grams};
use crate::analysis::registry::AnalysisLimits;
use crate::analysis::tokenizers::{TokenChars, Tokenizer};
use glasswork_content::Failure;

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
