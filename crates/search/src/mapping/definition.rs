//! Definitions of mappings as JSON: read and written.

use super::field_type::FieldType;
use super::object::ObjectType;
use super::tree::RootOptions;
use crate::analysis::Analysis;
use glasswork_content::{Failure, Node, Render};
use std::sync::Arc;

/// Reads a definition.
pub(super) fn parse(body: &Node, analysis: &Arc<Analysis>) -> Result<(ObjectType, RootOptions), Failure> {
    let _ = (body, analysis);
    todo!()
}

/// Writes a definition.
pub(super) fn render(root: &ObjectType, options: &RootOptions, out: &mut Render) {
    let _ = (root, options, out);
    todo!()
}

/// Writes the definition of one field.
pub(super) fn render_field(field: &FieldType, out: &mut Render) {
    let _ = (field, out);
    todo!()
}
