//! The mapping of an index: the tree of its definition, and what is looked up in it.

use super::definition;
use super::field_type::FieldType;
use super::limits::IndexLimits;
use super::object::{Child, Dynamic, ObjectType};
use crate::analysis::Analysis;
use glasswork_content::{Failure, Limits, Node, Render};
use glasswork_engine::{FieldNumber, FieldSpec};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// What the fields of an index are. Immutable; see the [module](super).
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(super) root: ObjectType,
    pub(super) options: RootOptions,
    pub(super) analysis: Arc<Analysis>,
    /// The engine's list: only ever extended.
    specs: Arc<[FieldSpec]>,
    by_number: Vec<Option<Arc<FieldType>>>,
    by_path: HashMap<Box<str>, Arc<FieldType>>,
    aliases: HashMap<Box<str>, Box<str>>,
}

/// What a definition says beside its fields. `None` = says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct RootOptions {
    pub(super) source: Option<SourceOptions>,
    pub(super) routing_required: Option<bool>,
    /// Compact JSON.
    pub(super) meta: Option<Vec<u8>>,
    pub(super) date_detection: Option<bool>,
    pub(super) numeric_detection: Option<bool>,
    pub(super) dynamic_date_formats: Option<Vec<String>>,
    pub(super) dynamic_templates: Option<Vec<super::dynamic::Template>>,
}

/// `_source` of a mapping: what of a document is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// `enabled: false`: nothing.
    pub disabled: bool,
    /// Only these paths, when there are any.
    pub includes: Vec<String>,
    /// Not these.
    pub excludes: Vec<String>,
}

/// What is kept of a mapping in the metadata of an index.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    format: u8,
    definition: Cow<'a, [u8]>,
    specs: Vec<FieldSpec>,
}

const STORED_FORMAT: u8 = 1;

impl Mapping {
    /// A mapping without fields.
    #[must_use]
    pub fn empty(analysis: Arc<Analysis>) -> Self {
        Self::assemble(ObjectType::root(), RootOptions::default(), analysis, &[])
    }

    /// Reads a definition: what stands under `mappings` of a new index, or the body of `PUT /{index}/_mapping`.
    ///
    /// # Errors
    /// 400 `mapper_parsing_exception` or `illegal_argument_exception` in OpenSearch's words.
    pub fn parse(body: &Node, analysis: &Arc<Analysis>) -> Result<Self, Failure> {
        let (root, options) = definition::parse(body, analysis)?;
        Ok(Self::assemble(root, options, Arc::clone(analysis), &[]))
    }

    /// Whether a definition is nested under a type (`{"_doc": {…}}`), which is no longer allowed.
    #[must_use]
    pub fn is_typed(body: &Node) -> bool {
        body.as_object()
            .is_some_and(|object| object.len() == 1 && object.contains("_doc"))
    }

    /// This mapping with an update on top.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` when a field would change its type or a fixed parameter, or a limit is broken.
    pub fn merge(&self, update: &Self, limits: &IndexLimits) -> Result<Self, Failure> {
        let mut root = self.root.clone();
        root.merge(&update.root)?;
        let mut options = self.options.clone();
        options.merge(&update.options)?;
        limits.check(&root)?;
        Ok(Self::assemble(
            root,
            options,
            Arc::clone(&self.analysis),
            &self.specs,
        ))
    }

    /// Checks the limits of a mapping that is not merged into another one, as a new index's is.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` when a limit is broken.
    pub fn check(&self, limits: &IndexLimits) -> Result<(), Failure> {
        limits.check(&self.root)
    }

    /// Writes the definition as `GET /{index}/_mapping` shows it: the object under `mappings`.
    pub fn render(&self, out: &mut Render) {
        definition::render(&self.root, &self.options, out);
    }

    /// Writes the definition of one field as `GET /{index}/_mapping/field/{field}` shows it:
    /// `{"full_name":"a.b","mapping":{"b":{…}}}`. `false` when there is no such field.
    pub fn render_field(&self, path: &str, out: &mut Render) -> bool {
        if let Some(target) = self.aliases.get(path) {
            out.object();
            out.field_str("full_name", path);
            out.field_object("mapping");
            out.field_object(path.rsplit('.').next().unwrap_or(path));
            out.field_str("type", "alias");
            out.field_str("path", target);
            out.end_object();
            out.end_object();
            out.end_object();
            return true;
        }
        let Some(field) = self.by_path.get(path) else {
            return false;
        };
        out.object();
        out.field_str("full_name", path);
        out.field_object("mapping");
        out.key(&field.name);
        definition::render_field(field, out);
        out.end_object();
        out.end_object();
        true
    }

