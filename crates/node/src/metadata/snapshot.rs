//! All metadata at one moment.

use hashbrown::HashMap;
use std::{collections::BTreeMap, sync::Arc};

use super::{Index, Settings};

/// Everything that is known of the cluster's indices at one moment. Immutable: hold it for the length of an operation.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    pub(super) indices: BTreeMap<Arc<str>, Arc<Index>>,
    pub(super) by_uuid: HashMap<Arc<str>, Arc<Index>>,
    /// Indices of each alias, by name.
    pub(super) aliases: BTreeMap<String, Vec<Arc<Index>>>,
    pub(super) settings: Arc<Settings>,
}

impl Metadata {
    /// Every index, by name.
    pub fn indices(&self) -> impl Iterator<Item = &Arc<Index>> {
        self.indices.values()
    }

    /// The index of that name; not that of an alias.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<&Arc<Index>> {
        self.indices.get(name)
    }

    /// The index of that uuid.
    #[must_use]
    pub fn index_of_uuid(&self, uuid: &str) -> Option<&Arc<Index>> {
        self.by_uuid.get(uuid)
    }

    /// The indices of an alias, by name; empty when there is no such alias.
    #[must_use]
    pub fn indices_of_alias(&self, alias: &str) -> &[Arc<Index>] {
        self.aliases.get(alias).map_or(&[], Vec::as_slice)
    }

    /// The settings of the cluster that were set by request.
    #[must_use]
    pub fn cluster_settings(&self) -> &Arc<Settings> {
        &self.settings
    }
}
