//! Trees out of tokens: a whole body, or one value of it.

use super::node::Entry;
use super::{Limits, Node, Object, Position, Reader, Token, Value};
use crate::Failure;

/// Reads one JSON value that must be the whole input.
///
/// # Errors
/// As [`Reader::next`](super::Reader::next); `parse_exception` for an empty input; `parsing_exception` when something
/// follows the value.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Node, Failure> {
    let mut reader = Reader::new(bytes, limits);
    let first = reader.next()?;
    if first == Token::End {
        return Err(Failure::parse("request body is required"));
    }
    let node = reader.node_from(first)?;
    let rest = reader.next()?;
    if rest != Token::End {
        let name = token_name(&rest);
        return Err(Failure::parsing(
            format!("Unexpected token [{name}] found after the main object."),
            reader.position(),
        ));
    }
    Ok(node)
}

/// A container that is being filled.
enum Open {
    Array {
        at: Position,
        elements: Vec<Node>,
    },
    Object {
        at: Position,
        object: Object,
        name: String,
        name_at: Position,
    },
}

impl<'a> Reader<'a> {
    /// Builds a tree of the next value.
    ///
    /// # Errors
    /// As [`Reader::next`]; `parse_exception` when no value comes next.
    pub fn node(&mut self) -> Result<Node, Failure> {
        let first = self.next()?;
        self.node_from(first)
    }

    /// Builds a tree of the value that began with `first`, the token that was read last.
    ///
    /// # Errors
    /// As [`Reader::next`]; `parse_exception` when `first` does not begin a value.
    pub fn node_from(&mut self, first: Token<'a>) -> Result<Node, Failure> {
        let mut open: Vec<Open> = Vec::new();
        let mut token = first;
        let mut nodes_left = self.limits().nodes;
        loop {
            let at = self.position();
            if !matches!(token, Token::Key(_) | Token::EndObject | Token::EndArray) {
                nodes_left = nodes_left
                    .checked_sub(1)
                    .ok_or_else(|| self.too_many_nodes())?;
            }
            let done = match token {
                Token::BeginObject => {
                    open.push(Open::Object {
                        at,
                        object: Object::new(),
                        name: String::new(),
                        name_at: at,
                    });
                    None
                }
                Token::BeginArray => {
                    open.push(Open::Array {
                        at,
                        elements: Vec::new(),
                    });
                    None
                }
                Token::Key(key) => {
                    if let Some(Open::Object { name, name_at, .. }) = open.last_mut() {
                        *name = key.into_owned();
                        *name_at = at;
                    }
                    None
                }
                Token::EndObject | Token::EndArray => open.pop().map(Open::closed),
                Token::String(text) => Some(Node {
                    value: Value::String(text.into_owned()),
                    at,
                }),
                Token::Bool(flag) => Some(Node {
                    value: Value::Bool(flag),
                    at,
                }),
                Token::Null => Some(Node {
                    value: Value::Null,
                    at,
                }),
                Token::Number(number) => Some(Node {
                    value: number_value(number),
                    at,
                }),
                Token::End => None,
            };
            if let Some(node) = done {
                match open.last_mut() {
                    None => return Ok(node),
                    Some(container) => container.add(node),
                }
            } else if open.is_empty() {
                return Err(Failure::parse(format!("a value was expected at [{at}]")));
            }
            token = self.next()?;
        }
    }
}

impl Open {
    fn closed(self) -> Node {
        match self {
            Open::Array { at, elements } => Node {
                value: Value::Array(elements),
                at,
            },
            Open::Object { at, object, .. } => Node {
                value: Value::Object(object),
                at,
            },
        }
    }

    fn add(&mut self, node: Node) {
        match self {
            Open::Array { elements, .. } => elements.push(node),
            Open::Object {
                object,
                name,
                name_at,
                ..
            } => {
                object.push(Entry {
                    key: std::mem::take(name),
                    at: *name_at,
                    node,
                });
            }
        }
    }
}

fn number_value(number: super::Number<'_>) -> Value {
    if number.is_fraction() {
        return Value::Double(number.as_f64());
    }
    if let Some(long) = number.as_i64() {
        return Value::Long(long);
    }
    match number.as_u64() {
        Some(unsigned) => Value::Unsigned(unsigned),
        None => Value::Big(number.text().to_owned()),
    }
}

/// What upstream calls a token in its messages.
pub(crate) fn token_name(token: &Token<'_>) -> &'static str {
    match token {
        Token::BeginObject => "START_OBJECT",
        Token::EndObject => "END_OBJECT",
        Token::BeginArray => "START_ARRAY",
        Token::EndArray => "END_ARRAY",
        Token::Key(_) => "FIELD_NAME",
        Token::String(_) => "VALUE_STRING",
        Token::Number(_) => "VALUE_NUMBER",
        Token::Bool(_) => "VALUE_BOOLEAN",
        Token::Null => "VALUE_NULL",
        Token::End => "END",
    }
}

impl Token<'_> {
    /// What OpenSearch calls this token in its messages: `START_OBJECT`, `FIELD_NAME`, `VALUE_STRING`, …
    pub fn name(&self) -> &'static str {
        token_name(self)
    }
}
