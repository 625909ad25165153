//! Definitions of mappings as JSON: read and written.

mod options;
mod rendering;

pub(super) use rendering::{render, render_field, render_json};

use self::options::{date_formats, field_names, routing, source};
use super::dynamic::Template;
use super::field_type::{FieldType, Kind};
use super::object::{Child, Dynamic, ObjectType};
use super::parameters::{Parameters, flag};
use super::preview::java_text;
use super::tree::RootOptions;
use crate::analysis::Analysis;
use glasswork_content::{Failure, Node, Object, Value};
use std::sync::Arc;

/// Levels of objects that a definition may have at all; the setting `index.mapping.depth.limit` is far below.
const DEEPEST: usize = 150;

/// Reads a definition.
pub(super) fn parse(
    body: &Node,
    analysis: &Arc<Analysis>,
) -> Result<(ObjectType, RootOptions), Failure> {
    let Some(object) = body.as_object() else {
        return Err(Failure::mapper_parsing(
            "Failed to parse mapping: a mapping must be an object",
        ));
    };
    if super::Mapping::is_typed(body) {
        return Err(Failure::illegal_argument(
            "The mapping definition cannot be nested under a type",
        ));
    }
    let mut root = ObjectType::root();
    let mut options = RootOptions::default();
    let mut unsupported = Vec::new();
    for (key, node) in object.iter() {
        if read_object_key(&mut root, key, node, analysis, 1)? {
            continue;
        }
        match key {
            "_source" => options.source = Some(source(node)?),
            "_routing" => options.routing_required = routing(node)?,
            "_field_names" => field_names(node)?,
            "_meta" => {
                if node.as_object().is_none() {
                    return Err(Failure::mapper_parsing("[_meta] must be an object"));
                }
                options.meta = Some(node.to_json());
            }
            "date_detection" => options.date_detection = Some(flag(node)?),
            "numeric_detection" => options.numeric_detection = Some(flag(node)?),
            "dynamic_date_formats" | "date_formats" => {
                options.dynamic_date_formats = Some(date_formats(node)?)
            }
            "dynamic_templates" => {
                options.dynamic_templates = Some(Template::parse_all(node, analysis)?)
            }
            // Only `object`, which the root is anyway.
            "type" if node.as_str() == Some("object") => {}
            _ => unsupported.push((key, node)),
        }
    }
    refuse_unsupported(
        "Root mapping definition has unsupported parameters: ",
        &unsupported,
    )?;
    Ok((root, options))
}

fn refuse_unsupported(lead: &str, unsupported: &[(&str, &Node)]) -> Result<(), Failure> {
    if unsupported.is_empty() {
        return Ok(());
    }
    let listed: String = unsupported
        .iter()
        .map(|(key, node)| format!(" [{key} : {}]", java_text(node)))
        .collect();
    Err(Failure::mapper_parsing(format!("{lead}{listed}")))
}

/// Reads a key that every object has; `false` when it is none.
fn read_object_key(
    object: &mut ObjectType,
    key: &str,
    node: &Node,
    analysis: &Arc<Analysis>,
    depth: usize,
) -> Result<bool, Failure> {
    match key {
        "dynamic" => object.dynamic = Some(dynamic(node)?),
        "enabled" => {
            object.enabled = flag(node)?;
            object.enabled_said = true;
        }
        "properties" => match &node.value {
            Value::Object(properties) => read_properties(object, properties, analysis, depth)?,
            Value::Array(empty) if empty.is_empty() => {}
            _ => return Err(Failure::parse("properties must be a map type")),
        },
        // Has no effect since there is no `_all` field; OpenSearch takes and drops it.
        "include_in_all" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

fn dynamic(node: &Node) -> Result<Dynamic, Failure> {
    let text = java_text(node);
    Dynamic::ALL
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&text))
        .map(|(_, dynamic)| *dynamic)
        .ok_or_else(|| {
            Failure::illegal_argument(format!(
                "Failed to parse value [{text}] as only [true] or [false] are allowed."
            ))
        })
}

