//! `indices:data/write/bulk`: many writes in one request.

use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
};
use glasswork_content::{Failure, Render};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

use super::{DocumentResponse, OperationKind, Refresh, WriteItem, WriteOptions};

/// `POST [/{index}]/_bulk`. [`BulkRequest::parse`](super::bulk_body) reads the body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkRequest {
    /// The writes; those of one shard are done in order.
    pub items: Vec<WriteItem>,
    /// `refresh`, `timeout`, `wait_for_active_shards`.
    pub options: WriteOptions,
}

/// What became of each item, in the order of the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkResponse {
    /// How long it took, in milliseconds.
    pub took_millis: u64,
    /// One for each item.
    pub items: Vec<BulkItemResponse>,
}

impl BulkResponse {
    /// Whether an item failed.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.items.iter().any(|item| item.result.is_err())
    }

    /// Writes the whole body.
    ///
    /// # Errors
    /// When a source is no JSON, which a stored one is.
    pub fn render(&self, out: &mut Render) -> Result<(), Failure> {
        out.object();
        out.field_unsigned("took", self.took_millis);
        out.field_bool("errors", self.has_failures());
        out.field_array("items");
        for item in &self.items {
            item.render(out)?;
        }
        out.end_array();
        out.end_object();
        Ok(())
    }
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkItemResponse {
    /// What was to be done.
    pub kind: OperationKind,
    /// What was done, or why not.
    pub result: Result<DocumentResponse, BulkItemFailure>,
}

/// Why an item was not done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkItemFailure {
    /// The index as it was given, or the one behind the alias.
    pub index: String,
    /// The document; `None` when it had no id yet.
    pub id: Option<String>,
    /// Why.
    pub failure: Box<Failure>,
}

impl BulkItemResponse {
    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &self.result {
            Ok(done) => done.outcome.status(),
            Err(failed) => failed.failure.status(),
        }
    }

    fn render(&self, out: &mut Render) -> Result<(), Failure> {
        out.object();
        out.field_object(self.kind.as_str());
        match &self.result {
            Ok(done) => {
                done.render_fields(out)?;
                out.field_unsigned("status", u64::from(self.status()));
            }
            Err(failed) => {
                out.field_str("_index", &failed.index);
                match &failed.id {
                    Some(id) => out.field_str("_id", id),
                    None => out.field_null("_id"),
                }
                out.field_unsigned("status", u64::from(self.status()));
                out.key("error");
                failed.failure.render(out);
            }
        }
        out.end_object();
        out.end_object();
        Ok(())
    }
}

/// Does many writes.
#[derive(Debug)]
pub struct Bulk;

impl Action for Bulk {
    const SPEC: &'static Spec = &table::BULK;
    type Request = BulkRequest;
    type Response = BulkResponse;

    fn validate(request: &BulkRequest) -> Result<(), Failure> {
        if request.items.is_empty() {
            return Err(Failure::validation(["no requests added"]));
        }
        let problems: Vec<String> = request
            .items
            .iter()
            .flat_map(|item| {
                let missing = item.index.is_empty().then(|| "index is missing".to_owned());
                missing.into_iter().chain(item.problems())
            })
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Failure::validation(problems))
        }
    }

    fn describe(request: &BulkRequest) -> Description {
        let mut indices: Vec<&str> = Vec::new();
        for item in &request.items {
            // Most bulks write to one index, and the items of one index mostly stand together.
            if indices.last() != Some(&item.index.as_str())
                && !indices.contains(&item.index.as_str())
            {
                indices.push(&item.index);
            }
        }
        let indices: Vec<String> = indices
            .into_iter()
            .map(|name| if name.is_empty() { "null" } else { name }.to_owned())
            .collect();
        let count = request.items.len();
        Some(Arc::new(move |out: &mut dyn Write| {
            write!(out, "requests[{count}], indices[{}]", indices.join(", "))
        }))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: BulkRequest,
    ) -> Result<BulkResponse, Failure> {
        super::writing::bulk(node, task, request).await
    }
}

/// The writes of a bulk (or the one of a single-document request) for one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardBulk {
    /// Name of the index.
    pub(crate) index: String,
    /// Its uuid.
    pub(crate) uuid: String,
    /// The shard.
    pub(crate) shard: u32,
    /// The writes; each has an id by now.
    pub(crate) items: Vec<ShardItem>,
    /// Shared options.
    pub(crate) options: WriteOptions,
}

/// A write that has an id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardItem {
    pub(crate) item: WriteItem,
    /// The id was made up by this cluster: no document can have it.
    pub(crate) auto_id: bool,
}

impl ShardBulk {
    fn description(&self) -> Description {
        let (count, index, shard, refresh) = (
            self.items.len(),
            self.index.clone(),
            self.shard,
            self.options.refresh,
        );
        Some(Arc::new(move |out: &mut dyn Write| {
            describe(out, count, &index, shard, refresh)
        }))
    }
}

fn describe(
    out: &mut dyn Write,
    count: usize,
    index: &str,
    shard: u32,
    refresh: Refresh,
) -> std::fmt::Result {
    write!(
        out,
        "requests[{count}], index[{index}][{shard}]{}",
        refresh.describe()
    )
}

/// What became of the writes for one shard, in their order.
pub(crate) type ShardBulkResponse = Vec<Result<DocumentResponse, Failure>>;

/// `indices:data/write/bulk[s]`: finds the primary and has it do the writes.
#[derive(Debug)]
pub(crate) struct BulkShard;

impl Action for BulkShard {
    const SPEC: &'static Spec = &table::BULK_SHARD;
    type Request = ShardBulk;
    type Response = ShardBulkResponse;

    fn describe(request: &ShardBulk) -> Description {
        request.description()
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: ShardBulk,
    ) -> Result<ShardBulkResponse, Failure> {
        super::writing::bulk_shard(node, task, request).await
    }
}

/// `indices:data/write/bulk[s][p]`: does the writes on the primary.
#[derive(Debug)]
pub(crate) struct BulkPrimary;

impl Action for BulkPrimary {
    const SPEC: &'static Spec = &table::BULK_PRIMARY;
    type Request = ShardBulk;
    type Response = ShardBulkResponse;

    fn describe(request: &ShardBulk) -> Description {
        request.description()
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: ShardBulk,
    ) -> Result<ShardBulkResponse, Failure> {
        super::primary::write(node, task, request).await
    }
}
