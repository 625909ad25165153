//! Where the writes of a request go: index and shard of each item.

use crate::metadata::{Index, Metadata, WriteTarget};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use glasswork_content::{Failure, Kind};
use hashbrown::HashMap;
use std::sync::Arc;

use super::{Operation, WriteItem, bulk::ShardItem};

/// Where one item goes.
pub(super) struct Routed {
    pub(super) index: Arc<Index>,
    pub(super) shard: u32,
    pub(super) item: ShardItem,
}

/// An item that can't be routed, and why.
pub(super) type Unrouted = Box<(WriteItem, Failure)>;

/// What a name stands for, kept for the items of one request.
pub(super) type Targets = HashMap<(String, bool), Result<Option<WriteTarget>, Failure>>;

/// The target of an item's name.
pub(super) fn target<'a>(
    targets: &'a mut Targets,
    metadata: &Metadata,
    item: &WriteItem,
) -> &'a Result<Option<WriteTarget>, Failure> {
    targets
        .entry((item.index.clone(), item.require_alias))
        .or_insert_with(|| {
            let target = metadata.write_target(&item.index, item.require_alias)?;
            if let Some(target) = &target {
                target
                    .index
                    .options
                    .blocks
                    .check_write(&target.index.name)?;
            }
            Ok(target)
        })
}

/// Finds the shard of an item, giving it an id if it has none.
pub(super) fn route(target: &WriteTarget, mut item: WriteItem) -> Result<Routed, Unrouted> {
    let index = &target.index;
    if let Some(fixed) = target
        .alias
        .as_ref()
        .and_then(|alias| alias.index_routing.as_ref())
    {
        if let Some(given) = item.routing.as_ref().filter(|given| *given != fixed) {
            let why = format!(
                "Alias [{}] has index routing associated with it [{fixed}], and was provided with routing value [{given}], rejecting operation",
                item.index
            );
            return Err(Box::new((item, Failure::illegal_argument(why))));
        }
        item.routing = Some(fixed.clone());
    }
    if item.routing.is_none() && index.mapping.routing_required() {
        let failure = routing_missing(&index.name, item.id.as_deref().unwrap_or("null"));
        return Err(Box::new((item, failure)));
    }
    let auto_id =
        item.id.is_none() && matches!(item.operation, Operation::Index(_) | Operation::Create(_));
    let id = item.id.get_or_insert_with(new_id);
    let shard = index.shard_of(id, item.routing.as_deref());
    Ok(Routed {
        index: Arc::clone(index),
        shard,
        item: ShardItem { item, auto_id },
    })
}

/// 400 `routing_missing_exception`.
pub(super) fn routing_missing(index: &str, id: &str) -> Failure {
    Failure::new(
        Kind::RoutingMissing,
        format!("routing is required for [{index}]/[{id}]"),
    )
    .with_text("index", index)
}

/// A new id: 20 characters.
fn new_id() -> String {
    let mut bytes = [0; 15];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    // As the ids of nodes and indices: none begins with a dash.
    bytes[0] &= 0x7f;
    URL_SAFE_NO_PAD.encode(bytes)
}
