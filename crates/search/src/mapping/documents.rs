//! Documents as the mapping types them: one pass over the bytes, no tree.
//!
//! A known field costs a look-up by its name and a conversion; text is cut into tokens on the spot. Only a document that
//! brings unknown fields takes the slow path: what dynamic mapping makes of them is merged in memory and the document is
//! read again, so that a value that doesn't fit is found before the mapping of the index is changed.

use super::dynamic;
use super::field_type::{FieldType, Kind};
use super::limits::IndexLimits;
use super::object::{Child, Dynamic, ObjectType};
use super::preview::java_text;
use super::tree::Mapping;
use super::types::{LONGEST_TERM, Scalar, immense_term};
use glasswork_content::{Failure, Kind as FailureKind, Limits, Reader, Token};
use glasswork_engine::{FieldNumber, FieldValue, Tokens, TypedDocument};
use std::sync::Arc;

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

    /// A name that is no child as it stands: a path with dots, or unknown.
    fn unknown_name(&mut self, place: &Place<'a>, name: &str) -> Result<(), Failure> {
        check_name(name)?;
        let mut place = place.clone();
        let mut rest = name;
        while let Some((part, after)) = rest.split_once('.') {
            let child = place.object.and_then(|object| object.children.get(part));
            place = match child {
                Some(Child::Object(object)) if !object.enabled => return self.reader.skip_value(),
                Some(Child::Object(object)) => Place {
                    object: Some(object),
                    path: object.path.to_string(),
                    dynamic: object.dynamic.unwrap_or(place.dynamic),
                },
                Some(other) => {
                    let path = join(&place.path, part);
                    let kind = match other {
                        Child::Field(field) => field.type_name(),
                        _ => "alias",
                    };
                    return Err(Failure::mapper_parsing(format!(
                        "Could not dynamically add mapping for field [{name}]. Existing mapping for [{path}] must be of type object but found [{kind}]."
                    )));
                }
                None => match self.new_object(&place, part)? {
                    Some(next) => next,
                    None => return self.reader.skip_value(),
                },
            };
            rest = after;
        }
        match place.object.and_then(|object| object.children.get(rest)) {
            Some(child) => self.known(&place, child, rest),
            None => self.unknown(&place, rest),
        }
    }

    /// A value whose field the mapping doesn't know.
    fn unknown(&mut self, place: &Place<'a>, name: &str) -> Result<(), Failure> {
        let token = self.reader.next()?;
        if place.dynamic == Dynamic::Strict {
            return Err(strict(place, name));
        }
        match token {
            Token::BeginObject => {
                if place.dynamic == Dynamic::False {
                    return self.skip_object();
                }
                match self.new_object(place, name)? {
                    Some(inner) => self.object(&inner),
                    None => self.skip_object(),
                }
            }
            Token::BeginArray => self.unknown_array(place, name),
            scalar => self.unknown_scalar(place, name, &scalar),
        }
    }

    fn unknown_array(&mut self, place: &Place<'a>, name: &str) -> Result<(), Failure> {
        let mut open = 1usize;
        while open > 0 {
            match self.reader.next()? {
                Token::BeginArray => open += 1,
                Token::EndArray => open -= 1,
                Token::BeginObject if place.dynamic == Dynamic::False => self.skip_object()?,
                Token::BeginObject => match self.new_object(place, name)? {
                    Some(inner) => self.object(&inner)?,
                    None => self.skip_object()?,
                },
                scalar => self.unknown_scalar(place, name, &scalar)?,
            }
        }
        Ok(())
    }

    fn unknown_scalar(
        &mut self,
        place: &Place<'a>,
        name: &str,
        token: &Token<'_>,
    ) -> Result<(), Failure> {
        let Some(scalar) = scalar(token) else {
            return Ok(());
        };
        let path = join(&place.path, name);
        self.unknown_value(place, name, &path, &scalar)
    }

    fn unknown_value(
        &mut self,
        place: &Place<'a>,
        name: &str,
        path: &str,
        scalar: &Scalar<'_>,
    ) -> Result<(), Failure> {
        if place.dynamic == Dynamic::False || self.is_added(path) {
            return Ok(());
        }
        let templates_only = place.dynamic != Dynamic::True;
        match dynamic::child_for(self.mapping, path, scalar, templates_only)? {
            Some(child) => {
                self.add(path, child);
                Ok(())
            }
            None if place.dynamic == Dynamic::StrictAllowTemplates => Err(strict(place, name)),
            None => Ok(()),
        }
    }

    /// The place of an object that the mapping doesn't know; `None` when it is to be passed over.
    fn new_object(&mut self, place: &Place<'a>, name: &str) -> Result<Option<Place<'a>>, Failure> {
        match place.dynamic {
            Dynamic::Strict => return Err(strict(place, name)),
            Dynamic::False => return Ok(None),
            _ => {}
        }
        let path = join(&place.path, name);
        let templates_only = place.dynamic != Dynamic::True;
        let mut dynamic = place.dynamic;
        if !self.is_added(&path) {
            match dynamic::object_for(self.mapping, &path, templates_only)? {
                Some(child) => {
                    if let Child::Object(object) = &child {
                        dynamic = object.dynamic.unwrap_or(dynamic);
                    }
                    let is_object = matches!(&child, Child::Object(object) if object.enabled);
                    self.add(&path, child);
                    if !is_object {
                        return Ok(None);
                    }
                }
                None if place.dynamic == Dynamic::StrictAllowTemplates => {
                    return Err(strict(place, name));
                }
                None => return Ok(None),
            }
        }
        Ok(Some(Place {
            object: None,
            path,
            dynamic,
        }))
    }

    fn is_added(&self, path: &str) -> bool {
        self.additions
            .as_ref()
            .is_some_and(|additions| additions.child(path).is_some())
    }

    fn add(&mut self, path: &str, child: Child) {
        let mut object = self.additions.get_or_insert_with(ObjectType::root);
        let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
        for part in parents.split('.').filter(|part| !part.is_empty()) {
            let path = object.path_of(part);
            match object
                .children
                .entry(part.into())
                .or_insert_with(|| Child::Object(ObjectType::new(&path)))
            {
                Child::Object(next) => object = next,
                // The same name came as a value before; reading again with both refuses the document.
                _ => return,
            }
        }
        object.children.entry(name.into()).or_insert(child);
    }

    /// The value of an object that the mapping knows: one, many, or null.
    fn objects(&mut self, place: &Place<'a>, name: &str) -> Result<(), Failure> {
        let enabled = place.object.is_none_or(|object| object.enabled);
        if !enabled {
            return self.reader.skip_value();
        }
        let mut open = 0usize;
        loop {
            match self.reader.next()? {
                Token::BeginObject => self.object(place)?,
                Token::BeginArray => open += 1,
                Token::EndArray => open -= 1,
                Token::Null => {}
                _ => {
                    let name = if open > 0 { "null" } else { name };
                    return Err(Failure::mapper_parsing(format!(
                        "object mapping for [{}] tried to parse field [{name}] as object, but found a concrete value",
                        place.path
                    )));
                }
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// The value of a field: one, many (nested arrays are flat), or null.
    fn field(&mut self, field: &'a FieldType, first: Token<'a>) -> Result<(), Failure> {
        let mut token = first;
        let mut open = 0usize;
        loop {
            match token {
                Token::BeginArray => open += 1,
                Token::EndArray => open -= 1,
                Token::Null => self.null(field),
                Token::BeginObject => self.object_in_field(field)?,
                other => {
                    if let Some(scalar) = scalar(&other) {
                        self.value(field, &scalar)?;
                    }
                }
            }
            if open == 0 {
                return Ok(());
            }
            token = self.reader.next()?;
        }
    }

    fn null(&mut self, field: &FieldType) {
        for field in std::iter::once(field).chain(field.fields.iter().map(|sub| &**sub)) {
            if let (Some(number), Some(value)) = (field.number, &field.null_value) {
                self.document.push(number, value.clone());
            }
        }
    }

    /// An object where a field of values is mapped.
    fn object_in_field(&mut self, field: &FieldType) -> Result<(), Failure> {
        let at = self.reader.position();
        let begin = self.reader.offset();
        self.skip_object()?;
        let source = self
            .source
            .get(begin..self.reader.end_offset())
            .unwrap_or_default();
        if self.limits.ignore_malformed {
            return Ok(());
        }
        let cause = match field.kind {
            kind if kind.is_number() => Failure::new(
                FailureKind::JsonParse,
                "Current token (START_OBJECT) not numeric, can not use numeric value accessors",
            ),
            Kind::Boolean => Failure::new(
                FailureKind::JsonParse,
                "Current token (START_OBJECT) not of boolean type",
            ),
            _ => Failure::illegal_state(format!(
                "Can't get text on a START_OBJECT at {}:{}",
                at.line, at.column
            )),
        };
        let preview = glasswork_content::parse(source, &Limits::DEFAULT)
            .map_or_else(|_| String::new(), |node| java_text(&node));
        Err(self.bad_value(field, &preview, cause))
    }

    fn value(&mut self, field: &FieldType, scalar: &Scalar<'_>) -> Result<(), Failure> {
        self.index(field, scalar)?;
        for sub in &field.fields {
            self.index(sub, scalar)?;
        }
        for target in &field.copy_to {
            self.copy(target, scalar)?;
        }
        Ok(())
    }

    fn index(&mut self, field: &FieldType, scalar: &Scalar<'_>) -> Result<(), Failure> {
        let Some(number) = field.number else {
            return Ok(());
        };
        if field.kind == Kind::Text {
            return self.text(field, number, scalar.text());
        }
        match field.read(scalar, field.coerces(self.limits.coerce)) {
            Ok(Some(value)) => self.document.push(number, value),
            // An empty string counts as null.
            Ok(None) if field.kind.is_number() => {
                if let Some(value) = &field.null_value {
                    self.document.push(number, value.clone());
                }
            }
            Ok(None) => {}
            Err(_) if field.ignores_malformed(self.limits.ignore_malformed) => {}
            Err(cause)
                if cause
                    .cause
                    .as_ref()
                    .is_some_and(|cause| cause.kind == FailureKind::MaxBytesLengthExceeded) =>
            {
                return Err(cause);
            }
            Err(cause) => return Err(self.bad_value(field, scalar.text(), cause)),
        }
        Ok(())
    }

    fn text(&mut self, field: &FieldType, number: FieldNumber, text: &str) -> Result<(), Failure> {
        let Some(analyzers) = &field.analyzers else {
            return Ok(());
        };
        if !field.is_indexed() {
            return Ok(());
        }
        let index = match self.texts.iter().position(|(known, _)| *known == number) {
            Some(index) => {
                self.texts[index].1.begin_value(analyzers.position_gap);
                index
            }
            None => {
                self.texts
                    .push((number, Tokens::with_capacity(text.len() + text.len() / 2)));
                self.texts.len() - 1
            }
        };
        let tokens = &mut self.texts[index].1;
        let mut immense = None;
        analyzers.index.analyze(text, &mut |token| {
            if token.text.len() > LONGEST_TERM {
                immense.get_or_insert_with(|| token.text.to_owned());
            } else {
                tokens.push(token.text, token.position);
            }
        });
        immense.map_or(Ok(()), |term| Err(immense_term(&field.path, &term)))
    }

    fn copy(&mut self, target: &str, scalar: &Scalar<'_>) -> Result<(), Failure> {
        match self.mapping.child(target) {
            Some(Child::Field(field)) => {
                let field = Arc::clone(field);
                self.index(&field, scalar)?;
                field
                    .fields
                    .iter()
                    .try_for_each(|sub| self.index(sub, scalar))
            }
            Some(_) => Err(Failure::illegal_argument(format!(
                "Cannot copy to field [{target}] since it is mapped as an object"
            ))),
            None => {
                let (parent, name) = target.rsplit_once('.').unwrap_or(("", target));
                let dynamic = self.mapping.dynamic_at(parent);
                let place = Place {
                    object: None,
                    path: parent.to_owned(),
                    dynamic,
                };
                if dynamic == Dynamic::Strict {
                    return Err(strict(&place, name));
                }
                self.unknown_value(&place, name, target, scalar)
            }
        }
    }

    fn bad_value(&self, field: &FieldType, preview: &str, cause: Failure) -> Failure {
        Failure::mapper_parsing(format!(
            "failed to parse field [{}] of type [{}] in document with id '{}'. Preview of field's value: '{preview}'",
            field.path,
            field.type_name(),
            self.id
        ))
        .caused_by(cause)
    }
}

fn scalar<'t>(token: &'t Token<'_>) -> Option<Scalar<'t>> {
    match token {
        Token::String(text) => Some(Scalar::Text(text)),
        Token::Number(number) => Some(Scalar::Number(number.text())),
        Token::Bool(flag) => Some(Scalar::Bool(*flag)),
        _ => None,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn strict(place: &Place<'_>, name: &str) -> Failure {
    let path = if place.path.is_empty() {
        "_doc"
    } else {
        &place.path
    };
    let reason = format!(
        "mapping set to {}, dynamic introduction of [{name}] within [{path}] is not allowed",
        place.dynamic.name()
    );
    Failure::new(FailureKind::StrictDynamicMapping, reason)
}

/// `DocumentParser.splitAndValidatePath`.
fn check_name(name: &str) -> Result<(), Failure> {
    if name.is_empty() {
        return Err(Failure::illegal_argument(
            "field name cannot be an empty string",
        ));
    }
    if !name.contains('.') {
        return Ok(());
    }
    if name.bytes().all(|byte| byte == b'.') {
        return Err(Failure::illegal_argument(
            "field name cannot contain only dots",
        ));
    }
    for part in name.split('.') {
        if part.is_empty() {
            return Err(Failure::illegal_argument(format!(
                "object field starting or ending with a [.] makes object resolution ambiguous: [{name}]"
            )));
        }
        if part.trim().is_empty() {
            return Err(Failure::illegal_argument(format!(
                "object field cannot contain only whitespace: ['{name}']"
            )));
        }
    }
    Ok(())
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
