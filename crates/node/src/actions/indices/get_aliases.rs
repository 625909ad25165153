//! `indices:admin/aliases/get`: shows aliases.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::Alias,
};
use glasswork_content::Failure;
use glasswork_search::mapping::wildcard;
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
        _task: Task,
        request: GetAliasesRequest,
    ) -> Result<GetAliasesResponse, Failure> {
        let indices = node.metadata().resolve(&request.target)?;
        let mut shown = Vec::new();
        for index in &indices {
            let aliases: BTreeMap<String, Alias> = index
                .aliases
                .iter()
                .filter(|(name, _)| request.names.is_empty() || wanted(&request.names, name))
                .map(|(name, alias)| (name.clone(), Alias::clone(alias)))
                .collect();
            if request.names.is_empty() || !aliases.is_empty() {
                shown.push((index.name.to_string(), aliases));
            }
        }
        let is_there = |name: &String| shown.iter().any(|(_, aliases)| aliases.contains_key(name));
        let mut missing: Vec<String> = explicit(&request.names)
            .filter(|name| !is_there(name))
            .cloned()
            .collect();
        missing.sort_unstable();
        missing.dedup();
        Ok(GetAliasesResponse {
            indices: shown,
            missing,
        })
    }
}

/// Names that have to be there: no wildcards, and none that a later exclusion takes out. Only behind a wildcard is `-` an
/// exclusion; before it is part of a name.
fn explicit(names: &[String]) -> impl Iterator<Item = &String> {
    let is_pattern = |name: &String| name.contains('*');
    let first_wildcard = names.iter().position(is_pattern).unwrap_or(names.len());
    names.iter().enumerate().filter_map(move |(place, name)| {
        let excludes = place > first_wildcard && name.starts_with('-');
        if name == "_all" || name.contains('*') || excludes {
            return None;
        }
        let later = names.iter().skip(first_wildcard.max(place + 1));
        let mut exclusions = later.filter_map(|name| name.strip_prefix('-'));
        let excluded = exclusions.any(|pattern| pattern == "_all" || wildcard(pattern, name));
        (!excluded).then_some(name)
    })
}

/// Whether the last pattern that fits a name includes it: names and wildcards include, those behind a `-` exclude.
fn wanted(patterns: &[String], name: &str) -> bool {
    let mut included = false;
    for pattern in patterns {
        match pattern.strip_prefix('-') {
            Some(rest) if wildcard(rest, name) => included = false,
            None if pattern == "_all" || wildcard(pattern, name) => included = true,
            _ => {}
        }
    }
    included
}
