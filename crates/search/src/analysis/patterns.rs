//! Regular expressions of settings: Java's syntax, as far as linear-time matching has it.

use glasswork_content::Failure;
use regex::{Regex, RegexBuilder};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    regex: Regex,
}

/// Bytes that a compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;

impl Pattern {
    /// Compiles a Java pattern with flags such as `CASE_INSENSITIVE|DOTALL`.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` for malformed patterns and for what needs backtracking (look-around, back references).
    pub(crate) fn new(java: &str, flags: &str) -> Result<Self, Failure> {
        let mut builder = RegexBuilder::new(&translate(java));
        builder.size_limit(SIZE_LIMIT);
        for flag in flags
            .split('|')
            .map(str::trim)
            .filter(|flag| !flag.is_empty())
        {
            match flag {
                "CASE_INSENSITIVE" => builder.case_insensitive(true),
                "MULTILINE" => builder.multi_line(true),
                "DOTALL" => builder.dot_matches_new_line(true),
                "COMMENTS" => builder.ignore_whitespace(true),
                // Unicode is always on here; the other two change nothing for the patterns that compile.
                "UNICODE_CASE"
                | "UNICODE_CHAR_CLASS"
                | "UNICODE_CHARACTER_CLASS"
                | "CANON_EQ"
                | "UNIX_LINES" => &mut builder,
                "LITERAL" => {
                    builder = RegexBuilder::new(&regex::escape(java));
                    &mut builder
                }
                _ => {
                    return Err(Failure::illegal_argument(format!(
                        "Unknown regex flag [{flag}]"
                    )));
                }
            };
        }
        let regex = builder.build().map_err(|error| {
            let why = match error {
                regex::Error::CompiledTooBig(limit) => {
                    format!("pattern compiles to more than {limit} bytes")
                }
                error => error
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or("")
                    .trim()
                    .trim_start_matches("error: ")
                    .to_owned(),
            };
            Failure::illegal_argument(format!(
                "pattern [{java}] is malformed or not supported: {why}"
            ))
        })?;
        Ok(Self { regex })
    }

    pub(crate) fn regex(&self) -> &Regex {
        &self.regex
    }
}

/// Java's `\w`, `\d` and `\s` mean ASCII only.
fn translate(java: &str) -> String {
    let mut out = String::with_capacity(java.len() + 16);
    let mut chars = java.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('w') => out.push_str("[A-Za-z0-9_]"),
            Some('W') => out.push_str("[^A-Za-z0-9_]"),
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('s') => out.push_str("[ \\t\\n\\x0B\\f\\r]"),
            Some('S') => out.push_str("[^ \\t\\n\\x0B\\f\\r]"),
            Some('h') => out.push_str(
                "[ \\t\\x{A0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}]",
            ),
            Some('e') => out.push_str("\\x1B"),
            Some('Q') => {
                let rest = chars.as_str();
                let (literal, after) = rest.split_once("\\E").unwrap_or((rest, ""));
                out.push_str(&regex::escape(literal));
                chars = after.chars();
            }
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

/// Java's replacement text (`$1`, `\$`) in the syntax of the `regex` crate (`${1}`, `$$`).
pub(crate) fn replacement(java: &str) -> String {
    let mut out = String::with_capacity(java.len() + 8);
    let mut chars = java.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('$') => out.push_str("$$"),
                Some(other) => out.push(other),
                None => {}
            },
            '$' if chars.peek().is_some_and(char::is_ascii_digit) => {
                out.push_str("${");
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    out.push(digit);
                }
                out.push('}');
            }
            '$' if chars.peek() == Some(&'{') => out.push('$'),
            '$' => out.push_str("$$"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn javas_classes_are_ascii() {
        let pattern = Pattern::new(r"\W+", "").unwrap();
        assert_eq!(
            pattern.regex().split("naïve cat_1").collect::<Vec<_>>(),
            ["na", "ve", "cat_1"]
        );
        assert!(Pattern::new(r"[\w-]+", "").unwrap().regex().is_match("a-b"));
    }

    #[test]
    fn what_needs_backtracking_is_refused() {
        assert!(Pattern::new(r"(?<=a)b", "").is_err());
        assert!(Pattern::new(r"(a)\1", "").is_err());
        assert!(Pattern::new("(", "").is_err());
        assert!(Pattern::new("a", "NOPE").is_err());
    }

    #[test]
    fn replacements_name_groups() {
        assert_eq!(replacement(r"$1-\$x$"), "${1}-$$x$$");
    }
}
