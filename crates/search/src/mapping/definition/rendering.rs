//! Definitions of mappings written as JSON.

use crate::mapping::{
    field_type::FieldType,
    object::{Child, ObjectType},
    tree::{RootOptions, SourceOptions},
};
use glasswork_content::{Limits, Render};

/// Writes a definition.
pub(in crate::mapping) fn render(root: &ObjectType, options: &RootOptions, out: &mut Render) {
    out.object();
    render_object_keys(root, out);
    render_options(options, out);
    render_properties(root, out);
    out.end_object();
}

fn render_options(options: &RootOptions, out: &mut Render) {
    if let Some(meta) = &options.meta {
        out.key("_meta");
        render_json(meta, out);
    }
    if options.routing_required == Some(true) {
        out.field_object("_routing");
        out.field_bool("required", true);
        out.end_object();
    }
    if let Some(source) = options
        .source
        .as_ref()
        .filter(|source| **source != SourceOptions::default())
    {
        out.field_object("_source");
        if source.disabled {
            out.field_bool("enabled", false);
        }
        if !source.includes.is_empty() {
            out.field_strings("includes", &source.includes);
        }
        if !source.excludes.is_empty() {
            out.field_strings("excludes", &source.excludes);
        }
        out.end_object();
    }
    if let Some(formats) = &options.dynamic_date_formats {
        out.field_strings("dynamic_date_formats", formats);
    }
    if let Some(templates) = &options.dynamic_templates {
        out.field_array("dynamic_templates");
        for template in templates {
            template.render(out);
        }
        out.end_array();
    }
    if let Some(detection) = options.date_detection {
        out.field_bool("date_detection", detection);
    }
    if let Some(detection) = options.numeric_detection {
        out.field_bool("numeric_detection", detection);
    }
}

/// Writes JSON that was read before, so that it keeps to the layout and the filter of the answer.
pub(in crate::mapping) fn render_json(json: &[u8], out: &mut Render) {
    match glasswork_content::parse(json, &Limits::DEFAULT) {
        Ok(node) => out.node(&node),
        Err(_) => out.null(),
    }
}

fn render_object_keys(object: &ObjectType, out: &mut Render) {
    if let Some(dynamic) = object.dynamic {
        out.field_str("dynamic", dynamic.name());
    }
    if !object.enabled {
        out.field_bool("enabled", false);
    }
}

fn render_properties(object: &ObjectType, out: &mut Render) {
    if object.children.is_empty() {
        return;
    }
    out.field_object("properties");
    for (name, child) in object.sorted() {
        out.key(name);
        match child {
            Child::Object(object) => {
                out.object();
                if object.children.is_empty() {
                    out.field_str("type", "object");
                }
                render_object_keys(object, out);
                render_properties(object, out);
                out.end_object();
            }
            Child::Field(field) => render_field(field, out),
            Child::Alias(target) => {
                out.object();
                out.field_str("type", "alias");
                out.field_str("path", target);
                out.end_object();
            }
        }
    }
    out.end_object();
}

/// Writes the definition of one field.
pub(in crate::mapping) fn render_field(field: &FieldType, out: &mut Render) {
    out.object();
    out.field_str("type", field.type_name());
    field.parameters.render(out);
    if !field.fields.is_empty() {
        out.field_object("fields");
        for sub in &field.fields {
            out.key(&sub.name);
            render_field(sub, out);
        }
        out.end_object();
    }
    if !field.copy_to.is_empty() {
        out.field_strings("copy_to", field.copy_to.iter().map(|path| &**path));
    }
    out.end_object();
}
