//! How documents are read by their ids.

use crate::{Node, metadata::Index, shards::LocalShard};
use bytes::Bytes;
use futures_util::future::join_all;
use glasswork_content::{Failure, Limits, Node as Json, Value, parse};
use glasswork_search::{filter_source, mapping::Mapping, request::SourceFilter as Paths};
use glasswork_tasks::Task;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{
    FoundDocument, GetRequest, GetResponse, GetShard, MultiGetItem, MultiGetRequest,
    MultiGetResponse, MultiGetShard, MultiGetShardPart, SourceFilter, primary::conflict,
    routing::routing_missing, writing::primary_of,
};

/// A get of a document of one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardGet {
    pub(crate) uuid: String,
    pub(crate) shard: u32,
    pub(crate) get: GetRequest,
}

/// Gets of documents of one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardMultiGet {
    pub(crate) uuid: String,
    pub(crate) shard: u32,
    pub(crate) gets: Vec<GetRequest>,
}

/// The places of documents in the request, and the gets of them.
type Group = (Vec<usize>, Vec<GetRequest>);

type ShardAnswers = Vec<Result<GetResponse, Failure>>;

pub(super) async fn get(
    node: Arc<Node>,
    task: Task,
    request: GetRequest,
) -> Result<GetResponse, Failure> {
    let (index, shard, get) = route(&node, request)?;
    let primary = primary_of(&node, &index.uuid, shard)?;
    let request = ShardGet {
        uuid: index.uuid.to_string(),
        shard,
        get,
    };
    node.call::<GetShard>(&task, &primary, request).await
}

/// Finds the shard of a document.
fn route(node: &Node, mut get: GetRequest) -> Result<(Arc<Index>, u32, GetRequest), Failure> {
    let target = node.metadata().single(&get.index)?;
    let index = target.index;
    index.options.blocks.check_read(&index.name)?;
    if get.routing.is_none() {
        get.routing = target.alias.and_then(|alias| alias.search_routing.clone());
    }
    if get.routing.is_none() && index.mapping.routing_required() {
        return Err(routing_missing(&index.name, &get.id));
    }
    // Refused here, so that reading can't fail for it.
    paths(&get.source)?;
    let shard = index.shard_of(&get.id, get.routing.as_deref());
    Ok((index, shard, get))
}

pub(super) async fn get_on_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardGet,
) -> Result<GetResponse, Failure> {
    let shard = node.shard(&request.uuid, request.shard).await?;
    let work = move |_: &Task| {
        if request.get.refresh {
            shard.refresh()?;
        }
        look_up(&shard, &request.get)
    };
    node.pools().search.run(&task, work).await
}

fn look_up(shard: &LocalShard, get: &GetRequest) -> Result<GetResponse, Failure> {
    let found = match get.realtime {
        true => shard.engine().get(&get.id),
        false => shard.engine().get_from_view(&get.id),
    };
    let found = found.map_err(|error| shard.failure(&error))?;
    let mut response = GetResponse {
        index: shard.index().to_string(),
        id: get.id.clone(),
        found: None,
    };
    let Some(found) = found else {
        return Ok(response);
    };
    let version = i64::try_from(found.version).unwrap_or(i64::MAX);
    if let Some(wanted) = get.version.filter(|wanted| *wanted != version) {
        let why = format!(
            "[{}]: version conflict, current version [{version}] is different than the one provided [{wanted}]",
            get.id
        );
        return Err(conflict(shard, why));
    }
    let newest = shard.versions().newest();
    let fields = stored_fields(&newest.mapping, &get.stored_fields, &found.source)?;
    let kept = newest.mapping.source();
    let mut source = (get.source.fetch && !kept.disabled).then_some(found.source);
    if !(kept.includes.is_empty() && kept.excludes.is_empty()) {
        let kept = SourceFilter {
            fetch: true,
            includes: kept.includes,
            excludes: kept.excludes,
        };
        source = source.map(|source| filtered(&source, &kept)).transpose()?;
    }
    response.found = Some(FoundDocument {
        version,
        seq_no: found.seq_no,
        primary_term: found.primary_term,
        routing: found.routing.map(String::from),
        source: source
            .map(|source| filtered(&source, &get.source))
            .transpose()?,
        fields,
    });
    Ok(response)
}

