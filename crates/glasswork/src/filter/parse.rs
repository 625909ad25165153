//! Reads a filter.

use super::term::{Compare, NumberField, Term, Test, TextField};
use crate::arguments::{bytes, duration};
use crate::view::State;

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    #[error(
        "`{0}` is no field; the fields are action, id, node, type, parent, opaque, user, desc, header.NAME, wait, state, cancellable, cancelled, root, age, cpu, mem"
    )]
    Field(String),
    #[error("`{0}` is compared with >, >=, <, <= or =, as in {0}>{1}")]
    NotCompared(&'static str, &'static str),
    #[error("`{0}` is compared with `:`, as in action:*search*")]
    Compared(String),
    #[error("`{0}` needs a value")]
    NoValue(String),
    #[error("`!` and `-` need a term")]
    NoTerm,
    #[error("a quote is not closed")]
    Quote,
    #[error("{0}")]
    Quantity(String),
    #[error("`{0}` is neither true nor false")]
    Flag(String),
    #[error("`{0}` is no state: running, waiting, cancelled or overdue")]
    State(String),
}

/// A word of a filter: quoted parts are free of special meaning.
struct Word {
    text: String,
    /// The first quoted byte: what stands before it may be field and sign.
    quoted_from: usize,
}

/// Reads the terms of a filter.
pub(super) fn terms(text: &str) -> Result<Vec<Term>, FilterError> {
    words(text)?.into_iter().map(term).collect()
}

fn words(text: &str) -> Result<Vec<Word>, FilterError> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quoted = false;
    for character in text.chars() {
        if character == '"' {
            quoted = !quoted;
            let word = word.get_or_insert_with(Word::new);
            word.quoted_from = word.quoted_from.min(word.text.len());
        } else if character.is_whitespace() && !quoted {
            words.extend(word.take());
        } else {
            word.get_or_insert_with(Word::new).text.push(character);
        }
    }
    if quoted {
        return Err(FilterError::Quote);
    }
    words.extend(word);
    Ok(words)
}

impl Word {
    fn new() -> Self {
        Self {
            text: String::new(),
            quoted_from: usize::MAX,
        }
    }
}

fn term(word: Word) -> Result<Term, FilterError> {
    let negated = word.quoted_from > 0 && word.text.starts_with(['!', '-']);
    let text = if negated { &word.text[1..] } else { &word.text };
    let free = word
        .quoted_from
        .saturating_sub(usize::from(negated))
        .min(text.len());
    if text.is_empty() {
        return Err(FilterError::NoTerm);
    }
    let test = match text[..free].find([':', '=', '<', '>']) {
        None => Test::Words(text.to_lowercase()),
        Some(at) => {
            let (field, rest) = text.split_at(at);
            test(field, rest)?
        }
    };
    Ok(Term { negated, test })
}

/// A test of a field; `rest` begins with the comparison.
fn test(field: &str, rest: &str) -> Result<Test, FilterError> {
    let (compare, value) = comparison(rest);
    if value.is_empty() {
        return Err(FilterError::NoValue(field.to_owned()));
    }
    let number = match field {
        "age" => Some((NumberField::Age, "age", "5s")),
        "cpu" => Some((NumberField::Cpu, "cpu", "5s")),
        "mem" | "memory" => Some((NumberField::Memory, "mem", "100mb")),
        _ => None,
    };
    if let Some((field, name, example)) = number {
        let compare = compare.ok_or(FilterError::NotCompared(name, example))?;
        let value = match field {
            NumberField::Memory => bytes(value).map_err(FilterError::Quantity)?.into(),
            _ => duration(value).map_err(FilterError::Quantity)?.as_nanos(),
        };
        return Ok(Test::Number(field, compare, value));
    }
    if !matches!(compare, None | Some(Compare::Equal)) {
        return Err(match TextField::named(field) {
            Some(_) => FilterError::Compared(field.to_owned()),
            None => FilterError::Field(field.to_owned()),
        });
    }
    let flag = || match value {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(FilterError::Flag(other.to_owned())),
    };
    match field {
        "cancellable" => Ok(Test::Cancellable(flag()?)),
        "cancelled" => Ok(Test::Cancelled(flag()?)),
        "root" => Ok(Test::Root(flag()?)),
        "state" => State::named(value)
            .map(Test::State)
            .ok_or_else(|| FilterError::State(value.to_owned())),
        _ => {
            let field =
                TextField::named(field).ok_or_else(|| FilterError::Field(field.to_owned()))?;
            let patterns = value.split(',').filter(|pattern| !pattern.is_empty());
            Ok(Test::Text(field, patterns.map(str::to_owned).collect()))
        }
    }
}

/// The comparison at the beginning, `None` for `:`, and what follows it.
fn comparison(rest: &str) -> (Option<Compare>, &str) {
    let signs = [
        (">=", Some(Compare::AtLeast)),
        ("<=", Some(Compare::AtMost)),
        (">", Some(Compare::More)),
        ("<", Some(Compare::Less)),
        ("=", Some(Compare::Equal)),
        (":", None),
    ];
    let found = signs
        .into_iter()
        .find_map(|(sign, compare)| Some((compare, rest.strip_prefix(sign)?)));
    found.expect("it begins with the sign that was found")
}
