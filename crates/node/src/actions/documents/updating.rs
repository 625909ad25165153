//! How a document is changed by its own request.

use crate::{
    Node,
    metadata::{WriteTarget, dated},
};
use glasswork_content::{Failure, Kind};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{
    Bulk, BulkRequest, DocumentResponse, Operation, UpdateRequest, UpdateShard, WriteItem,
    WriteOptions,
    changing::{Changed, change_on_pool},
    routing::{Routed, Targets, route, target},
    step::{noop, shown},
    writing::{make_missing, primary_of},
};

/// An update of a document of one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardUpdate {
    pub(crate) uuid: String,
    pub(crate) shard: u32,
    pub(crate) item: WriteItem,
    pub(crate) options: WriteOptions,
}

pub(super) async fn update(
    node: Arc<Node>,
    task: Task,
    request: UpdateRequest,
) -> Result<DocumentResponse, Failure> {
    let UpdateRequest { mut item, options } = request;
    item.index = dated(&item.index)?.into_owned();
    let missing = make_missing(&node, &task, std::slice::from_ref(&item)).await;
    if let Some((_, failure)) = missing.into_iter().next() {
        return Err(failure);
    }
    let name = item.index.clone();
    let found: Option<WriteTarget> =
        target(&mut Targets::new(), &node.metadata(), &item).clone()?;
    let found = found.ok_or_else(|| Failure::index_not_found(&name))?;
    let Routed { index, shard, item } = route(&found, item).map_err(|unrouted| unrouted.1)?;
    let primary = primary_of(&node, &index.uuid, shard)?;
    let request = ShardUpdate {
        uuid: index.uuid.to_string(),
        shard,
        item: item.item,
        options,
    };
    node.call::<UpdateShard>(&task, &primary, request).await
}

/// Reads the document, decides, and writes what it is to be on the condition that nobody came before; with retries, again.
pub(super) async fn update_on_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardUpdate,
) -> Result<DocumentResponse, Failure> {
    let shard = node.shard(&request.uuid, request.shard).await?;
    let item = &request.item;
    let Operation::Update(update) = &item.operation else {
        return Err(Failure::illegal_argument("an update must be an update"));
    };
    let mut retries = update.retry_on_conflict;
    loop {
        let (found, changed) = change_on_pool(&node, &task, &shard, item, update).await?;
        let (operation, source) = match changed {
            Changed::Nothing(source) => return Ok(noop(&shard, item, found.as_ref(), &source)),
            Changed::Delete => (Operation::Delete, None),
            Changed::Put(source) if found.is_none() => {
                (Operation::Create(source.clone()), Some(source))
            }
            Changed::Put(source) => (Operation::Index(source.clone()), Some(source)),
        };
        let write = WriteItem {
            routing: item.routing.clone(),
            if_seq_no: found.as_ref().map(|found| found.seq_no),
            if_primary_term: found.as_ref().map(|found| found.primary_term),
            ..WriteItem::new(&**shard.index(), item.id.clone(), operation)
        };
        match write_one(&node, &task, write, request.options).await {
            Err(failure) if failure.kind == Kind::VersionConflict && retries > 0 => retries -= 1,
            Err(failure) => return Err(failure),
            Ok(mut response) => {
                response.get = source.and_then(|source| shown(item, &source, &response));
                return Ok(response);
            }
        }
    }
}

async fn write_one(
    node: &Arc<Node>,
    task: &Task,
    item: WriteItem,
    options: WriteOptions,
) -> Result<DocumentResponse, Failure> {
    let bulk = BulkRequest {
        items: vec![item],
        options,
    };
    let response = node.child::<Bulk>(task, bulk).await?;
    match response.items.into_iter().next() {
        Some(item) => item.result.map_err(|failed| *failed.failure),
        None => Err(Failure::illegal_state("the update gave no answer")),
    }
}
