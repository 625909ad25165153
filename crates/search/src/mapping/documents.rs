//! Documents as the mapping types them: one pass over the bytes, no tree.

use super::limits::IndexLimits;
use super::tree::Mapping;
use glasswork_content::Failure;
use glasswork_engine::TypedDocument;

/// A document, typed.
#[derive(Debug)]
pub struct Parsed {
    /// What goes to the engine. Not to be used when there are `additions`.
    pub document: TypedDocument,
    /// What dynamic mapping adds for fields that the mapping doesn't know. The caller merges it durably into the index's
    /// mapping and parses the document again with the result; `document` has the field numbers of no durable mapping.
    pub additions: Option<Mapping>,
}

/// Types a document.
///
/// # Errors
/// 400 `mapper_parsing_exception`, `strict_dynamic_mapping_exception` or `illegal_argument_exception` in OpenSearch's words.
pub fn parse(mapping: &Mapping, id: &str, source: &[u8], limits: &IndexLimits) -> Result<Parsed, Failure> {
    let _ = (mapping, id, source, limits);
    todo!()
}
