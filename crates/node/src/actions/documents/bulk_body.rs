//! The body of a bulk: an action line, and for all but deletes a source line, each ended by a newline.

use bytes::Bytes;
use glasswork_content::{Failure, Limits, Reader, Token};
use memchr::memchr;
use std::borrow::Cow;

use super::{BulkRequest, Operation, SourceFilter, Update, VersionType, WriteItem, WriteOptions};

/// What the path and the parameters of a bulk give to every item that does not say.
#[derive(Debug, Clone, Default)]
pub struct BulkDefaults {
    /// The index of the path.
    pub index: Option<String>,
    /// `routing`
    pub routing: Option<String>,
    /// `require_alias`
    pub require_alias: bool,
    /// `_source`, `_source_includes`, `_source_excludes`: for updates.
    pub source: Option<SourceFilter>,
}

/// The most items of a bulk.
const MAX_ITEMS: usize = 1_000_000;

/// Limits of an action line.
const LINE: Limits = Limits {
    depth: 3,
    bytes: 64 * 1024,
    tokens: 100,
    nodes: 100,
    string_bytes: 16 * 1024,
    number_length: 30,
};

impl BulkRequest {
    /// Reads the body. Sources stay slices of it; they are parsed when they are indexed, and one that can't be fails alone.
    ///
    /// # Errors
    /// 400 for the whole request, in OpenSearch's words: `Malformed action/metadata line [1], expected …` and the like.
    pub fn parse(
        body: &Bytes,
        defaults: &BulkDefaults,
        options: WriteOptions,
    ) -> Result<Self, Failure> {
        let mut items = Vec::new();
        let mut lines = Lines {
            body,
            at: 0,
            number: 0,
        };
        while let Some(line) = lines.next()? {
            if line.is_empty() {
                continue;
            }
            if items.len() == MAX_ITEMS {
                return Err(Failure::illegal_argument(format!(
                    "a bulk may have at most [{MAX_ITEMS}] items"
                )));
            }
            if let Some(action) = ActionLine::parse(&line, lines.number, defaults)? {
                items.push(action.with_source(&mut lines, defaults)?);
            }
        }
        Ok(Self { items, options })
    }
}

/// The lines of a body.
struct Lines<'a> {
    body: &'a Bytes,
    at: usize,
    /// Number of the line given last, from 1.
    number: usize,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.at >= self.body.len() {
            return Ok(None);
        }
        let Some(length) = memchr(b'\n', &self.body[self.at..]) else {
            return Err(Failure::illegal_argument(
                "The bulk request must be terminated by a newline [\\n]",
            ));
        };
        let mut line = self.body.slice(self.at..self.at + length);
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        self.at += length + 1;
        self.number += 1;
        Ok(Some(line))
    }
}

/// What an action line says.
struct ActionLine {
    kind: &'static str,
    item: WriteItem,
    retry_on_conflict: u32,
    source: Option<SourceFilter>,
}

impl ActionLine {
    /// Reads a line; none for an empty object, which is passed over.
    fn parse(line: &[u8], number: usize, defaults: &BulkDefaults) -> Result<Option<Self>, Failure> {
        let mut reader = Reader::new(line, &LINE);
        let malformed = |what: String| {
            Failure::illegal_argument(format!("Malformed action/metadata line [{number}], {what}"))
        };
        let first = reader.next()?;
        if first != Token::BeginObject {
            return Err(malformed(format!(
                "expected START_OBJECT but found [{}]",
                first.name()
            )));
        }
        let action = match reader.next()? {
            Token::Key(action) => action,
            // An object without anything is passed over, as the reference does.
            Token::EndObject => return Ok(None),
            other => {
                return Err(malformed(format!(
                    "expected FIELD_NAME but found [{}]",
                    other.name()
                )));
            }
        };
        let Some(kind) = ["index", "create", "delete", "update"]
            .into_iter()
            .find(|kind| *kind == action)
        else {
            return Err(malformed(format!(
                "expected one of [create, delete, index, update] but found [{action}]"
            )));
        };
        let item = WriteItem {
            routing: defaults.routing.clone(),
            require_alias: defaults.require_alias,
            ..WriteItem::new(
                defaults.index.clone().unwrap_or_default(),
                None,
                Operation::Delete,
            )
        };
        let mut line = Self {
            kind,
            item,
            retry_on_conflict: 0,
            source: defaults.source.clone(),
        };
        match reader.next()? {
            Token::BeginObject => line.parameters(&mut reader, number)?,
            Token::EndObject => {}
            other => {
                return Err(malformed(format!(
                    "expected START_OBJECT or END_OBJECT but found [{}]",
                    other.name()
                )));
            }
        }
        match reader.next()? {
            Token::EndObject => {}
            other => {
                return Err(malformed(format!(
                    "expected END_OBJECT but found [{}]",
                    other.name()
                )));
            }
        }
        match reader.next()? {
            Token::End => Ok(Some(line)),
            other => Err(malformed(format!(
                "expected END_OBJECT but found [{}]",
                other.name()
            ))),
        }
    }

