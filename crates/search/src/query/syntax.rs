//! The syntax of query strings: `title:(war OR sea) AND year:>1860 -author:"Leo Tolstoy"~2^3`.
//!
//! A hand-written reader of the grammar of Lucene's classic query parser as OpenSearch uses it. What comes out is a tree
//! without meaning; `query_string` gives it one. Bounded in length and nesting.

use glasswork_content::Failure;

/// What a clause can begin with, in the words of Lucene's generated parser.
const OPERAND: &str = "<BAREOPER>\n\"(\"\n\"*\"\n<QUOTED>\n<TERM>\n<PREFIXTERM>\n<WILDTERM>\n<REGEXPTERM>\n\"[\"\n\"{\"\n<NUMBER>";
/// What can stand before a clause.
const MODIFIERS: &str = "<NOT>\n\"+\"\n\"-\"";
/// What can follow a clause.
const AFTER_CLAUSE: &str = "<AND>\n<OR>\n<NOT>\n\"+\"\n\"-\"\n<BAREOPER>\n\"(\"\n\")\"\n\"*\"\n\"^\"\n<QUOTED>\n<TERM>\n<FUZZY_SLOP>\n<PREFIXTERM>\n<WILDTERM>\n<REGEXPTERM>\n\"[\"\n\"{\"\n<NUMBER>";
/// What a range holds.
const RANGE: &str = "\"TO\"\n<RANGE_QUOTED>\n<RANGE_GOOP>\n\"]\"\n\"}\"";

/// Greatest nesting of parentheses.
const MAX_DEPTH: usize = 50;

/// A sequence of clauses.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Sequence(pub(super) Vec<Clause>);

/// One clause and what stands before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clause {
    pub(super) conjunction: Conjunction,
    pub(super) modifier: Modifier,
    pub(super) field: Option<String>,
    pub(super) boost: f32,
    pub(super) what: What,
}

/// The word between two clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conjunction {
    None,
    And,
    Or,
}

/// The sign before a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modifier {
    None,
    Required,
    Prohibited,
}

/// What a clause asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// Words that stand together.
    Words(Vec<String>),
    /// A quoted phrase.
    Phrase { text: String, slop: Option<u32> },
    /// A word that begins so.
    Prefix(String),
    /// A word of this pattern; characters that mean themselves are still escaped.
    Pattern(String),
    /// `*`: anything.
    Anything,
    /// `[a TO b]`, `{a TO b}`, `>a`
    Range {
        from: Option<String>,
        to: Option<String>,
        include_lower: bool,
        include_upper: bool,
    },
    /// A word with a number of typing mistakes.
    Fuzzy(String),
    /// A regular expression.
    Regex(String),
    /// `( … )`
    Group(Sequence),
}

