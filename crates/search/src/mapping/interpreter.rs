//! The engine's view of a mapping: documents typed by whatever version of it is known.

use super::documents;
use super::limits::IndexLimits;
use super::tree::Mapping;
use arc_swap::ArcSwap;
use glasswork_content::Failure;
use glasswork_engine::{FieldSpec, Interpreter, TypedDocument};
use std::sync::Arc;

/// The mapping of an index as it changes: the newest version, swapped whole.
///
/// Older versions need not be kept: a mapping only grows, so the newest one types whatever an older one accepted.
#[derive(Debug)]
pub struct MappingVersions {
    newest: ArcSwap<Versioned>,
}

/// A mapping and which version of the index's it is.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// Grows by one with each change.
    pub version: u64,
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// Settings that it obeys.
    pub limits: IndexLimits,
}

impl MappingVersions {
    /// Begins with one version.
    #[must_use]
    pub fn new(version: u64, mapping: Arc<Mapping>, limits: IndexLimits) -> Self {
        Self {
            newest: ArcSwap::from_pointee(Versioned {
                version,
                mapping,
                limits,
            }),
        }
    }

    /// The newest version.
    #[must_use]
    pub fn newest(&self) -> Arc<Versioned> {
        self.newest.load_full()
    }

    /// Takes a newer version; an older one is ignored.
    pub fn publish(&self, version: u64, mapping: Arc<Mapping>, limits: IndexLimits) {
        let next = Arc::new(Versioned {
            version,
            mapping,
            limits,
        });
        self.newest.rcu(|present| {
            if present.version > version {
                Arc::clone(present)
            } else {
                Arc::clone(&next)
            }
        });
    }

    fn at_least(&self, version: u64) -> Result<Arc<Versioned>, Failure> {
        let newest = self.newest();
        if newest.version < version {
            return Err(Failure::illegal_state(format!(
                "mapping version [{version}] is not known, only [{}]",
                newest.version
            )));
        }
        Ok(newest)
    }
}

impl Interpreter for MappingVersions {
    fn document(
        &self,
        id: &str,
        _routing: Option<&str>,
        source: &[u8],
        mapping_version: u64,
    ) -> Result<TypedDocument, Failure> {
        let newest = self.at_least(mapping_version)?;
        Ok(documents::parse(&newest.mapping, id, source, &newest.limits)?.document)
    }

    fn fields(&self, mapping_version: u64) -> Result<Arc<[FieldSpec]>, Failure> {
        Ok(self.at_least(mapping_version)?.mapping.fields())
    }
}
