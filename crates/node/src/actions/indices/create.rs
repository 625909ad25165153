//! `indices:admin/create` and `indices:admin/auto_create`: makes an index.

use crate::{
    Node,
    action::{Action, Spec},
    actions::{documents::ActiveShards, table},
    metadata::{self, Alias, Index, NewIndex, SettingsChange},
};
use glasswork_content::{Failure, Kind, Node as Json, Render, Value};
use glasswork_search::mapping::wildcard;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// `PUT /{index}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreateIndexRequest {
    /// Its name.
    pub index: String,
    /// Its settings, with the prefix `index.`.
    pub settings: SettingsChange,
    /// Its mapping, as the body has it.
    pub mappings: Option<Json>,
    /// Its aliases.
    pub aliases: BTreeMap<String, Alias>,
    /// `wait_for_active_shards`
    pub wait_for_active_shards: ActiveShards,
}

impl CreateIndexRequest {
    /// An index with nothing said about it.
    #[must_use]
    pub fn new(index: impl Into<String>) -> Self {
        Self {
            index: index.into(),
            settings: SettingsChange::new(),
            mappings: None,
            aliases: BTreeMap::new(),
            wait_for_active_shards: ActiveShards::Default,
        }
    }

    /// Reads a body with `settings`, `mappings` and `aliases`.
    ///
    /// # Errors
    /// 400 `parse_exception`: `unknown key [foo] for create index` and the like.
    pub fn parse(index: impl Into<String>, body: &Json) -> Result<Self, Failure> {
        let mut request = Self::new(index);
        let Some(object) = body.as_object() else {
            return Err(Failure::parse("Failed to parse content to map"));
        };
        for (key, node) in object.iter() {
            let Value::Object(part) = &node.value else {
                if ["settings", "mappings", "aliases"].contains(&key) {
                    return Err(Failure::parse(format!("key [{key}] must be an object")));
                }
                return Err(Failure::parse(format!(
                    "unknown key [{key}] for create index"
                )));
            };
            match key {
                "settings" => request.settings = metadata::parse_settings(node, "index.")?,
                "mappings" => request.mappings = Some(node.clone()),
                "aliases" => {
                    for (name, alias) in part.iter() {
                        request
                            .aliases
                            .insert(name.to_owned(), Alias::parse(name, alias)?);
                    }
                }
                _ => {
                    return Err(Failure::parse(format!(
                        "unknown key [{key}] for create index"
                    )));
                }
            }
        }
        Ok(request)
    }
}

/// An index that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateIndexResponse {
    /// Every node knows.
    pub acknowledged: bool,
    /// Its shards are there.
    pub shards_acknowledged: bool,
    /// Its name.
    pub index: String,
}

impl CreateIndexResponse {
    /// Writes the whole body.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.field_bool("acknowledged", self.acknowledged);
        out.field_bool("shards_acknowledged", self.shards_acknowledged);
        out.field_str("index", &self.index);
        out.end_object();
    }
}

/// Makes an index.
#[derive(Debug)]
pub struct CreateIndex;

impl Action for CreateIndex {
    const SPEC: &'static Spec = &table::CREATE_INDEX;
    type Request = CreateIndexRequest;
    type Response = CreateIndexResponse;

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: CreateIndexRequest,
    ) -> Result<CreateIndexResponse, Failure> {
        let wanted = request.wait_for_active_shards;
        let new = NewIndex {
            name: metadata::dated(&request.index)?.into_owned(),
            settings: request.settings,
            mappings: request.mappings,
            aliases: request.aliases,
        };
        let index = make(&node, new).await?;
        let copies = match wanted {
            ActiveShards::Default => 1,
            ActiveShards::Count(count) => count,
            ActiveShards::All => index.copies(),
        };
        Ok(CreateIndexResponse {
            acknowledged: true,
            shards_acknowledged: copies <= 1,
            index: index.name.to_string(),
        })
    }
}

/// The index that a write needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AutoCreateRequest {
    pub(crate) index: String,
}

/// Makes the index that a write needs, if it is not there by now.
#[derive(Debug)]
pub(crate) struct AutoCreate;

impl Action for AutoCreate {
    const SPEC: &'static Spec = &table::AUTO_CREATE;
    type Request = AutoCreateRequest;
    type Response = ();

    async fn run(node: Arc<Node>, _task: Task, request: AutoCreateRequest) -> Result<(), Failure> {
        may_be_made(&node, &request.index)?;
        let new = NewIndex {
            name: request.index.clone(),
            ..NewIndex::default()
        };
        match make(&node, new).await {
            Err(failure) if failure.kind == Kind::ResourceAlreadyExists => {
                shows(&node, &request.index).await
            }
            made => made.map(drop),
        }
    }
}

/// How long to wait until an index shows here that another node has just made.
const SHOWS_WITHIN: Duration = Duration::from_secs(30);

/// Waits until an index (or alias) that is said to exist shows in this node's metadata.
pub(crate) async fn shows(node: &Node, index: &str) -> Result<(), Failure> {
    let is_there = |metadata: &metadata::Metadata| {
        let there = metadata.index(index).is_some() || !metadata.indices_of_alias(index).is_empty();
        there.then_some(())
    };
    let shown = node.metadata_store().wait_for(SHOWS_WITHIN, is_there).await;
    shown.ok_or_else(|| {
        let why = format!("index [{index}] was made by another node and does not show");
        Failure::new(Kind::ProcessClusterEventTimeout, why)
    })
}

/// Makes the index, and opens those of its shards that lie here.
async fn make(node: &Arc<Node>, new: NewIndex) -> Result<Arc<Index>, Failure> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let nodes: Vec<Arc<str>> = node
        .substrate()
        .bus
        .members()
        .iter()
        .map(|member| Arc::clone(&member.node))
        .collect();
    let nodes = if nodes.is_empty() {
        vec![Arc::from(node.id().as_str())]
    } else {
        nodes
    };
    let index = node.metadata_store().create(new, &nodes, now).await?;
    for (place, shard) in index.shards.iter().zip(0_u32..) {
        if *place.primary == *node.id().as_str() {
            node.shard(&index.uuid, shard).await?;
        }
    }
    Ok(index)
}

/// Whether a write may make this index: `action.auto_create_index`.
///
/// # Errors
/// 404 `no such index [x] and [action.auto_create_index] …`.
pub(crate) fn may_be_made(node: &Node, index: &str) -> Result<(), Failure> {
    const SETTING: &str = "action.auto_create_index";
    let text = &*node.setting(SETTING);
    let refused = |why: String| {
        Failure::new(
            Kind::IndexNotFound,
            format!("no such index [{index}] and {why}"),
        )
        .with_text("index", index)
        .with_text("index_uuid", "_na_")
    };
    match text {
        "true" | "" => return Ok(()),
        "false" => return Err(refused(format!("[{SETTING}] is [false]"))),
        _ => {}
    }
    for pattern in text.split(',').map(str::trim) {
        let (makes, pattern) = match pattern.strip_prefix('-') {
            Some(rest) => (false, rest),
            None => (true, pattern.strip_prefix('+').unwrap_or(pattern)),
        };
        if wildcard(pattern, index) {
            return match makes {
                true => Ok(()),
                false => Err(refused(format!(
                    "[{SETTING}] contains [-{pattern}] which forbids automatic creation of the index"
                ))),
            };
        }
    }
    Err(refused(format!("[{SETTING}] ([{text}]) doesn't match")))
}
