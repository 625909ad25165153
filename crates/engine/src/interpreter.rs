//! Whoever knows the mapping: turns a `_source` into typed values when a log is replayed.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_substrate::BoxFuture;

use crate::{document::TypedDocument, fields::FieldSpec};

/// Interprets documents by a mapping that has versions. Deterministic: the same source and version give the same values.
///
/// A mapping version is durable before the first record that names it, but may become known here later than the record
/// does: [`Interpreter::known`] waits for it.
pub trait Interpreter: Send + Sync {
    /// Types a document as mapping version `mapping_version` (or a later one) says.
    ///
    /// # Errors
    /// When the source does not fit the mapping, which can't happen for a source that was accepted with it.
    fn document(
        &self,
        id: &str,
        routing: Option<&str>,
        source: &[u8],
        mapping_version: u64,
    ) -> Result<TypedDocument, Failure>;

    /// The fields as of a mapping version (or a later one): a list that later ones only extend.
    ///
    /// # Errors
    /// When the version is not known.
    fn fields(&self, mapping_version: u64) -> Result<Arc<[FieldSpec]>, Failure>;

    /// Completes when `mapping_version` is known. At once by default.
    ///
    /// # Errors
    /// When it will never be known (the index is gone) or did not become known in time.
    fn known(&self, mapping_version: u64) -> BoxFuture<'_, Result<(), Failure>> {
        // The version is only of interest to those who have to wait for it.
        let _version = mapping_version;
        Box::pin(async { Ok(()) })
    }
}
