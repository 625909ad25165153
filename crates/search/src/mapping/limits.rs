//! The index settings that a mapping obeys.

use super::object::{Child, ObjectType};
use glasswork_content::Failure;

/// Limits and defaults of `index.mapping.*`, as they are at the moment of a change or of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexLimits {
    /// `index.mapping.total_fields.limit`: fields, objects, multi-fields and aliases together.
    pub total_fields: usize,
    /// `index.mapping.depth.limit`: levels of objects, the root counted.
    pub depth: usize,
    /// `index.mapping.field_name_length.limit`: characters of one name.
    pub field_name_length: usize,
    /// `index.mapping.ignore_malformed`: for fields that don't say.
    pub ignore_malformed: bool,
    /// `index.mapping.coerce`: for fields that don't say.
    pub coerce: bool,
}

impl Default for IndexLimits {
    fn default() -> Self {
        Self {
            total_fields: 1_000,
            depth: 20,
            field_name_length: usize::MAX,
            ignore_malformed: false,
            coerce: true,
        }
    }
}

impl IndexLimits {
    /// Reads them from index settings with dotted names (`index.mapping.depth.limit`), given as a look-up of their texts.
    /// Values that don't parse (settings are checked before they are stored) leave the default.
    pub fn from_settings<'a>(setting: impl Fn(&str) -> Option<&'a str>) -> Self {
        let mut limits = Self::default();
        let number = |name: &str, default: usize| {
            setting(name)
                .and_then(|text| text.parse().ok())
                .unwrap_or(default)
        };
        limits.total_fields = number("index.mapping.total_fields.limit", limits.total_fields);
        limits.depth = number("index.mapping.depth.limit", limits.depth);
        limits.field_name_length = number(
            "index.mapping.field_name_length.limit",
            limits.field_name_length,
        );
        limits.ignore_malformed = setting("index.mapping.ignore_malformed") == Some("true");
        limits.coerce = setting("index.mapping.coerce") != Some("false");
        limits
    }
}

impl IndexLimits {
    /// Checks a definition: how many fields, how deep, how long their names, where aliases lead.
    pub(super) fn check(&self, root: &ObjectType) -> Result<(), Failure> {
        let mut count = Count::default();
        count.object(root, 1);
        if count.fields > self.total_fields {
            return Err(Failure::illegal_argument(format!(
                "Limit of total fields [{}] has been exceeded",
                self.total_fields
            )));
        }
        if count.depth > self.depth {
            return Err(Failure::illegal_argument(format!(
                "Limit of mapping depth [{}] has been exceeded due to object field [{}]",
                self.depth, count.deepest
            )));
        }
        if count.longest.chars().count() > self.field_name_length {
            return Err(Failure::illegal_argument(format!(
                "Field name [{}] is longer than the limit of [{}] characters",
                count.longest, self.field_name_length
            )));
        }
        check_aliases(root, root)
    }
}

/// What a definition holds.
#[derive(Default)]
struct Count {
    fields: usize,
    depth: usize,
    deepest: String,
    longest: String,
}

impl Count {
    fn object(&mut self, object: &ObjectType, depth: usize) {
        if depth > self.depth {
            self.depth = depth;
            self.deepest = object.path.to_string();
        }
        for (name, child) in &object.children {
            self.name(name);
            self.fields += 1;
            match child {
                Child::Object(object) => self.object(object, depth + 1),
                Child::Field(field) => {
                    self.fields += field.fields.len();
                    field.fields.iter().for_each(|sub| self.name(&sub.name));
                }
                Child::Alias(_) => {}
            }
        }
    }

    fn name(&mut self, name: &str) {
        if name.len() > self.longest.len() {
            name.clone_into(&mut self.longest);
        }
    }
}

fn check_aliases(root: &ObjectType, object: &ObjectType) -> Result<(), Failure> {
    for (name, child) in &object.children {
        match child {
            Child::Object(inner) => check_aliases(root, inner)?,
            Child::Field(field) => {
                for target in &field.copy_to {
                    if let Some(Child::Object(_)) = root.child(target) {
                        return Err(Failure::illegal_argument(format!(
                            "Cannot copy to field [{target}] since it is mapped as an object"
                        )));
                    }
                }
            }
            Child::Alias(target) => {
                let alias = object.path_of(name);
                let wrong = |why: &str| {
                    Failure::mapper_parsing(format!(
                        "Invalid [path] value [{target}] for field alias [{alias}]: an alias {why}"
                    ))
                };
                if **target == alias {
                    return Err(wrong("cannot refer to itself."));
                }
                match root.child(target) {
                    Some(Child::Field(_)) => {}
                    Some(Child::Alias(_)) => return Err(wrong("cannot refer to another alias.")),
                    _ if is_multi_field(root, target) => {}
                    _ => return Err(wrong("must refer to an existing field in the mappings.")),
                }
            }
        }
    }
    Ok(())
}

fn is_multi_field(root: &ObjectType, path: &str) -> bool {
    let Some((parent, name)) = path.rsplit_once('.') else {
        return false;
    };
    matches!(root.child(parent), Some(Child::Field(field)) if field.fields.iter().any(|sub| &*sub.name == name))
}
