//! The index settings that a mapping obeys.

use super::object::ObjectType;
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
        Self { total_fields: 1_000, depth: 20, field_name_length: usize::MAX, ignore_malformed: false, coerce: true }
    }
}

impl IndexLimits {
    /// Reads them from index settings with dotted names (`index.mapping.depth.limit`), given as a look-up of their texts.
    /// Values that don't parse (settings are checked before they are stored) leave the default.
    pub fn from_settings<'a>(setting: impl Fn(&str) -> Option<&'a str>) -> Self {
        let mut limits = Self::default();
        let number = |name: &str, default: usize| setting(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        limits.total_fields = number("index.mapping.total_fields.limit", limits.total_fields);
        limits.depth = number("index.mapping.depth.limit", limits.depth);
        limits.field_name_length = number("index.mapping.field_name_length.limit", limits.field_name_length);
        limits.ignore_malformed = setting("index.mapping.ignore_malformed") == Some("true");
        limits.coerce = setting("index.mapping.coerce") != Some("false");
        limits
    }
}

impl IndexLimits {
    /// Checks a definition.
    pub(super) fn check(&self, root: &ObjectType) -> Result<(), Failure> {
        let _ = root;
        todo!()
    }
}
