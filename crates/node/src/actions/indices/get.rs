//! `indices:admin/get`: everything of indices.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::{Alias, Index, Settings, defaults_of},
};
use glasswork_content::{Failure, Node as Json};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

use super::Target;

/// `GET /{index}`, `HEAD /{index}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetIndexRequest {
    /// Which ones.
    pub target: Target,
    /// With the defaults of settings that are not set.
    pub include_defaults: bool,
}

/// Indices by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GetIndexResponse {
    /// In the order of the answer.
    pub indices: Vec<IndexDescription>,
}

/// One index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexDescription {
    /// Its name.
    pub name: String,
    /// Its aliases.
    pub aliases: BTreeMap<String, Alias>,
    /// Its mapping: the object under `mappings`.
    pub mapping: Json,
    /// Its settings.
    pub settings: Settings,
    /// Defaults of settings that are not set, if they were asked for.
    pub defaults: Option<Settings>,
}

/// Shows indices.
#[derive(Debug)]
pub struct GetIndex;

impl Action for GetIndex {
    const SPEC: &'static Spec = &table::GET_INDEX;
    type Request = GetIndexRequest;
    type Response = GetIndexResponse;

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: GetIndexRequest,
    ) -> Result<GetIndexResponse, Failure> {
        let indices = node.metadata().resolve(&request.target)?;
        let describe = |index: &Arc<Index>| {
            Ok(IndexDescription {
                name: index.name.to_string(),
                aliases: index
                    .aliases
                    .iter()
                    .map(|(name, alias)| (name.clone(), Alias::clone(alias)))
                    .collect(),
                mapping: super::mapping::shown(&index.mapping)?,
                settings: Settings::clone(&index.settings),
                defaults: request
                    .include_defaults
                    .then(|| defaults_of(&index.settings)),
            })
        };
        let indices = indices
            .iter()
            .map(describe)
            .collect::<Result<_, Failure>>()?;
        Ok(GetIndexResponse { indices })
    }
}