    fn parameters(&mut self, reader: &mut Reader<'_>, number: usize) -> Result<(), Failure> {
        loop {
            let key = match reader.next()? {
                Token::Key(key) => key,
                Token::EndObject => return Ok(()),
                other => {
                    return Err(Failure::illegal_argument(format!(
                        "Malformed action/metadata line [{number}], expected a simple value for field [] but found [{}]",
                        other.name()
                    )));
                }
            };
            let token = reader.next()?;
            let value: Option<Cow<'_, str>> = match &token {
                Token::String(text) => Some(text.clone()),
                Token::Number(number) => Some(Cow::Borrowed(number.text())),
                Token::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
                Token::Null => None,
                Token::BeginObject if key == "_source" && self.kind == "update" => {
                    let node = reader.node_from(token)?;
                    self.source = Some(SourceFilter::parse(&node)?);
                    continue;
                }
                Token::BeginArray if key == "_source" && self.kind == "update" => {
                    let node = reader.node_from(token)?;
                    self.source = Some(SourceFilter::parse(&node)?);
                    continue;
                }
                other => {
                    return Err(Failure::illegal_argument(format!(
                        "Malformed action/metadata line [{number}], expected a simple value for field [{key}] but found [{}]",
                        other.name()
                    )));
                }
            };
            self.parameter(&key, value.as_deref(), number)?;
        }
    }

    fn parameter(&mut self, key: &str, value: Option<&str>, number: usize) -> Result<(), Failure> {
        let text = || value.map(str::to_owned);
        let count = |value: Option<&str>| {
            let text = value.unwrap_or_default();
            text.parse::<i64>()
                .map_err(|_| Failure::number_format(text))
        };
        let natural = |value: Option<&str>| {
            let count = count(value)?;
            u64::try_from(count).map(Some).map_err(|_| {
                Failure::illegal_argument(format!(
                    "sequence numbers must be non negative. got [{count}]."
                ))
            })
        };
        match key {
            "_index" => self.item.index = value.unwrap_or_default().to_owned(),
            "_id" => self.item.id = text(),
            "routing" | "_routing" => self.item.routing = text(),
            "version" | "_version" => self.item.version = Some(count(value)?),
            "version_type" | "_version_type" => {
                self.item.version_type = VersionType::parse(value.unwrap_or_default())?;
            }
            "if_seq_no" => self.item.if_seq_no = natural(value)?,
            "if_primary_term" => self.item.if_primary_term = natural(value)?,
            "retry_on_conflict" | "_retry_on_conflict" => {
                self.retry_on_conflict = u32::try_from(count(value)?).map_err(|_| {
                    Failure::illegal_argument("retry_on_conflict must not be negative")
                })?;
            }
            "require_alias" => {
                self.item.require_alias =
                    glasswork_content::json::parse_bool(value.unwrap_or("false"))?;
            }
            "op_type" if self.kind == "index" => match value {
                Some("create") => self.kind = "create",
                Some("index") | None => {}
                Some(other) => {
                    return Err(Failure::illegal_argument(format!(
                        "opType must be 'create' or 'index', found: [{other}]"
                    )));
                }
            },
            "pipeline" if value.is_none() || value == Some("_none") => {}
            "pipeline" => {
                let name = value.unwrap_or_default();
                return Err(Failure::illegal_argument(format!(
                    "pipeline with id [{name}] does not exist"
                )));
            }
            "_source" if self.kind == "update" => {
                self.source = SourceFilter::of_parameters(value, &[], &[]);
            }
            _ => {
                return Err(Failure::illegal_argument(format!(
                    "Action/metadata line [{number}] contains an unknown parameter [{key}]"
                )));
            }
        }
        Ok(())
    }

    /// Takes the source line that belongs to it.
    fn with_source(
        mut self,
        lines: &mut Lines<'_>,
        defaults: &BulkDefaults,
    ) -> Result<WriteItem, Failure> {
        if self.kind == "delete" {
            self.item.operation = Operation::Delete;
            return Ok(self.item);
        }
        let source = lines.next()?.ok_or_else(|| {
            // The body ends behind an action line.
            Failure::illegal_argument("The bulk request must be terminated by a newline [\\n]")
        })?;
        self.item.operation = match self.kind {
            "index" => Operation::Index(source),
            "create" => Operation::Create(source),
            _ => {
                let body = glasswork_content::parse(&source, &Limits::DEFAULT)?;
                let (mut update, seq_no, term) = Update::parse(&body)?;
                update.retry_on_conflict = self.retry_on_conflict;
                update.source = update
                    .source
                    .or(self.source)
                    .or_else(|| defaults.source.clone());
                self.item.if_seq_no = self.item.if_seq_no.or(seq_no);
                self.item.if_primary_term = self.item.if_primary_term.or(term);
                Operation::Update(Box::new(update))
            }
        };
        Ok(self.item)
    }
}