fn read_properties(
    object: &mut ObjectType,
    properties: &Object,
    analysis: &Arc<Analysis>,
    depth: usize,
) -> Result<(), Failure> {
    for (name, node) in properties.iter() {
        let Some(definition) = node.as_object() else {
            // An empty array is what some clients make of an empty map.
            if node.as_array().is_some_and(<[Node]>::is_empty) {
                continue;
            }
            return Err(Failure::mapper_parsing(format!(
                "Expected map for property [fields] on field [{name}] but got a class {}",
                java_class_name(node)
            )));
        };
        let parts: Vec<&str> = name.split('.').collect();
        if parts.iter().any(|part| part.trim().is_empty()) {
            return Err(Failure::illegal_argument("name cannot be empty string"));
        }
        if depth + parts.len() > DEEPEST {
            return Err(Failure::illegal_argument(format!(
                "Limit of mapping depth [{DEEPEST}] has been exceeded due to object field [{name}]"
            )));
        }
        let mut target = &mut *object;
        let (leaf, parents) = parts
            .split_last()
            .expect("splitting gives at least one part");
        for part in parents {
            let path = target.path_of(part);
            let child = target
                .children
                .entry((*part).into())
                .or_insert_with(|| Child::Object(ObjectType::new(&path)));
            match child {
                Child::Object(next) => target = next,
                _ => {
                    return Err(Failure::illegal_argument(format!(
                        "can't merge a non object mapping [{path}] with an object mapping"
                    )));
                }
            }
        }
        let path = target.path_of(leaf);
        let child = read_property(&path, leaf, definition, analysis, depth + parts.len())?;
        match (target.children.get_mut(*leaf), &child) {
            (Some(Child::Object(present)), Child::Object(update)) => present.merge(update)?,
            (Some(_), _) => {
                return Err(Failure::illegal_argument(format!(
                    "Field [{path}] is defined more than once"
                )));
            }
            (None, _) => {
                target.children.insert((*leaf).into(), child);
            }
        }
    }
    Ok(())
}

fn java_class_name(node: &Node) -> String {
    let name = super::parameters::java_class(node);
    let package = match name {
        "ArrayList" | "LinkedHashMap" => "java.util",
        "BigInteger" => "java.math",
        _ => "java.lang",
    };
    format!("{package}.{name}")
}

fn read_property(
    path: &str,
    name: &str,
    definition: &Object,
    analysis: &Arc<Analysis>,
    depth: usize,
) -> Result<Child, Failure> {
    let type_name = match definition.get("type") {
        Some(node) => java_text(node),
        None if definition.contains("properties")
            || (definition.len() == 1 && definition.contains("enabled")) =>
        {
            "object".to_owned()
        }
        None if definition.contains("dynamic") || definition.contains("enabled") => {
            "object".to_owned()
        }
        None => {
            return Err(Failure::mapper_parsing(format!(
                "No type specified for field [{name}]"
            )));
        }
    };
    match type_name.as_str() {
        "object" => read_object(path, name, definition, analysis, depth).map(Child::Object),
        "alias" => read_alias(path, definition),
        _ => {
            let Some(kind) = Kind::named(&type_name) else {
                return Err(Failure::mapper_parsing(format!(
                    "No handler for type [{type_name}] declared on field [{name}]"
                )));
            };
            read_field(path, name, kind, definition, analysis)
                .map(|field| Child::Field(Arc::new(field)))
        }
    }
}

/// Reads the definition that dynamic mapping gives to a field.
pub(super) fn read_dynamic(
    path: &str,
    name: &str,
    definition: &Object,
    analysis: &Arc<Analysis>,
) -> Result<Child, Failure> {
    read_property(path, name, definition, analysis, 1)
}

fn read_object(
    path: &str,
    name: &str,
    definition: &Object,
    analysis: &Arc<Analysis>,
    depth: usize,
) -> Result<ObjectType, Failure> {
    let mut object = ObjectType::new(path);
    let mut unsupported = Vec::new();
    for (key, node) in definition.iter() {
        if key == "type" || read_object_key(&mut object, key, node, analysis, depth)? {
            continue;
        }
        unsupported.push((key, node));
    }
    refuse_unsupported(
        &format!("Mapping definition for [{name}] has unsupported parameters: "),
        &unsupported,
    )?;
    Ok(object)
}

