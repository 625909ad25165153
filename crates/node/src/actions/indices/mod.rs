//! Indices: making, showing, changing and deleting them; refresh, flush and merge.

mod aliases;
mod analyze;
mod broadcast;
mod close;
mod create;
mod delete;
mod flush;
mod force_merge;
mod get;
mod get_aliases;
mod mapping;
mod open;
mod put_mapping;
mod refresh;
mod settings;
mod stats;
mod update_settings;

pub use aliases::{AliasAction, UpdateAliases, UpdateAliasesRequest};
pub use analyze::{Analyze, AnalyzeRequest};
pub use close::{CloseIndex, CloseIndexRequest, CloseIndexResponse};
pub use create::{CreateIndex, CreateIndexRequest, CreateIndexResponse};
pub use delete::{DeleteIndex, DeleteIndexRequest};
pub use flush::{Flush, FlushRequest};
pub use force_merge::{ForceMerge, ForceMergeRequest};
pub use get::{GetIndex, GetIndexRequest, GetIndexResponse, IndexDescription};
pub use get_aliases::{GetAliases, GetAliasesRequest, GetAliasesResponse};
pub use mapping::{
    FieldMappings, GetFieldMapping, GetFieldMappingRequest, GetFieldMappingResponse, GetMapping,
    GetMappingRequest, GetMappingResponse,
};
pub use open::{OpenIndex, OpenIndexRequest};
pub use put_mapping::{PutMapping, PutMappingRequest};
pub use refresh::{Refresh, RefreshRequest};
pub use settings::{GetSettings, GetSettingsRequest, GetSettingsResponse};
pub use stats::{
    IndexStats, IndicesStats, IndicesStatsRequest, IndicesStatsResponse, ShardFigures,
};
pub use update_settings::{UpdateSettings, UpdateSettingsRequest};

pub(crate) use analyze::AnalyzeShard;
pub(crate) use create::{AutoCreate, AutoCreateRequest, may_be_made, shows};
pub(crate) use flush::{FlushPrimary, FlushShard};
pub(crate) use force_merge::ForceMergeNode;
pub(crate) use put_mapping::{AutoPutMapping, AutoPutMappingRequest};
pub(crate) use refresh::{RefreshPrimary, RefreshShard};
pub(crate) use stats::IndicesStatsNode;

use crate::metadata::IndexExpression;
use glasswork_content::Render;
use serde::{Deserialize, Serialize};

pub use super::documents::ShardCounts;

/// `{"acknowledged":true}`, for some operations with `shards_acknowledged`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Every node knows.
    pub acknowledged: bool,
    /// The shards are there; `None` where it isn't told.
    pub shards_acknowledged: Option<bool>,
}

impl Acknowledged {
    /// `{"acknowledged":true}`
    pub const DONE: Self = Self {
        acknowledged: true,
        shards_acknowledged: None,
    };

    /// Writes the whole body.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.field_bool("acknowledged", self.acknowledged);
        if let Some(shards) = self.shards_acknowledged {
            out.field_bool("shards_acknowledged", shards);
        }
        out.end_object();
    }
}

/// The answer of an operation over shards: `{"_shards":{"total":…,"successful":…,"failed":…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BroadcastResponse {
    /// The shards.
    pub shards: ShardCounts,
}

impl BroadcastResponse {
    /// Writes the whole body.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.key("_shards");
        self.shards.render(out);
        out.end_object();
    }
}

/// One shard of one index: what the parts of an operation over shards are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardId {
    /// Name of the index.
    pub index: String,
    /// Its uuid.
    pub uuid: String,
    /// Number of the shard.
    pub shard: u32,
}

impl std::fmt::Display for ShardId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}][{}]", self.index, self.shard)
    }
}

/// The indices that an operation is about.
pub type Target = IndexExpression;