/// Reads a query string.
///
/// # Errors
/// `parse_exception` `Cannot parse '…': …` caused by what was encountered where.
pub(super) fn parse(text: &str) -> Result<Sequence, Failure> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let sequence = reader.sequence(None).map_err(|reason| {
        let cause = Failure::parse(reason.clone());
        Failure::parse(format!("Cannot parse '{text}': {reason}")).caused_by(cause)
    })?;
    Ok(sequence)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Read<T> = Result<T, String>;

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn blanks(&mut self) {
        while self
            .peek()
            .is_some_and(|character| character.is_whitespace() || character == '\u{3000}')
        {
            self.next();
        }
    }

    /// Takes a word such as `AND` when it stands alone.
    fn keyword(&mut self, words: &[&str]) -> bool {
        let rest = &self.text[self.at..];
        for word in words {
            if let Some(after) = rest.strip_prefix(word) {
                let symbol = !word.chars().all(char::is_alphabetic);
                if symbol || after.chars().next().is_none_or(|next| !is_word(next)) {
                    self.at += word.len();
                    return true;
                }
            }
        }
        false
    }

    /// What stands here although something else should.
    fn encountered(&self, expected: &[&str]) -> String {
        let column = self.text[..self.at].chars().count();
        let rest = &self.text[self.at..];
        let word = ["AND", "OR", "NOT"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        let what = match (word, self.peek()) {
            (Some(word), _) => format!("\" <{word}> \"{word} \"\""),
            (None, None) => "\"<EOF>\"".to_owned(),
            (None, Some(character)) => format!("\" \"{character}\" \"{character} \"\""),
        };
        let mut text =
            format!("Encountered {what} at line 1, column {column}.\nWas expecting one of:\n    ");
        for token in expected.iter().copied().flat_map(str::lines) {
            text.push_str(token);
            text.push_str(" ...\n    ");
        }
        text
    }

    fn sequence(&mut self, closing: Option<char>) -> Read<Sequence> {
        let mut clauses: Vec<Clause> = Vec::new();
        loop {
            self.blanks();
            if self.peek() == closing {
                if closing.is_some() {
                    self.next();
                }
                if clauses.is_empty() {
                    return Err(self.encountered(&[MODIFIERS, OPERAND, "<TERM>"]));
                }
                return Ok(Sequence(clauses));
            }
            if self.peek().is_none() {
                return Err(self.encountered(&[AFTER_CLAUSE]));
            }
            let before = self.at;
            let conjunction = self.conjunction();
            if conjunction != Conjunction::None && clauses.is_empty() {
                self.at = before;
                return Err(self.encountered(&[MODIFIERS, OPERAND, "<TERM>"]));
            }
            self.blanks();
            let modifier = self.modifier();
            self.blanks();
            let clause = self.clause(conjunction, modifier)?;
            join(&mut clauses, clause);
        }
    }

    fn conjunction(&mut self) -> Conjunction {
        if self.keyword(&["AND", "&&"]) {
            Conjunction::And
        } else if self.keyword(&["OR", "||"]) {
            Conjunction::Or
        } else {
            Conjunction::None
        }
    }

    fn modifier(&mut self) -> Modifier {
        if self.take('+') {
            Modifier::Required
        } else if self.take('-') || self.take('!') || self.keyword(&["NOT"]) {
            Modifier::Prohibited
        } else {
            Modifier::None
        }
    }

    fn clause(&mut self, conjunction: Conjunction, modifier: Modifier) -> Read<Clause> {
        let field = self.field()?;
        let (what, field) = match self.peek() {
            Some('(') => {
                self.next();
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(format!("more than {MAX_DEPTH} nested parentheses"));
                }
                let group = self.sequence(Some(')'))?;
                self.depth -= 1;
                (What::Group(group), field)
            }
            Some('"') => {
                self.next();
                let text = self.quoted()?;
                let slop = if self.take('~') {
                    self.number().map(|slop| slop.max(0.0) as u32)
                } else {
                    None
                };
                (What::Phrase { text, slop }, field)
            }
            Some('[' | '{') => (self.range()?, field),
            Some('/') => (self.regex()?, field),
            _ => (self.word()?, field),
        };
        let boost = if self.take('^') {
            self.number().ok_or_else(|| self.encountered(&[OPERAND]))?
        } else {
            1.0
        };
        Ok(Clause {
            conjunction,
            modifier,
            field,
            boost,
            what,
        })
    }

    /// `name:` before what is asked of it.
    fn field(&mut self) -> Read<Option<String>> {
        let start = self.at;
        let mut name = String::new();
        while let Some(character) = self.peek() {
            match character {
                '\\' => {
                    self.next();
                    name.extend(self.next());
                }
                ':' if !name.is_empty() => {
                    self.next();
                    self.blanks();
                    return Ok(Some(name));
                }
                other if is_word(other) || matches!(other, '*' | '?' | '-' | '+') => {
                    name.push(other);
                    self.next();
                }
                _ => break,
            }
        }
        self.at = start;
        Ok(None)
    }

    fn quoted(&mut self) -> Read<String> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(self.encountered(&[OPERAND])),
                Some('"') => return Ok(text),
                Some('\\') => text.extend(self.next()),
                Some(other) => text.push(other),
            }
        }
    }

    fn regex(&mut self) -> Read<What> {
        self.next();
        let mut pattern = String::new();
        loop {
            match self.next() {
                None => return Err(self.encountered(&[OPERAND])),
                Some('/') => return Ok(What::Regex(pattern)),
                Some('\\') => {
                    pattern.push('\\');
                    pattern.extend(self.next());
                }
                Some(other) => pattern.push(other),
            }
        }
    }

    fn range(&mut self) -> Read<What> {
        let include_lower = self.next() == Some('[');
        self.blanks();
        let from = self.bound()?;
        self.blanks();
        if !self.keyword(&["TO"]) {
            return Err(self.encountered(&[RANGE]));
        }
        self.blanks();
        let to = self.bound()?;
        self.blanks();
        let include_upper = match self.next() {
            Some(']') => true,
            Some('}') => false,
            _ => return Err(self.encountered(&[RANGE])),
        };
        Ok(What::Range {
            from,
            to,
            include_lower,
            include_upper,
        })
    }

    fn bound(&mut self) -> Read<Option<String>> {
        if self.take('"') {
            return self.quoted().map(Some);
        }
        let mut text = String::new();
        while let Some(character) = self.peek() {
            match character {
                ']' | '}' => break,
                other if other.is_whitespace() => break,
                '\\' => {
                    self.next();
                    text.extend(self.next());
                }
                other => {
                    text.push(other);
                    self.next();
                }
            }
        }
        match text.as_str() {
            "" => Err(self.encountered(&[RANGE])),
            "*" => Ok(None),
            _ => Ok(Some(text)),
        }
    }

    /// A word, with what its signs make of it.
    fn word(&mut self) -> Read<What> {
        let (mut plain, mut escaped) = (String::new(), String::new());
        let (mut stars, mut questions, mut star_last) = (0, 0, false);
        while let Some(character) = self.peek() {
            match character {
                '\\' => {
                    self.next();
                    let literal = self.next().ok_or_else(|| self.encountered(&[OPERAND]))?;
                    plain.push(literal);
                    escaped.push('\\');
                    escaped.push(literal);
                    star_last = false;
                }
                '*' | '?' => {
                    stars += usize::from(character == '*');
                    questions += usize::from(character == '?');
                    star_last = character == '*';
                    plain.push(character);
                    escaped.push(character);
                    self.next();
                }
                '+' | '-' | '=' | '<' | '>' | '/' | '&' | '|' | '!'
                    if !plain.is_empty() || matches!(character, '<' | '>' | '=') =>
                {
                    plain.push(character);
                    escaped.push(character);
                    star_last = false;
                    self.next();
                }
                other if is_word(other) => {
                    plain.push(other);
                    escaped.push(other);
                    star_last = false;
                    self.next();
                }
                _ => break,
            }
        }
        if plain.is_empty() {
            return Err(self.encountered(&[OPERAND]));
        }
        if self.take('~') {
            self.number();
            return Ok(What::Fuzzy(plain));
        }
        if let Some(range) = one_sided(&plain) {
            return Ok(range);
        }
        Ok(match (stars, questions) {
            (0, 0) => What::Words(vec![plain]),
            (1, 0) if plain == "*" => What::Anything,
            (1, 0) if star_last => {
                plain.pop();
                What::Prefix(plain)
            }
            _ => What::Pattern(escaped),
        })
    }

    fn number(&mut self) -> Option<f32> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|character| character.is_ascii_digit() || character == '.')
        {
            self.next();
        }
        self.text[start..self.at].parse().ok()
    }
}

