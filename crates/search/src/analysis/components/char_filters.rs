//! Character filters by type and settings.

use super::Configuration;
use crate::analysis::char_filters::CharFilter;
use crate::analysis::patterns::replacement;
use glasswork_content::{Failure, Value};
use hashbrown::HashMap;

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