/// The values of those fields that are kept apart from the source. They are read from it all the same: it has them.
fn stored_fields(
    mapping: &Mapping,
    wanted: &[String],
    source: &Bytes,
) -> Result<Vec<(String, Json)>, Failure> {
    let stored = |path: &&String| mapping.field(path).is_some_and(|field| field.is_stored());
    let mut wanted: Vec<&String> = wanted.iter().filter(stored).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let tree = parse(source, &Limits::DEFAULT)?;
    let mut fields = Vec::new();
    for path in wanted {
        let mut values = Vec::new();
        collect_values(&tree, path, &mut values);
        if values.is_empty()
            && let Some((parent, _)) = path.rsplit_once('.')
            && mapping.field(parent).is_some()
        {
            collect_values(&tree, parent, &mut values);
        }
        if !values.is_empty() {
            fields.push((path.clone(), Json::from(Value::Array(values))));
        }
    }
    Ok(fields)
}

/// Every scalar at a path of names, through arrays; a name may have dots itself.
fn collect_values(tree: &Json, path: &str, values: &mut Vec<Json>) {
    let mut open = vec![(tree, path)];
    while let Some((node, path)) = open.pop() {
        match &node.value {
            Value::Array(elements) => {
                open.extend(elements.iter().rev().map(|element| (element, path)));
            }
            Value::Object(object) => {
                for (name, child) in object.iter().rev() {
                    match path.strip_prefix(name) {
                        Some("") => open.push((child, "")),
                        Some(rest) if rest.starts_with('.') => open.push((child, &rest[1..])),
                        _ => {}
                    }
                }
            }
            Value::Null => {}
            _ if path.is_empty() => values.push(node.clone()),
            _ => {}
        }
    }
}

fn paths(filter: &SourceFilter) -> Result<Paths, Failure> {
    Paths::of(filter.includes.clone(), filter.excludes.clone())
}

/// What a filter leaves of a source; a whole one stays byte for byte.
pub(super) fn filtered(source: &Bytes, filter: &SourceFilter) -> Result<Bytes, Failure> {
    if filter.includes.is_empty() && filter.excludes.is_empty() {
        return Ok(source.clone());
    }
    let tree = parse(source, &Limits::DEFAULT)?;
    Ok(filter_source(&tree, &paths(filter)?).to_json().into())
}

pub(super) async fn mget(
    node: Arc<Node>,
    task: Task,
    request: MultiGetRequest,
) -> Result<MultiGetResponse, Failure> {
    let asked: Vec<(String, String)> = request
        .docs
        .iter()
        .map(|get| (get.index.clone(), get.id.clone()))
        .collect();
    let mut results: Vec<Option<Result<GetResponse, Failure>>> =
        asked.iter().map(|_| None).collect();
    let mut groups: HashMap<(Arc<str>, u32), Group> = HashMap::new();
    for (place, get) in request.docs.into_iter().enumerate() {
        let get = GetRequest {
            realtime: request.realtime,
            refresh: request.refresh,
            ..get
        };
        match route(&node, get) {
            Ok((index, shard, get)) => {
                let (places, gets) = groups.entry((Arc::clone(&index.uuid), shard)).or_default();
                places.push(place);
                gets.push(get);
            }
            Err(failure) => results[place] = Some(Err(failure)),
        }
    }
    let parts = groups.into_iter().map(|((uuid, shard), (places, gets))| {
        let (node, task) = (&node, &task);
        async move {
            let request = ShardMultiGet {
                uuid: uuid.to_string(),
                shard,
                gets,
            };
            (places, node.child::<MultiGetShard>(task, request).await)
        }
    });
    for (places, answers) in join_all(parts).await {
        let answers =
            answers.unwrap_or_else(|failure| places.iter().map(|_| Err(failure.clone())).collect());
        for (place, answer) in places.into_iter().zip(answers) {
            results[place] = Some(answer);
        }
    }
    let unanswered = || {
        Err(Failure::illegal_state(
            "the shard gave no answer for this document",
        ))
    };
    let docs = results.into_iter().zip(asked).map(|(result, (index, id))| {
        match result.unwrap_or_else(unanswered) {
            Ok(response) => MultiGetItem::Done(response),
            Err(failure) => MultiGetItem::Failed { index, id, failure },
        }
    });
    Ok(MultiGetResponse {
        docs: docs.collect(),
    })
}

pub(super) async fn mget_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardMultiGet,
) -> Result<ShardAnswers, Failure> {
    let primary = primary_of(&node, &request.uuid, request.shard)?;
    node.call::<MultiGetShardPart>(&task, &primary, request)
        .await
}

pub(super) async fn mget_on_shard(
    node: Arc<Node>,
    task: Task,
    request: ShardMultiGet,
) -> Result<ShardAnswers, Failure> {
    let shard = node.shard(&request.uuid, request.shard).await?;
    let work = move |_: &Task| {
        if request.gets.iter().any(|get| get.refresh) {
            shard.refresh()?;
        }
        Ok(request
            .gets
            .iter()
            .map(|get| look_up(&shard, get))
            .collect())
    };
    node.pools().search.run(&task, work).await
}
