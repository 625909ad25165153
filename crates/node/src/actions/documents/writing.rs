//! How writes find their shards.

use crate::{
    Node,
    actions::indices,
    metadata::{Index, dated},
};
use futures_util::future::join_all;
use glasswork_content::{Failure, Kind};
use glasswork_tasks::{NodeId, Task};
use hashbrown::HashMap;
use std::{collections::BTreeSet, sync::Arc, time::Instant};

use super::{
    ActiveShards, BulkItemFailure, BulkItemResponse, BulkPrimary, BulkRequest, BulkResponse,
    BulkShard, DocumentResponse, OperationKind, ShardBulk, ShardBulkResponse, WriteItem,
    WriteOptions,
    bulk::ShardItem,
    phase::{Phase, Phases},
    routing::{Routed, Targets, route, target},
};

pub(super) async fn bulk(
    node: Arc<Node>,
    task: Task,
    request: BulkRequest,
) -> Result<BulkResponse, Failure> {
    let started = Instant::now();
    let kinds: Vec<OperationKind> = request
        .items
        .iter()
        .map(|item| item.operation.kind())
        .collect();
    let results = write_all(&node, &task, request.items, request.options).await;
    let items = kinds
        .into_iter()
        .zip(results)
        .map(|(kind, result)| BulkItemResponse { kind, result })
        .collect();
    let took_millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(BulkResponse { took_millis, items })
}

type ItemResult = Result<DocumentResponse, BulkItemFailure>;

/// Makes missing indices, sends each item to its shard and gives the results in the order of the items.
pub(super) async fn write_all(
    node: &Arc<Node>,
    task: &Task,
    items: Vec<WriteItem>,
    options: WriteOptions,
) -> Vec<ItemResult> {
    let mut items = items;
    for item in items.iter_mut().filter(|item| item.index.starts_with('<')) {
        // What can't be read is refused as a name below.
        if let Ok(name) = dated(&item.index) {
            item.index = name.into_owned();
        }
    }
    let refused = make_missing(node, task, &items).await;
    let metadata = node.metadata();
    let mut targets = Targets::new();
    let mut results: Vec<Option<ItemResult>> = items.iter().map(|_| None).collect();
    let mut groups: HashMap<(Arc<str>, u32), Group> = HashMap::new();
    for (place, item) in items.into_iter().enumerate() {
        let found = match refused.get(&item.index) {
            Some(failure) => Err(failure.clone()),
            None => match target(&mut targets, &metadata, &item) {
                Ok(Some(target)) => Ok(target.clone()),
                Ok(None) => Err(Failure::index_not_found(&item.index)),
                Err(failure) => Err(failure.clone()),
            },
        };
        let found = found.and_then(|target| {
            enough_copies(
                &target.index,
                options.wait_for_active_shards,
                options.timeout,
            )?;
            Ok(target)
        });
        let routed = match found {
            Ok(target) => route(&target, item),
            Err(failure) => Err(Box::new((item, failure))),
        };
        match routed {
            Ok(Routed { index, shard, item }) => {
                let key = (Arc::clone(&index.uuid), shard);
                let group = groups.entry(key).or_insert_with(|| Group {
                    index,
                    places: Vec::new(),
                    items: Vec::new(),
                });
                group.places.push(place);
                group.items.push(item);
            }
            Err(unrouted) => {
                let (item, failure) = *unrouted;
                results[place] = Some(Err(failed(&item.index, item.id, failure)));
            }
        }
    }
    let parts = groups.into_iter().map(|((_, shard), group)| async move {
        let Group {
            index,
            places,
            items,
        } = group;
        let ids: Vec<Option<String>> = items.iter().map(|item| item.item.id.clone()).collect();
        let request = ShardBulk {
            index: index.name.to_string(),
            uuid: index.uuid.to_string(),
            shard,
            items,
            options,
        };
        let answers = node.child::<BulkShard>(task, request).await;
        (index, places, ids, answers)
    });
    for (index, places, ids, answers) in join_all(parts).await {
        let answers =
            answers.unwrap_or_else(|failure| ids.iter().map(|_| Err(failure.clone())).collect());
        for ((place, id), answer) in places.into_iter().zip(ids).zip(answers) {
            results[place] = Some(answer.map_err(|failure| failed(&index.name, id, failure)));
        }
    }
    let unanswered = || Failure::illegal_state("the shard gave no answer for this item");
    let answered =
        |result: Option<ItemResult>| result.unwrap_or_else(|| Err(failed("", None, unanswered())));
    results.into_iter().map(answered).collect()
}

