//! How a document is changed by its own request.

use crate::{
    Node,
    metadata::{WriteTarget, dated},
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{
    Bulk, BulkRequest, DocumentResponse, UpdateRequest, UpdateShard, WriteItem, WriteOptions,
    routing::{Routed, Targets, route, target},
    writing::{make_missing, primary_of},
};

/// An update of a document of one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardUpdate {
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
    if let Some((_, failure)) = make_missing(&node, &task, std::slice::from_ref(&item))
        .await
        .into_iter()
        .next()
    {
        return Err(failure);
    }
    let name = item.index.clone();
    let found: Option<WriteTarget> =
        target(&mut Targets::new(), &node.metadata(), &item).clone()?;
    let found = found.ok_or_else(|| Failure::index_not_found(&name))?;
    let Routed { index, shard, item } = route(&found, item).map_err(|unrouted| unrouted.1)?;
    let primary = primary_of(&node, &index.uuid, shard)?;
    node.call::<UpdateShard>(
        &task,
        &primary,
        ShardUpdate {
            item: item.item,
            options,
        },
    )
    .await
}

/// The bulk of one update: it reads the document, decides, and writes with the condition that nobody came before.
pub(super) async fn update_on_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardUpdate,
) -> Result<DocumentResponse, Failure> {
    let bulk = BulkRequest {
        items: vec![request.item],
        options: request.options,
    };
    let response = node.child::<Bulk>(&task, bulk).await?;
    match response.items.into_iter().next() {
        Some(item) => item.result.map_err(|failed| *failed.failure),
        None => Err(Failure::illegal_state("the update gave no answer")),
    }
}
