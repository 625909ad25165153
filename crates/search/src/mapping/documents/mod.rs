//! Documents as the mapping types them: one pass over the bytes, no tree.
//!
//! A known field costs a look-up by its name and a conversion; text is cut into tokens on the spot. Only a document that
//! brings unknown fields takes the slow path: what dynamic mapping makes of them is merged in memory and the document is
//! read again, so that a value that doesn't fit is found before the mapping of the index is changed.

mod unknown;
mod values;

use super::limits::IndexLimits;
use super::object::{Child, Dynamic, ObjectType};
use super::tree::Mapping;
use glasswork_content::{Failure, Kind as FailureKind, Limits, Reader, Token};
use glasswork_engine::{FieldNumber, FieldValue, Tokens, TypedDocument};

/// A document, typed.
#[derive(Debug)]
pub struct Parsed {
    /// What goes to the engine. Not to be used when there are `additions`.
    pub document: TypedDocument,
    /// What dynamic mapping adds for fields that the mapping doesn't know. The caller merges it durably into the index's
    /// mapping and parses the document again with the result; `document` has the field numbers of no durable mapping.
    pub additions: Option<Mapping>,
}

/// Rounds of dynamic mapping for one document; each adds at least one field.
const MAX_ROUNDS: usize = 4;

/// Types a document.
///
/// # Errors
/// 400 `mapper_parsing_exception`, `strict_dynamic_mapping_exception` or `illegal_argument_exception` in OpenSearch's words.
pub fn parse(
    mapping: &Mapping,
    id: &str,
    source: &[u8],
    limits: &IndexLimits,
) -> Result<Parsed, Failure> {
    let first = Parser::new(mapping, id, source, limits).run()?;
    let Some(additions) = first.additions else {
        return Ok(Parsed {
            document: first.document,
            additions: None,
        });
    };
    let mut all = Mapping::of_additions(additions, mapping);
    for _ in 0..MAX_ROUNDS {
        let merged = mapping.merge(&all, limits)?;
        let again = Parser::new(&merged, id, source, limits).run()?;
        match again.additions {
            None => {
                return Ok(Parsed {
                    document: again.document,
                    additions: Some(all),
                });
            }
            // A copy target may show up only now.
            Some(more) => all = all.merge(&Mapping::of_additions(more, mapping), limits)?,
        }
    }
    Err(Failure::mapper_parsing(
        "dynamic mapping of the document does not come to an end",
    ))
}

struct Outcome {
    document: TypedDocument,
    additions: Option<ObjectType>,
}

struct Parser<'a> {
    mapping: &'a Mapping,
    limits: &'a IndexLimits,
    id: &'a str,
    source: &'a [u8],
    reader: Reader<'a>,
    document: TypedDocument,
    texts: Vec<(FieldNumber, Tokens)>,
    additions: Option<ObjectType>,
}

/// The object that the parser is in.
#[derive(Clone)]
struct Place<'m> {
    /// `None` for an object that the mapping doesn't know (yet).
    object: Option<&'m ObjectType>,
    path: String,
    dynamic: Dynamic,
}

impl<'a> Parser<'a> {
    fn new(mapping: &'a Mapping, id: &'a str, source: &'a [u8], limits: &'a IndexLimits) -> Self {
        Self {
            mapping,
            limits,
            id,
            source,
            reader: Reader::new(source, &Limits::DEFAULT),
            document: TypedDocument::with_capacity(mapping.field_count().min(32)),
            texts: Vec::new(),
            additions: None,
        }
    }

    fn run(mut self) -> Result<Outcome, Failure> {
        self.whole().map_err(wrap)?;
        for (number, tokens) in self.texts {
            if !tokens.is_empty() {
                self.document.push(number, FieldValue::Text(tokens));
            }
        }
        Ok(Outcome {
            document: self.document,
            additions: self.additions,
        })
    }

    fn whole(&mut self) -> Result<(), Failure> {
        if self
            .source
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .is_none_or(|byte| *byte != b'{')
        {
            return Err(not_a_document(self.source));
        }
        let root = &self.mapping.root;
        self.reader.next()?;
        if root.enabled {
            let place = Place {
                object: Some(root),
                path: String::new(),
                dynamic: root.dynamic.unwrap_or(Dynamic::True),
            };
            self.object(&place)?;
        } else {
            self.skip_object()?;
        }
        match self.reader.next()? {
            Token::End => Ok(()),
            _ => Err(Failure::illegal_argument(
                "Malformed content, found extra data after parsing: FIELD_NAME",
            )),
        }
    }

    /// Reads to the end of the object that is open.
    fn skip_object(&mut self) -> Result<(), Failure> {
        while let Token::Key(_) = self.reader.next()? {
            self.reader.skip_value()?;
        }
        Ok(())
    }

    // As deep as the reader lets a document be.
    fn object(&mut self, place: &Place<'a>) -> Result<(), Failure> {
        while let Token::Key(name) = self.reader.next()? {
            let known = place.object.and_then(|object| object.children.get(&*name));
            match known {
                Some(child) => self.known(place, child, &name)?,
                None => self.unknown_name(place, &name)?,
            }
        }
        Ok(())
    }

    fn known(&mut self, place: &Place<'a>, child: &'a Child, name: &str) -> Result<(), Failure> {
        match child {
            Child::Field(field) => {
                let token = self.reader.next()?;
                self.field(field, token)
            }
            Child::Object(object) => {
                let dynamic = object.dynamic.unwrap_or(place.dynamic);
                self.objects(
                    &Place {
                        object: Some(object),
                        path: object.path.to_string(),
                        dynamic,
                    },
                    name,
                )
            }
            Child::Alias(_) => Err(Failure::illegal_argument(format!(
                "Cannot write to a field alias [{}].",
                join(&place.path, name)
            ))),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// What is wrong with the document as a whole is the cause of `failed to parse`; what a mapper says stands for itself.
fn wrap(failure: Failure) -> Failure {
    let stands = matches!(
        failure.kind,
        FailureKind::MapperParsing | FailureKind::StrictDynamicMapping
    ) || failure
        .cause
        .as_ref()
        .is_some_and(|cause| cause.kind == FailureKind::MaxBytesLengthExceeded);
    if stands {
        return failure;
    }
    // Upstream wraps what its parser says into another exception of the same name.
    let cause = match failure.kind {
        FailureKind::JsonParse | FailureKind::UnexpectedEndOfInput if failure.cause.is_none() => {
            failure.clone().caused_by(failure)
        }
        _ => failure,
    };
    Failure::mapper_parsing("failed to parse").caused_by(cause)
}

fn not_a_document(source: &[u8]) -> Failure {
    if source.iter().all(u8::is_ascii_whitespace) {
        return Failure::mapper_parsing("failed to parse, document is empty");
    }
    Failure::new(
        FailureKind::NotXContent,
        "Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes",
    )
}
