//! `indices:admin/create` and `indices:admin/auto_create`: makes an index.

use crate::{
    Node,
    action::{Action, Spec},
    actions::{documents::ActiveShards, table},
    metadata::{self, Alias, SettingsChange},
};
use glasswork_content::{Failure, Node as Json, Render, Value};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

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
        task: Task,
        request: CreateIndexRequest,
    ) -> Result<CreateIndexResponse, Failure> {
        let _ = (node, task, request);
        todo!()
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

    async fn run(node: Arc<Node>, task: Task, request: AutoCreateRequest) -> Result<(), Failure> {
        let _ = (node, task, request);
        todo!()
    }
}
