//! One index as a snapshot shows it.

use glasswork_search::mapping::{IndexLimits, Mapping, MappingVersions};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Alias, Settings};

/// An index. Immutable: a change gives a new value.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name.
    pub name: Arc<str>,
    /// Its uuid, 22 characters.
    pub uuid: Arc<str>,
    /// Whether it is open.
    pub open: bool,
    /// Its settings as they are shown.
    pub settings: Arc<Settings>,
    /// What its settings mean.
    pub options: Arc<IndexOptions>,
    /// Its mapping.
    pub mapping: Arc<Mapping>,
    /// Grows with each change of the mapping.
    pub mapping_version: u64,
    /// The same mapping, as its shards follow it.
    pub versions: Arc<MappingVersions>,
    /// Its aliases.
    pub aliases: BTreeMap<String, Arc<Alias>>,
    /// Where its shards are, by their numbers.
    pub shards: Arc<[Place]>,
}

/// Where a shard is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The node that has the primary.
    pub primary: String,
    /// The term of that primary.
    pub term: u64,
}

/// What the settings of an index mean.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexOptions {
    /// `index.number_of_shards`
    pub number_of_shards: u32,
    /// `index.number_of_replicas`
    pub number_of_replicas: u32,
    /// `index.number_of_routing_shards`: how fine routing values are told apart.
    pub routing_shards: u32,
    /// `index.routing_partition_size`
    pub routing_partition_size: u32,
    /// `index.refresh_interval`; `None`: never by itself.
    pub refresh_interval: Option<Duration>,
    /// The interval was set: searches are not needed to keep it going.
    pub refresh_interval_is_set: bool,
    /// `index.search.idle.after`
    pub search_idle_after: Duration,
    /// `index.gc_deletes`
    pub gc_deletes: Duration,
    /// `index.translog.flush_threshold_size`, in bytes.
    pub flush_threshold_bytes: u64,
    /// `index.hidden`: wildcards pass it over.
    pub hidden: bool,
    /// `index.blocks.*`
    pub blocks: Blocks,
    /// `index.mapping.*`
    pub limits: IndexLimits,
    /// `index.creation_date`, milliseconds since 1970.
    pub created_millis: i64,
}

/// What is not allowed on an index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Blocks {
    /// `index.blocks.read_only`: neither writes nor changes of metadata.
    pub read_only: bool,
    /// `index.blocks.read_only_allow_delete`: the same, but it may be deleted.
    pub read_only_allow_delete: bool,
    /// `index.blocks.read`
    pub read: bool,
    /// `index.blocks.write`
    pub write: bool,
    /// `index.blocks.metadata`
    pub metadata: bool,
}

impl Index {
    /// How many copies each shard should have.
    #[must_use]
    pub fn copies(&self) -> u32 {
        1 + self.options.number_of_replicas
    }
}
