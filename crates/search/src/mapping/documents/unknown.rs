//! Fields that the mapping doesn't know: paths with dots, and what dynamic mapping adds.

use super::{Parser, Place, join, values::scalar};
use crate::mapping::{
    dynamic,
    field_types::Scalar,
    object::{Child, Dynamic, ObjectType},
};
use glasswork_content::{Failure, Kind as FailureKind, Token};

impl<'a> Parser<'a> {
    /// A name that is no child as it stands: a path with dots, or unknown.
    pub(super) fn unknown_name(&mut self, place: &Place<'a>, name: &str) -> Result<(), Failure> {
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

    pub(super) fn unknown_value(
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
}

pub(super) fn strict(place: &Place<'_>, name: &str) -> Failure {
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