/// `>a`, `>=a`, `<a`, `<=a`
fn one_sided(word: &str) -> Option<What> {
    let range = |from: Option<&str>, to: Option<&str>, include_lower, include_upper| What::Range {
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        include_lower,
        include_upper,
    };
    if let Some(bound) = word.strip_prefix(">=").filter(|bound| !bound.is_empty()) {
        return Some(range(Some(bound), None, true, true));
    }
    if let Some(bound) = word.strip_prefix('>').filter(|bound| !bound.is_empty()) {
        return Some(range(Some(bound), None, false, true));
    }
    if let Some(bound) = word.strip_prefix("<=").filter(|bound| !bound.is_empty()) {
        return Some(range(None, Some(bound), true, true));
    }
    if let Some(bound) = word.strip_prefix('<').filter(|bound| !bound.is_empty()) {
        return Some(range(None, Some(bound), true, false));
    }
    None
}

fn is_word(character: char) -> bool {
    !character.is_whitespace()
        && !matches!(
            character,
            '+' | '-'
                | '!'
                | '('
                | ')'
                | ':'
                | '^'
                | '['
                | ']'
                | '"'
                | '{'
                | '}'
                | '~'
                | '*'
                | '?'
                | '\\'
                | '/'
                | '\u{3000}'
        )
}

/// Adds a clause; words that follow each other without a sign between them are one clause, analysed together.
fn join(clauses: &mut Vec<Clause>, clause: Clause) {
    let plain = |clause: &Clause| {
        clause.modifier == Modifier::None
            && clause.field.is_none()
            && clause.boost == 1.0
            && matches!(clause.what, What::Words(_))
    };
    if clause.conjunction == Conjunction::None
        && plain(&clause)
        && let Some(last) = clauses.last_mut()
        && plain(last)
        && last.conjunction == Conjunction::None
        && let (What::Words(words), What::Words(more)) = (&mut last.what, &clause.what)
    {
        words.extend(more.iter().cloned());
        return;
    }
    clauses.push(clause);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Clause {
        let Sequence(mut clauses) = parse(text).unwrap();
        assert_eq!(clauses.len(), 1, "{text}");
        clauses.remove(0)
    }

    #[test]
    fn words_fields_and_signs_are_told_apart() {
        assert_eq!(
            only("war peace").what,
            What::Words(vec!["war".into(), "peace".into()])
        );
        assert_eq!(only("title:war^2").boost, 2.0);
        assert_eq!(only("year:>1860").what, only("year:{1860 TO *]").what);
        assert_eq!(only("wa*").what, What::Prefix("wa".into()));
        assert_eq!(only("w?r").what, What::Pattern("w?r".into()));
        assert_eq!(
            only("\"a b\"~2").what,
            What::Phrase {
                text: "a b".into(),
                slop: Some(2)
            }
        );
        assert_eq!(only("a\\:b").what, What::Words(vec!["a:b".into()]));
        assert_eq!(only("*:*").field.as_deref(), Some("*"));
        assert_eq!(only("a-b").what, What::Words(vec!["a-b".into()]));
        let Sequence(clauses) = parse("a AND -b OR (c d)").unwrap();
        assert_eq!(clauses[1].conjunction, Conjunction::And);
        assert_eq!(clauses[1].modifier, Modifier::Prohibited);
        assert!(matches!(clauses[2].what, What::Group(_)));
    }

    #[test]
    fn what_is_broken_is_said_with_its_place() {
        let failure = parse("title:(war").unwrap_err();
        assert!(failure.reason().starts_with(
            "Cannot parse 'title:(war': Encountered \"<EOF>\" at line 1, column 10.\nWas"
        ));
        for broken in ["(", ")", "a AND", "[a b]", "\"a", "", "AND a", "a^x"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
    }
}