fn read_alias(path: &str, definition: &Object) -> Result<Child, Failure> {
    let mut target = None;
    let mut unsupported = Vec::new();
    for (key, node) in definition.iter() {
        match key {
            "type" => {}
            "path" => target = node.as_str().map(Box::from),
            _ => unsupported.push((key, node)),
        }
    }
    refuse_unsupported(
        &format!("Mapping definition for [{path}] has unsupported parameters: "),
        &unsupported,
    )?;
    target.map(Child::Alias).ok_or_else(|| {
        Failure::mapper_parsing(format!(
            "The [path] property must be specified for field [{path}]."
        ))
    })
}

/// Reads the definition of a field of values.
pub(super) fn read_field(
    path: &str,
    name: &str,
    kind: Kind,
    definition: &Object,
    analysis: &Arc<Analysis>,
) -> Result<FieldType, Failure> {
    let given = definition
        .iter()
        .filter(|(key, _)| !matches!(*key, "type" | "fields" | "copy_to"));
    let parameters = Parameters::parse(name, kind, given)?;
    let mut field = FieldType::new(path, name, kind, parameters, analysis)?;
    if let Some(node) = definition.get("fields") {
        field.fields = multi_fields(path, name, node, analysis)?;
    }
    if let Some(node) = definition.get("copy_to") {
        field.copy_to = match &node.value {
            Value::Array(values) => values.iter().map(|value| java_text(value).into()).collect(),
            _ => vec![java_text(node).into()],
        };
    }
    Ok(field)
}

fn multi_fields(
    path: &str,
    name: &str,
    node: &Node,
    analysis: &Arc<Analysis>,
) -> Result<Vec<Arc<FieldType>>, Failure> {
    let fields = match &node.value {
        Value::Object(fields) => fields,
        Value::Array(empty) if empty.is_empty() => return Ok(Vec::new()),
        _ => {
            return Err(Failure::mapper_parsing(format!(
                "expected map for property [fields] on field [{name}] or [name] but got a class {}",
                java_class_name(node)
            )));
        }
    };
    let mut all = Vec::with_capacity(fields.len());
    for (sub, node) in fields.iter() {
        if sub.contains('.') {
            return Err(Failure::mapper_parsing(format!(
                "Field name [{sub}] which is a multi field of [{name}] cannot contain '.'"
            )));
        }
        if sub.trim().is_empty() {
            return Err(Failure::illegal_argument("name cannot be empty string"));
        }
        let Some(definition) = node.as_object() else {
            return Err(Failure::mapper_parsing(format!(
                "illegal field [{sub}], only fields can be specified inside fields"
            )));
        };
        let type_name = definition.get("type").map(java_text);
        let Some(type_name) = type_name else {
            return Err(Failure::mapper_parsing(format!(
                "no type specified for property [{sub}]"
            )));
        };
        if matches!(type_name.as_str(), "object" | "nested" | "alias") {
            return Err(Failure::mapper_parsing(format!(
                "Type [{type_name}] cannot be used in multi field"
            )));
        }
        let Some(kind) = Kind::named(&type_name) else {
            return Err(Failure::mapper_parsing(format!(
                "no handler for type [{type_name}] declared on field [{sub}]"
            )));
        };
        if definition.contains("copy_to") {
            return Err(Failure::mapper_parsing(format!(
                "copy_to in multi fields is not allowed. Found the copy_to in field [{sub}] which is within a multi field."
            )));
        }
        if definition.contains("fields") {
            return Err(Failure::mapper_parsing(format!(
                "multi fields within multi field [{sub}] are not supported"
            )));
        }
        all.push(Arc::new(read_field(
            &format!("{path}.{sub}"),
            sub,
            kind,
            definition,
            analysis,
        )?));
    }
    all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}
