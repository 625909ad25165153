//! Dynamic mapping: which type a field gets that a document brings along.

/// One of the `dynamic_templates`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template {
    pub(super) name: String,
}
