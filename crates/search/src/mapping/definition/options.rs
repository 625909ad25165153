//! What a definition says beside its fields: `_source`, `_routing`, formats of dynamic dates.

use crate::mapping::{
    dates::DateFormat, parameters::flag, preview::java_text, tree::SourceOptions,
};
use glasswork_content::{Failure, Node, Object, Value};

pub(super) fn source(node: &Node) -> Result<SourceOptions, Failure> {
    let object = meta_object("_source", node)?;
    let mut options = SourceOptions::default();
    for (key, node) in object.iter() {
        match key {
            "enabled" => options.disabled = !flag(node)?,
            "includes" => options.includes = texts(node),
            "excludes" => options.excludes = texts(node),
            _ => {
                return Err(Failure::mapper_parsing(format!(
                    "unknown parameter [{key}] on metadata field [_source]"
                )));
            }
        }
    }
    Ok(options)
}

pub(super) fn routing(node: &Node) -> Result<Option<bool>, Failure> {
    let object = meta_object("_routing", node)?;
    let mut required = None;
    for (key, node) in object.iter() {
        match key {
            "required" => required = Some(flag(node)?),
            _ => {
                return Err(Failure::mapper_parsing(format!(
                    "unknown parameter [{key}] on metadata field [_routing]"
                )));
            }
        }
    }
    Ok(required)
}

/// `_field_names` can no longer be switched off: existence is answered from columns and norms.
pub(super) fn field_names(node: &Node) -> Result<(), Failure> {
    for (key, _) in meta_object("_field_names", node)?.iter() {
        if key != "enabled" {
            return Err(Failure::mapper_parsing(format!(
                "unknown parameter [{key}] on metadata field [_field_names]"
            )));
        }
    }
    Ok(())
}

fn meta_object<'a>(name: &str, node: &'a Node) -> Result<&'a Object, Failure> {
    node.as_object()
        .ok_or_else(|| Failure::mapper_parsing(format!("[{name}] config must be an object")))
}

fn texts(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Array(values) => values.iter().map(java_text).collect(),
        _ => java_text(node).split(',').map(str::to_owned).collect(),
    }
}

pub(super) fn date_formats(node: &Node) -> Result<Vec<String>, Failure> {
    let formats = match &node.value {
        Value::Array(values) => values.iter().map(java_text).collect(),
        _ => vec![java_text(node)],
    };
    let formats: Vec<String> = formats
        .into_iter()
        .filter(|format| format != "none")
        .collect();
    for format in &formats {
        if format.starts_with("epoch_") {
            return Err(Failure::mapper_parsing(format!(
                "Epoch [{format}] is not supported as dynamic date format"
            )));
        }
        DateFormat::new(format)?;
    }
    Ok(formats)
}
