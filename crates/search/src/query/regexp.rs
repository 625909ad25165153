//! `regexp`: documents with a term that fits a regular expression of Lucene's.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Names of Lucene's optional operators, and their bits.
const FLAGS: [(&str, i32); 8] = [
    ("INTERSECTION", 0x01),
    ("COMPLEMENT", 0x02),
    ("EMPTY", 0x04),
    ("ANYSTRING", 0x08),
    ("AUTOMATON", 0x10),
    ("INTERVAL", 0x20),
    ("NONE", 0x00),
    ("ALL", 0xff),
];

/// Matches documents with a term that fits a regular expression as a whole, with a constant score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regexp {
    /// Path of the field.
    pub field: String,
    /// The expression.
    pub value: String,
    /// Bits of the optional operators.
    pub flags: i32,
    /// Printed only: expressions are not turned into an automaton of states.
    pub max_determinized_states: i32,
    /// Whether upper and lower case are the same.
    pub case_insensitive: bool,
    /// Boost (the score) and name.
    pub common: Common,
}

impl QueryKind for Regexp {
    const NAME: &'static str = "regexp";

    fn parse(body: &Object, _at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let clause =
            clause::single_field(Self::NAME, body)?.filter(|clause| !clause.field.is_empty());
        let Some(clause) = clause else {
            return Err(Failure::illegal_argument("field name is null or empty"));
        };
        let mut parsed = Self {
            field: clause.field.to_owned(),
            value: String::new(),
            flags: 0xff,
            max_determinized_states: 10_000,
            case_insensitive: false,
            common: Common::default(),
        };
        let mut found = true;
        match &clause.node.value {
            Value::Object(options) => {
                found = false;
                for (key, node) in options.iter() {
                    match key {
                        "value" => {
                            parsed.value = clause::text(node)?;
                            found = true;
                        }
                        "flags" => parsed.flags = flags(&clause::text(node)?)?,
                        "flags_value" => parsed.flags = node.to_i32()?,
                        "max_determinized_states" => {
                            parsed.max_determinized_states = node.to_i32()?;
                        }
                        "case_insensitive" => parsed.case_insensitive = node.to_bool()?,
                        _ if parsed.common.take(key, node)? => {}
                        _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
                    }
                }
            }
            Value::Array(_) | Value::Null => {
                return Err(clause::unknown_token(Self::NAME, clause.field, clause.node));
            }
            _ => parsed.value = clause::text(clause.node)?,
        }
        if !found {
            return Err(Failure::illegal_argument("value cannot be null"));
        }
        Ok(parsed)
    }

    fn render(&self, out: &mut Render) {
        out.field_object(&self.field);
        out.field_str("value", &self.value);
        out.field_long("flags_value", i64::from(self.flags));
        if self.case_insensitive {
            out.field_bool("case_insensitive", true);
        }
        out.field_long(
            "max_determinized_states",
            i64::from(self.max_determinized_states),
        );
        self.common.render(out);
        out.end_object();
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        let limit = compiler.context().limits.max_regex_length;
        let length = self.value.encode_utf16().count();
        if length > limit {
            return Err(Failure::illegal_argument(format!(
                "The length of regex [{length}] used in the Regexp Query request has exceeded the allowed maximum of [{limit}]. This \
                 maximum can be set by changing the [index.max_regex_length] index level setting."
            )));
        }
        compiler.regexp(
            &self.field,
            |pattern| translated(pattern, self.flags),
            &self.value,
            self.case_insensitive,
            self.common.boost,
        )
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

fn flags(text: &str) -> Result<i32, Failure> {
    let mut bits = 0;
    for name in text.split('|') {
        let upper = name.trim().to_uppercase();
        let found = FLAGS.iter().find(|(known, _)| *known == upper);
        bits |= found
            .map(|(_, bits)| *bits)
            .ok_or_else(|| Failure::illegal_argument(format!("Unknown regexp flag [{name}]")))?;
    }
    Ok(bits)
}

/// An expression of Lucene's in the notation of the `regex` crate.
///
/// # Errors
/// Complements, intersections, intervals of numbers and the empty language, which that crate has not; a quote without end.
fn translated(pattern: &str, flags: i32) -> Result<String, Failure> {
    let is_on = |name: &str| {
        FLAGS
            .iter()
            .any(|(known, bit)| *known == name && flags & bit != 0)
    };
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut letters = pattern.chars();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        let refused = match letter {
            _ if in_class => None,
            '~' if is_on("COMPLEMENT") => Some("the complement operator [~]"),
            '&' if is_on("INTERSECTION") => Some("the intersection operator [&]"),
            '<' if is_on("INTERVAL") => Some("the interval operator [<>]"),
            '#' if is_on("EMPTY") => Some("the empty language [#]"),
            _ => None,
        };
        if let Some(what) = refused {
            return Err(Failure::illegal_argument(format!(
                "{what} is not supported in regular expressions; escape it or turn it off with [flags] to mean the character"
            )));
        }
        match letter {
            '\\' => match letters.next() {
                Some(class @ ('d' | 'D' | 'w' | 'W' | 's' | 'S')) => {
                    out.push('\\');
                    out.push(class);
                }
                Some(escaped) => literal(escaped, &mut out),
                None => return Err(Failure::illegal_argument("unexpected end-of-string")),
            },
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '-' | '^' if in_class => out.push(letter),
            _ if in_class => literal(letter, &mut out),
            '[' => {
                in_class = true;
                out.push('[');
            }
            '@' if is_on("ANYSTRING") => out.push_str("(?:.*)"),
            '"' => loop {
                match letters.next() {
                    Some('"') => break,
                    Some(quoted) => literal(quoted, &mut out),
                    None => {
                        return Err(Failure::illegal_argument(format!(
                            "expected '\"' at position {}",
                            pattern.chars().count()
                        )));
                    }
                }
            },
            '.' | '?' | '+' | '*' | '|' | '{' | '}' | '(' | ')' => out.push(letter),
            _ => literal(letter, &mut out),
        }
    }
    if in_class {
        return Err(Failure::illegal_argument("unexpected end-of-string"));
    }
    Ok(out)
}

/// A character that means itself.
fn literal(letter: char, out: &mut String) {
    out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
}

#[cfg(test)]
mod tests {
    use super::translated;

    #[test]
    fn expressions_of_lucene_mean_the_same() {
        for (pattern, term, fits) in [
            ("har.*", "harry", true),
            ("a^$b", "a^$b", true),
            ("a\\.b", "axb", false),
            ("[^a-c]x", "dx", true),
            ("[a&&b]", "&", true),
            ("\"a.b\"c?", "a.b", true),
            ("x@", "xyz", true),
            ("(ab|c){2}", "abc", true),
            ("\\d+", "12", true),
            ("a/b", "a/b", true),
        ] {
            let regex = format!("(?s)\\A(?:{})\\z", translated(pattern, 0xff).unwrap());
            assert_eq!(
                regex::Regex::new(&regex).unwrap().is_match(term),
                fits,
                "{pattern}"
            );
        }
        for pattern in ["~a", "a&b", "<1-5>", "#", "[a", "a\\", "\"a"] {
            translated(pattern, 0xff).unwrap_err();
        }
        assert_eq!(translated("~a&<#@", 0).unwrap(), "\\~a\\&<\\#@");
    }
}