    /// The engine's fields, in the order of their numbers.
    #[must_use]
    pub fn fields(&self) -> Arc<[FieldSpec]> {
        Arc::clone(&self.specs)
    }

    /// The field of that full path; an alias gives the field that it names.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&Arc<FieldType>> {
        self.by_path
            .get(path)
            .or_else(|| self.by_path.get(self.aliases.get(path)?))
    }

    /// The field of that number.
    #[must_use]
    pub fn field_by_number(&self, number: FieldNumber) -> Option<&Arc<FieldType>> {
        self.by_number.get(number.0 as usize)?.as_ref()
    }

    /// Whether the path is an object with fields of its own.
    #[must_use]
    pub fn is_object(&self, path: &str) -> bool {
        self.root.object(path).is_some()
    }

    /// Every field (multi-fields too), by path.
    pub fn all_fields(&self) -> impl Iterator<Item = &Arc<FieldType>> {
        self.by_path.values()
    }

    /// Every alias and the path that it names.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().map(|(alias, path)| (&**alias, &**path))
    }

    /// The fields whose path (or an alias of which) fits a pattern with `*`, sorted by path. A pattern without `*` is a path.
    #[must_use]
    pub fn matching(&self, pattern: &str) -> Vec<(&str, &Arc<FieldType>)> {
        if !pattern.contains('*') {
            return self
                .field(pattern)
                .map(|field| (self.known_path(pattern, field), field))
                .into_iter()
                .collect();
        }
        let own = self.by_path.iter().map(|(path, field)| (&**path, field));
        let through_alias = self
            .aliases
            .iter()
            .filter_map(|(alias, path)| Some((&**alias, self.by_path.get(path)?)));
        let mut found: Vec<(&str, &Arc<FieldType>)> = own
            .chain(through_alias)
            .filter(|(path, _)| wildcard(pattern, path))
            .collect();
        found.sort_unstable_by_key(|(path, _)| *path);
        found
    }

    fn known_path<'a>(&'a self, path: &str, field: &'a FieldType) -> &'a str {
        self.aliases
            .get_key_value(path)
            .map_or(&field.path, |(alias, _)| alias)
    }

    /// Every path of objects and fields, for `field_caps` and the like, with the type's name.
    #[must_use]
    pub fn object_paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.root.object_paths("", &mut paths);
        paths
    }

    /// `_source` options.
    #[must_use]
    pub fn source(&self) -> SourceOptions {
        self.options.source.clone().unwrap_or_default()
    }

    /// `_routing.required`: a write or a get without a routing is refused.
    #[must_use]
    pub fn routing_required(&self) -> bool {
        self.options.routing_required.unwrap_or(false)
    }

    /// The analyzers of the index.
    #[must_use]
    pub fn analysis(&self) -> &Arc<Analysis> {
        &self.analysis
    }

    /// Whether the definition says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut out = Render::compact();
        self.render(&mut out);
        out.finish() == b"{}"
    }

    /// What to keep in the metadata of an index: the definition and the order of the engine's fields.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Render::compact();
        self.render(&mut out);
        let stored = Stored {
            format: STORED_FORMAT,
            definition: Cow::Owned(out.finish()),
            specs: self.specs.to_vec(),
        };
        postcard::to_stdvec(&stored).expect("byte strings and plain enums always serialise")
    }

    /// Reads what [`Mapping::to_bytes`] wrote.
    ///
    /// # Errors
    /// 500 `illegal_state_exception` when the bytes are damaged or of a later format.
    pub fn from_bytes(bytes: &[u8], analysis: &Arc<Analysis>) -> Result<Self, Failure> {
        let damaged = |why: &dyn std::fmt::Display| {
            Failure::illegal_state(format!("stored mapping can't be read: {why}"))
        };
        let stored: Stored<'_> = postcard::from_bytes(bytes).map_err(|error| damaged(&error))?;
        if stored.format != STORED_FORMAT {
            return Err(damaged(&format_args!("format {}", stored.format)));
        }
        let definition = glasswork_content::parse(&stored.definition, &Limits::DEFAULT)?;
        let (root, options) = definition::parse(&definition, analysis)?;
        Ok(Self::assemble(
            root,
            options,
            Arc::clone(analysis),
            &stored.specs,
        ))
    }

    /// Numbers the leaves (those already in `known` keep theirs) and builds what is looked up.
    fn assemble(
        mut root: ObjectType,
        options: RootOptions,
        analysis: Arc<Analysis>,
        known: &[FieldSpec],
    ) -> Self {
        let mut specs = known.to_vec();
        let mut numbers: HashMap<String, u32> = (0u32..)
            .zip(known)
            .map(|(number, spec)| (spec.name.clone(), number))
            .collect();
        root.visit_fields(&mut |field| {
            let Some(kind) = field.engine_kind() else {
                return;
            };
            let number = *numbers.entry(field.path.to_string()).or_insert_with(|| {
                let spec = FieldSpec {
                    name: field.path.to_string(),
                    kind,
                    indexed: field.is_indexed(),
                    fast: field.has_doc_values(),
                };
                specs.push(spec);
                (specs.len() - 1) as u32
            });
            field.number = Some(FieldNumber(number));
        });
        let mut by_path = HashMap::new();
        let mut aliases = HashMap::new();
        root.collect(&mut by_path, &mut aliases);
        let mut by_number = vec![None; specs.len()];
        for field in by_path.values() {
            if let Some(number) = field.number {
                by_number[number.0 as usize] = Some(Arc::clone(field));
            }
        }
        Self {
            root,
            options,
            analysis,
            specs: specs.into(),
            by_number,
            by_path,
            aliases,
        }
    }
}

