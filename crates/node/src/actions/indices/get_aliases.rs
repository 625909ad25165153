//! `indices:admin/aliases/get`: shows aliases.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::Alias,
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

use super::Target;

/// `GET [/{index}]/_alias[/{name}]`, `HEAD …/{name}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetAliasesRequest {
    /// Of which indices; all when it names none.
    pub target: Target,
    /// Names, with wildcards and exclusions; all when empty.
    pub names: Vec<String>,
}

/// Aliases by index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GetAliasesResponse {
    /// Name of the index, and its aliases that were asked for. Without names every index of the target is there, also
    /// one without aliases; with names only those that have one.
    pub indices: Vec<(String, BTreeMap<String, Alias>)>,
    /// Names that no index has: the answer is a 404 with `alias [x] missing` (`aliases [a,b] missing`) and what was found.
    pub missing: Vec<String>,
}

/// Shows aliases.
#[derive(Debug)]
pub struct GetAliases;

impl Action for GetAliases {
    const SPEC: &'static Spec = &table::GET_ALIASES;
    type Request = GetAliasesRequest;
    type Response = GetAliasesResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: GetAliasesRequest,
    ) -> Result<GetAliasesResponse, Failure> {
        let _ = (node, task, request);
        todo!()
    }
}
