//! Words of a script.

use crate::fault::Fault;
use glasswork_content::{Failure, Kind};

/// One word and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    pub kind: WordKind,
    /// First byte in the source.
    pub at: usize,
    /// The byte behind it.
    pub end: usize,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WordKind {
    /// A name or a keyword.
    Name,
    /// A whole number without suffix, in its base.
    Whole {
        digits: String,
        radix: u32,
        long: bool,
    },
    /// A number with a fraction, an exponent, or a suffix `f` or `d`.
    Fraction { digits: String, float: bool },
    /// A string, unescaped.
    Text(String),
    /// A sign such as `+=`.
    Sign(&'static str),
    /// The end of the script.
    End,
}

/// Signs, longer ones before their beginnings.
const SIGNS: &[&str] = &[
    ">>>=", "<<=", ">>=", ">>>", "===", "!==", "?.", "?:", "->", "::", "++", "--", "+=", "-=",
    "*=", "/=", "%=", "&=", "^=", "|=", "<<", ">>", "<=", ">=", "==", "!=", "=~", "&&", "||", "{",
    "}", "[", "]", "(", ")", ".", ",", ";", "!", "~", "*", "/", "%", "+", "-", "<", ">", "&", "^",
    "|", "?", ":", "=", "$", "@",
];

/// Cuts a script into words; the last one is [`WordKind::End`].
pub(crate) fn words(source: &str) -> Result<Vec<Word>, Fault> {
    let mut lexer = Lexer {
        source,
        at: 0,
        member: false,
    };
    let mut words = Vec::new();
    loop {
        let word = lexer.next()?;
        let done = word.kind == WordKind::End;
        words.push(word);
        if done {
            return Ok(words);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// The last word was a dot: `list.0.1` has no fraction in it.
    member: bool,
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Word, Fault> {
        self.skip_space()?;
        let at = self.at;
        let rest = &self.source[at..];
        let kind = match rest.chars().next() {
            None => WordKind::End,
            Some('\'' | '"') => self.text()?,
            Some(first) if first.is_ascii_digit() && self.member => {
                let end = rest
                    .find(|letter: char| !letter.is_ascii_digit())
                    .unwrap_or(rest.len());
                self.whole(at, at + end, 10)?
            }
            Some(first) if first.is_ascii_digit() => self.number()?,
            Some(first) if first == '_' || first.is_ascii_alphabetic() => {
                let end =
                    rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
                self.at += end.unwrap_or(rest.len());
                WordKind::Name
            }
            Some(first) => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    WordKind::Sign(sign)
                }
                None => return Err(unexpected(at, &first.to_string(), "")),
            },
        };
        self.member = matches!(kind, WordKind::Sign("." | "?."));
        Ok(Word {
            kind,
            at,
            end: self.at,
        })
    }

    fn skip_space(&mut self) -> Result<(), Fault> {
        loop {
            let rest = &self.source[self.at..];
            if rest.starts_with(|letter: char| letter.is_whitespace()) {
                self.at += rest.len() - rest.trim_start().len();
            } else if rest.starts_with("//") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let length = comment
                    .find("*/")
                    .ok_or_else(|| unexpected(self.at, rest, ""))?;
                self.at += length + 4;
            } else {
                return Ok(());
            }
        }
    }

    /// A string in single or double quotes, in which only `\\` and the quote can be escaped.
    fn text(&mut self) -> Result<WordKind, Fault> {
        let start = self.at;
        let rest = &self.source[start..];
        let mut letters = rest.char_indices();
        let quote = letters.next().map_or('\'', |(_, quote)| quote);
        let mut text = String::new();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some((_, escaped)) if escaped == '\\' || escaped == quote => text.push(escaped),
                    other => {
                        let end = other.map_or(rest.len(), |(at, letter)| at + letter.len_utf8());
                        let hint = format!(
                            " The only valid escape sequences in strings starting with [{quote}] are [\\\\] and [\\{quote}]."
                        );
                        return Err(unexpected(start, &rest[..end], &hint));
                    }
                },
                _ if letter == quote => {
                    self.at += at + letter.len_utf8();
                    return Ok(WordKind::Text(text));
                }
                _ => text.push(letter),
            }
        }
        Err(unexpected(start, rest, ""))
    }

    fn number(&mut self) -> Result<WordKind, Fault> {
        let start = self.at;
        let bytes = self.source.as_bytes();
        let digits = |from: usize| {
            from + bytes[from..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        if bytes[start] == b'0' && matches!(bytes.get(start + 1), Some(b'x' | b'X')) {
            let from = start + 2;
            let end = from
                + bytes[from..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_hexdigit())
                    .count();
            return self.whole(from, end, 16);
        }
        let mut end = digits(start);
        let mut fraction = false;
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1);
            fraction = true;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent_end = digits((end + 1 + sign).min(bytes.len()));
            if exponent_end > end + 1 + sign {
                end = exponent_end;
                fraction = true;
            }
        }
        let suffix = bytes.get(end).map(u8::to_ascii_lowercase);
        if fraction || matches!(suffix, Some(b'f' | b'd')) {
            let has_suffix = matches!(suffix, Some(b'f' | b'd'));
            self.at = end + usize::from(has_suffix);
            self.refuse_letters(start)?;
            let digits = self.source[start..end].to_owned();
            return Ok(WordKind::Fraction {
                digits,
                float: suffix == Some(b'f'),
            });
        }
        let octal = end - start > 1 && bytes[start] == b'0';
        if octal {
            self.whole(start + 1, end, 8)
        } else {
            self.whole(start, end, 10)
        }
    }

    fn whole(&mut self, from: usize, end: usize, radix: u32) -> Result<WordKind, Fault> {
        let long = matches!(self.source.as_bytes().get(end), Some(b'l' | b'L'));
        let start = self.at;
        self.at = end + usize::from(long);
        self.refuse_letters(start)?;
        Ok(WordKind::Whole {
            digits: self.source[from..end].to_owned(),
            radix,
            long,
        })
    }

    fn refuse_letters(&self, start: usize) -> Result<(), Fault> {
        let rest = &self.source[self.at..];
        if rest.starts_with(|letter: char| letter == '_' || letter.is_ascii_alphanumeric()) {
            return Err(unexpected(start, &self.source[start..=self.at], ""));
        }
        Ok(())
    }
}

#[cold]
fn unexpected(at: usize, text: &str, hint: &str) -> Fault {
    let shown: String = text.chars().take(100).flat_map(shown).collect();
    Fault::new(
        at,
        Failure::illegal_argument(format!("unexpected character [{shown}].{hint}"))
            .caused_by(Failure::without_reason(Kind::LexerNoViableAlt)),
    )
}

fn shown(letter: char) -> Vec<char> {
    match letter {
        '\n' => vec!['\\', 'n'],
        '\t' => vec!['\\', 't'],
        '\r' => vec!['\\', 'r'],
        _ => vec![letter],
    }
}