fn failed(index: &str, id: Option<String>, failure: Failure) -> BulkItemFailure {
    BulkItemFailure {
        index: index.to_owned(),
        id,
        failure: Box::new(failure),
    }
}

/// The items for one shard.
struct Group {
    index: Arc<Index>,
    /// Their places in the request.
    places: Vec<usize>,
    items: Vec<ShardItem>,
}

/// Makes the indices that are written to and missing; gives those that can't be made, and why.
pub(super) async fn make_missing(
    node: &Arc<Node>,
    task: &Task,
    items: &[WriteItem],
) -> HashMap<String, Failure> {
    let metadata = node.metadata();
    let mut missing = BTreeSet::new();
    let mut last = None;
    for item in items {
        // The items of one index mostly stand together.
        if last == Some(&item.index) || item.require_alias {
            continue;
        }
        last = Some(&item.index);
        if metadata.index(&item.index).is_none()
            && metadata.indices_of_alias(&item.index).is_empty()
        {
            missing.insert(item.index.clone());
        }
    }
    let making = missing.into_iter().map(|index| async move {
        let request = indices::AutoCreateRequest {
            index: index.clone(),
        };
        let made = node.child::<indices::AutoCreate>(task, request).await;
        made.err().map(|failure| (index, failure))
    });
    join_all(making).await.into_iter().flatten().collect()
}

/// Refuses a write that asks for more copies than there can be: only primaries are assigned.
fn enough_copies(
    index: &Index,
    wanted: ActiveShards,
    timeout: std::time::Duration,
) -> Result<(), Failure> {
    let wanted = match wanted {
        ActiveShards::Default => match index.settings.text("index.write.wait_for_active_shards") {
            None => return Ok(()),
            Some("all") => index.copies(),
            Some(text) => text.parse().unwrap_or(1),
        },
        ActiveShards::Count(count) => count,
        ActiveShards::All => index.copies(),
    };
    if wanted <= 1 {
        return Ok(());
    }
    let timeout = glasswork_content::text::duration_text(timeout.as_nanos());
    Err(Failure::new(
        Kind::UnavailableShards,
        format!(
            "[{}][0] Not enough active copies to meet shard count of [{wanted}] (have 1, needed {wanted}). Timeout: [{timeout}]",
            index.name
        ),
    ))
}

pub(super) async fn bulk_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardBulk,
) -> Result<ShardBulkResponse, Failure> {
    let phases = Phases::of(&task, Phase::Routing);
    let primary = primary_of(&node, &request.uuid, request.shard)?;
    let answers = if primary == *node.id() {
        phases.enter(Phase::WaitingOnPrimary);
        node.call::<BulkPrimary>(&task, &primary, request).await
    } else {
        // The node of the primary routes once more, by what it knows.
        phases.enter(Phase::Rerouted);
        node.forward::<BulkShard>(&task, &primary, request, None)
            .await
    };
    phases.enter(Phase::Finished);
    answers
}

/// The node that has the primary of a shard.
pub(crate) fn primary_of(node: &Node, uuid: &str, shard: u32) -> Result<NodeId, Failure> {
    let metadata = node.metadata();
    let index = metadata
        .index_of_uuid(uuid)
        .ok_or_else(|| Failure::index_not_found(uuid))?;
    let place = index.shards.get(shard as usize).ok_or_else(|| {
        Failure::new(
            Kind::ShardNotFound,
            format!("no such shard [{}][{shard}]", index.name),
        )
    })?;
    Ok(NodeId::from(place.primary.as_str()))
}
