//! Objects of a mapping: what they hold, how they merge.

use super::field_type::FieldType;
use glasswork_content::Failure;
use hashbrown::HashMap;
use std::sync::Arc;

/// What happens to fields of a document that the mapping doesn't know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dynamic {
    True,
    False,
    Strict,
    StrictAllowTemplates,
    FalseAllowTemplates,
}

impl Dynamic {
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("true", Self::True),
        ("false", Self::False),
        ("strict", Self::Strict),
        ("strict_allow_templates", Self::StrictAllowTemplates),
        ("false_allow_templates", Self::FalseAllowTemplates),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, dynamic)| *dynamic == self)
            .map_or("", |(name, _)| name)
    }
}

/// An object: fields under a common name.
#[derive(Clone, Debug)]
pub(super) struct ObjectType {
    /// Full path; empty for the root.
    pub(super) path: Box<str>,
    pub(super) dynamic: Option<Dynamic>,
    /// `enabled: false`: what stands in it is neither looked at nor indexed.
    pub(super) enabled: bool,
    pub(super) enabled_said: bool,
    pub(super) children: HashMap<Box<str>, Child>,
}

/// What a name in an object stands for.
#[derive(Clone, Debug)]
pub(super) enum Child {
    Object(ObjectType),
    Field(Arc<FieldType>),
    /// Another name for a field: the field's full path.
    Alias(Box<str>),
}

impl ObjectType {
    pub(super) fn root() -> Self {
        Self::new("")
    }

    pub(super) fn new(path: &str) -> Self {
        Self {
            path: path.into(),
            dynamic: None,
            enabled: true,
            enabled_said: false,
            children: HashMap::new(),
        }
    }

    /// The path of something in this object.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The children in the order of their names.
    pub(super) fn sorted(&self) -> Vec<(&str, &Child)> {
        let mut children: Vec<(&str, &Child)> = self
            .children
            .iter()
            .map(|(name, child)| (&**name, child))
            .collect();
        children.sort_unstable_by_key(|(name, _)| *name);
        children
    }

    /// What stands at a path below this object.
    pub(super) fn child(&self, path: &str) -> Option<&Child> {
        if let Some(child) = self.children.get(path) {
            return Some(child);
        }
        let mut object = self;
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            let child = object.children.get(part)?;
            if parts.peek().is_none() {
                return Some(child);
            }
            let Child::Object(next) = child else {
                return None;
            };
            object = next;
        }
        None
    }

    /// The object at a path below this one.
    pub(super) fn object(&self, path: &str) -> Option<&ObjectType> {
        match self.child(path)? {
            Child::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(super) fn object_paths(&self, prefix: &str, paths: &mut Vec<String>) {
        for (name, child) in self.sorted() {
            if let Child::Object(object) = child {
                let path = if prefix.is_empty() {
                    name.to_owned()
                } else {
                    format!("{prefix}.{name}")
                };
                object.object_paths(&path, paths);
                paths.push(path);
            }
        }
    }

    /// Calls `visit` for each field and multi-field, in the order of the names, to change it.
    pub(super) fn visit_fields(&mut self, visit: &mut impl FnMut(&mut FieldType)) {
        let mut names: Vec<Box<str>> = self.children.keys().cloned().collect();
        names.sort_unstable();
        for name in names {
            match self.children.get_mut(&name) {
                Some(Child::Object(object)) => object.visit_fields(visit),
                Some(Child::Field(field)) => {
                    let field = Arc::make_mut(field);
                    visit(field);
                    for sub in &mut field.fields {
                        visit(Arc::make_mut(sub));
                    }
                }
                _ => {}
            }
        }
    }

    /// Gathers fields and aliases by their full paths.
    pub(super) fn collect(
        &self,
        fields: &mut HashMap<Box<str>, Arc<FieldType>>,
        aliases: &mut HashMap<Box<str>, Box<str>>,
    ) {
        for (name, child) in &self.children {
            match child {
                Child::Object(object) => object.collect(fields, aliases),
                Child::Field(field) => {
                    fields.insert(field.path.clone(), Arc::clone(field));
                    for sub in &field.fields {
                        fields.insert(sub.path.clone(), Arc::clone(sub));
                    }
                }
                Child::Alias(target) => {
                    aliases.insert(self.path_of(name).into(), target.clone());
                }
            }
        }
    }

    /// Takes over what an update says of this object.
    pub(super) fn merge(&mut self, update: &Self) -> Result<(), Failure> {
        if update.dynamic.is_some() {
            self.dynamic = update.dynamic;
        }
        if update.enabled_said && update.enabled != self.enabled {
            let path = if self.path.is_empty() {
                "_doc"
            } else {
                &self.path
            };
            return Err(Failure::illegal_argument(format!(
                "Mapper for [{path}] conflicts with existing mapper:\n\tCannot update parameter [enabled] from [{}] to [{}]",
                self.enabled, update.enabled
            )));
        }
        for (name, incoming) in update.sorted() {
            let Some(present) = self.children.get_mut(name) else {
                self.children.insert(name.into(), incoming.clone());
                continue;
            };
            present.merge(incoming, &update.path_of(name))?;
        }
        Ok(())
    }
}

impl Child {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Object(_) => "ObjectMapper",
            Self::Field(field) => field.type_name(),
            Self::Alias(_) => "alias",
        }
    }

    fn merge(&mut self, incoming: &Self, path: &str) -> Result<(), Failure> {
        match (&mut *self, incoming) {
            (Self::Object(present), Self::Object(update)) => present.merge(update),
            (Self::Field(present), Self::Field(update)) => {
                *present = Arc::new(present.merged(update)?);
                Ok(())
            }
            (Self::Alias(present), Self::Alias(update)) => {
                present.clone_from(update);
                Ok(())
            }
            (Self::Object(_), _) => Err(Failure::illegal_argument(format!(
                "can't merge a non object mapping [{path}] with an object mapping"
            ))),
            (Self::Alias(_), _) => Err(Failure::illegal_argument(format!(
                "Cannot merge a field alias mapping [{path}] with a mapping that is not for a field alias."
            ))),
            (Self::Field(field), other) => Err(Failure::illegal_argument(format!(
                "mapper [{path}] cannot be changed from type [{}] to [{}]",
                field.type_name(),
                other.type_name()
            ))),
        }
    }
}
