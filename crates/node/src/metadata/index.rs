//! One index as a snapshot shows it.

use glasswork_content::text::{parse_size, parse_time};
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

/// Routing shards that an index without the setting has at most (`MetadataCreateIndexService.calculateNumRoutingShards`).
fn default_routing_shards(shards: u32) -> u32 {
    let most_splits = 10_u32;
    let taken = u32::BITS - (shards - 1).leading_zeros();
    shards << most_splits.saturating_sub(taken).max(1)
}

impl IndexOptions {
    /// Reads them from settings, which were checked when they were set.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        let number = |name: &str, default: u32| {
            settings
                .text(name)
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(default)
        };
        let flag = |name: &str| settings.text(name) == Some("true");
        let time = |name: &str, default: Duration| {
            settings
                .text(name)
                .and_then(|text| parse_time(text, name).ok())
                .map_or(Some(default), |time| time.duration())
        };
        let number_of_shards = number("index.number_of_shards", 1).max(1);
        let expansion = settings
            .text("index.auto_expand_replicas")
            .filter(|text| *text != "false");
        Self {
            number_of_shards,
            // With one copy a shard there is no node to expand to.
            number_of_replicas: match expansion {
                Some(_) => 0,
                None => number("index.number_of_replicas", 1),
            },
            routing_shards: number(
                "index.number_of_routing_shards",
                default_routing_shards(number_of_shards),
            ),
            routing_partition_size: number("index.routing_partition_size", 1),
            refresh_interval: time("index.refresh_interval", Duration::from_secs(1)),
            refresh_interval_is_set: settings.get("index.refresh_interval").is_some(),
            search_idle_after: time("index.search.idle.after", Duration::from_secs(30))
                .unwrap_or(Duration::MAX),
            gc_deletes: time("index.gc_deletes", Duration::from_secs(60)).unwrap_or_default(),
            flush_threshold_bytes: settings
                .text("index.translog.flush_threshold_size")
                .and_then(|text| parse_size(text, "").ok())
                .and_then(|bytes| u64::try_from(bytes).ok())
                .unwrap_or(512 << 20),
            hidden: flag("index.hidden"),
            blocks: Blocks {
                read_only: flag("index.blocks.read_only"),
                read_only_allow_delete: flag("index.blocks.read_only_allow_delete"),
                read: flag("index.blocks.read"),
                write: flag("index.blocks.write"),
                metadata: flag("index.blocks.metadata"),
            },
            limits: IndexLimits::from_settings(|name| settings.text(name)),
            created_millis: settings
                .text("index.creation_date")
                .and_then(|text| text.parse().ok())
                .unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_shards_are_those_of_the_reference() {
        // From `MetadataCreateIndexServiceTests.testCalculateNumRoutingShards`.
        for (shards, routing) in [
            (1, 1024),
            (2, 1024),
            (3, 768),
            (9, 576),
            (512, 1024),
            (1024, 2048),
            (2048, 4096),
        ] {
            assert_eq!(default_routing_shards(shards), routing, "{shards}");
        }
    }
}
