//! The `html_strip` character filter: tags, comments, scripts and styles go, entities are resolved.

use super::char_filters::Edit;

/// Tags after which a text goes on on a new line.
const BLOCKS: [&str; 42] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "center",
    "dd",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "isindex",
    "li",
    "menu",
    "nav",
    "noframes",
    "noscript",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "ul",
    "body",
];

/// Entities by name; the numbered ones are computed.
const ENTITIES: [(&str, char); 34] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("bull", '•'),
    ("middot", '·'),
    ("deg", '°'),
    ("euro", '€'),
    ("pound", '£'),
    ("cent", '¢'),
    ("sect", '§'),
    ("para", '¶'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("szlig", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("agrave", 'à'),
    ("ccedil", 'ç'),
];

/// What to replace in `text`; tags named in `keep` stay.
pub(crate) fn edits(text: &str, keep: &[String]) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['<', '&']) {
        let start = at + found;
        let rest = &text[start..];
        let piece = if rest.starts_with('<') {
            tag(rest, keep)
        } else {
            entity(rest)
        };
        match piece {
            Some((length, replacement)) => {
                if let Some(replacement) = replacement {
                    edits.push(Edit {
                        start,
                        end: start + length,
                        text: replacement,
                    });
                }
                at = start + length;
            }
            None => at = start + 1,
        }
    }
    edits
}

/// Length of the tag at the beginning and what it becomes (`None`: it stays). `None` when there is no tag.
fn tag(rest: &str, keep: &[String]) -> Option<(usize, Option<String>)> {
    if let Some(comment) = rest.strip_prefix("<!--") {
        let length = comment.find("-->").map_or(rest.len(), |at| at + 7);
        return Some((length, Some(String::new())));
    }
    let inner = &rest[1..];
    if inner.starts_with(['!', '?']) {
        return Some((rest.find('>')? + 1, Some(String::new())));
    }
    let name_at = inner.strip_prefix('/').unwrap_or(inner);
    let name: String = name_at
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | ':' | '_'))
        .collect();
    if !name.starts_with(|c: char| c.is_alphabetic()) {
        return None;
    }
    let end = tag_end(rest)?;
    let name = name.to_lowercase();
    if keep.iter().any(|kept| kept.eq_ignore_ascii_case(&name)) {
        return Some((end, None));
    }
    if !inner.starts_with('/') && matches!(name.as_str(), "script" | "style") {
        let close = format!("</{name}");
        let after = rest[end..].to_ascii_lowercase();
        let length = match after.find(&close) {
            Some(at) => {
                end + at
                    + after[at..]
                        .find('>')
                        .map_or(after.len() - at, |end| end + 1)
            }
            None => rest.len(),
        };
        return Some((length, Some("\n".to_owned())));
    }
    let replacement = if BLOCKS.contains(&name.as_str()) {
        "\n"
    } else {
        ""
    };
    Some((end, Some(replacement.to_owned())))
}

/// The end of a tag; a `>` within quotes does not end it.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in rest.char_indices().skip(1) {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return Some(at + 1),
            (None, '<') => return None,
            _ => {}
        }
    }
    None
}

fn entity(rest: &str) -> Option<(usize, Option<String>)> {
    let inner = &rest[1..];
    if let Some(number) = inner.strip_prefix('#') {
        let (digits, radix) = match number.strip_prefix(['x', 'X']) {
            Some(hex) => (hex, 16),
            None => (number, 10),
        };
        let count = digits
            .bytes()
            .take_while(|byte| char::from(*byte).is_digit(radix))
            .count()
            .min(8);
        let c = char::from_u32(u32::from_str_radix(&digits[..count], radix).ok()?)?;
        let after = &digits[count..];
        let length = rest.len() - after.len() + usize::from(after.starts_with(';'));
        return Some((length, Some(c.to_string())));
    }
    let name: &str = inner.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    let (_, c) = ENTITIES.iter().find(|(known, _)| *known == name)?;
    let after = &inner[name.len()..];
    Some((
        1 + name.len() + usize::from(after.starts_with(';')),
        Some(c.to_string()),
    ))
}
