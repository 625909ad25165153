//! Values of fields that the mapping knows.

use super::{Parser, Place, unknown::strict};
use crate::mapping::{
    field_type::{FieldType, Kind},
    field_types::{LONGEST_TERM, Scalar, immense_term},
    object::{Child, Dynamic},
    preview::java_text,
};
use glasswork_content::{Failure, Kind as FailureKind, Limits, Token};
use glasswork_engine::{FieldNumber, Tokens};
use std::sync::Arc;

impl<'a> Parser<'a> {
    /// The value of an object that the mapping knows: one, many, or null.
    pub(super) fn objects(&mut self, place: &Place<'a>, name: &str) -> Result<(), Failure> {
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
    pub(super) fn field(&mut self, field: &'a FieldType, first: Token<'a>) -> Result<(), Failure> {
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

pub(super) fn scalar<'t>(token: &'t Token<'_>) -> Option<Scalar<'t>> {
    match token {
        Token::String(text) => Some(Scalar::Text(text)),
        Token::Number(number) => Some(Scalar::Number(number.text())),
        Token::Bool(flag) => Some(Scalar::Bool(*flag)),
        _ => None,
    }
}
