//! Documents: writing, reading, changing them, one or many at a time.

mod bulk;
mod bulk_body;
mod changing;
mod delete;
mod get;
mod index;
mod item;
mod mget;
mod parsing;
mod phase;
mod primary;
mod reading;
mod response;
mod routing;
mod single;
mod source_filter;
mod step;
mod update;
mod updating;
mod writing;

pub use bulk::{Bulk, BulkItemFailure, BulkItemResponse, BulkRequest, BulkResponse};
pub use bulk_body::BulkDefaults;
pub use delete::{DeleteDocument, DeleteRequest};
pub use get::{FoundDocument, GetDocument, GetRequest, GetResponse};
pub use index::{IndexDocument, IndexRequest};
pub use item::{
    ActiveShards, MAX_ID_BYTES, Operation, OperationKind, Refresh, VersionType, WriteItem,
    WriteOptions,
};
pub use mget::{MultiGet, MultiGetDefaults, MultiGetItem, MultiGetRequest, MultiGetResponse};
pub use response::{DocumentResponse, Outcome, ShardCounts, UpdatedSource};
pub use source_filter::SourceFilter;
pub use update::{Update, UpdateDocument, UpdateRequest, UpdateScript};

pub(crate) use bulk::{BulkPrimary, BulkShard, ShardBulk, ShardBulkResponse};
pub(crate) use changing::TaskHost;
pub(crate) use get::GetShard;
pub(crate) use mget::{MultiGetShard, MultiGetShardPart};
pub(crate) use update::UpdateShard;

pub(crate) use phase::{Phase, Phases};
pub(crate) use writing::primary_of;

use glasswork_content::Failure;

/// The validation of a request for one document.
fn validate(item: &WriteItem) -> Result<(), Failure> {
    let problems = item.problems();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::validation(problems))
    }
}