impl RootOptions {
    /// Takes what an update says.
    fn merge(&mut self, update: &Self) -> Result<(), Failure> {
        if let Some(source) = &update.source {
            let present = self.source.clone().unwrap_or_default();
            if present.disabled != source.disabled {
                let conflict = format!(
                    "Cannot update parameter [enabled] from [{}] to [{}]",
                    !present.disabled, !source.disabled
                );
                return Err(Failure::illegal_argument(format!(
                    "Mapper for [_source] conflicts with existing mapper:\n\t{conflict}"
                )));
            }
            if present.includes != source.includes || present.excludes != source.excludes {
                let (name, old, new) = if present.includes == source.includes {
                    ("excludes", &present.excludes, &source.excludes)
                } else {
                    ("includes", &present.includes, &source.includes)
                };
                let conflict = format!(
                    "Cannot update parameter [{name}] from [[{}]] to [[{}]]",
                    old.join(", "),
                    new.join(", ")
                );
                return Err(Failure::illegal_argument(format!(
                    "Mapper for [_source] conflicts with existing mapper:\n\t{conflict}"
                )));
            }
        }
        replace(&mut self.routing_required, &update.routing_required);
        replace(&mut self.meta, &update.meta);
        replace(&mut self.date_detection, &update.date_detection);
        replace(&mut self.numeric_detection, &update.numeric_detection);
        replace(&mut self.dynamic_date_formats, &update.dynamic_date_formats);
        replace(&mut self.dynamic_templates, &update.dynamic_templates);
        Ok(())
    }
}

fn replace<T: Clone>(present: &mut Option<T>, update: &Option<T>) {
    if update.is_some() {
        present.clone_from(update);
    }
}

/// Whether a text fits a pattern in which `*` stands for anything (`Regex.simpleMatch`). Linear in time.
#[must_use]
pub fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl Mapping {
    /// An update that adds some fields to `mapping`.
    pub(super) fn of_additions(root: ObjectType, mapping: &Self) -> Self {
        Self::assemble(
            root,
            RootOptions::default(),
            Arc::clone(&mapping.analysis),
            &[],
        )
    }

    /// How many fields the engine keeps.
    pub(super) fn field_count(&self) -> usize {
        self.specs.len()
    }

    /// What happens to unknown fields in the object at a path, which need not exist.
    pub(super) fn dynamic_at(&self, path: &str) -> Dynamic {
        let mut dynamic = self.root.dynamic.unwrap_or(Dynamic::True);
        let mut object = &self.root;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let Some(Child::Object(next)) = object.children.get(part) else {
                break;
            };
            dynamic = next.dynamic.unwrap_or(dynamic);
            object = next;
        }
        dynamic
    }

    /// The field that a document's path leads to, or the object, as it is defined.
    pub(super) fn child(&self, path: &str) -> Option<&Child> {
        self.root.child(path)
    }
}
