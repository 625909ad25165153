//! `indices:admin/mappings/get` and `…/fields/get`: shows mappings.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::Index,
};
use glasswork_content::{Failure, Limits, Node as Json, Render, parse};
use glasswork_search::mapping::Mapping;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Target;

/// `GET [/{index}]/_mapping`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMappingRequest {
    /// Which indices.
    pub target: Target,
}

/// Mappings by index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GetMappingResponse {
    /// Name, and the object under `mappings` (`{}` for none).
    pub indices: Vec<(String, Json)>,
}

/// Shows mappings.
#[derive(Debug)]
pub struct GetMapping;

impl Action for GetMapping {
    const SPEC: &'static Spec = &table::GET_MAPPING;
    type Request = GetMappingRequest;
    type Response = GetMappingResponse;

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: GetMappingRequest,
    ) -> Result<GetMappingResponse, Failure> {
        let indices = node.metadata().resolve(&request.target)?;
        let show = |index: &Arc<Index>| Ok((index.name.to_string(), shown(&index.mapping)?));
        let indices = indices.iter().map(show).collect::<Result<_, Failure>>()?;
        Ok(GetMappingResponse { indices })
    }
}

/// `GET [/{index}]/_mapping/field/{fields}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetFieldMappingRequest {
    /// Which indices.
    pub target: Target,
    /// Paths, with wildcards.
    pub fields: Vec<String>,
}

/// Fields by index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GetFieldMappingResponse {
    /// Name of the index, and its fields.
    pub indices: Vec<(String, FieldMappings)>,
}

/// Path, and the object `{"full_name":…,"mapping":{…}}`.
pub type FieldMappings = Vec<(String, Json)>;

/// Shows mappings of fields.
#[derive(Debug)]
pub struct GetFieldMapping;

impl Action for GetFieldMapping {
    const SPEC: &'static Spec = &table::GET_FIELD_MAPPING;
    type Request = GetFieldMappingRequest;
    type Response = GetFieldMappingResponse;

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: GetFieldMappingRequest,
    ) -> Result<GetFieldMappingResponse, Failure> {
        let indices = node.metadata().resolve(&request.target)?;
        let show = |index: &Arc<Index>| {
            Ok((
                index.name.to_string(),
                fields(&index.mapping, &request.fields)?,
            ))
        };
        let indices = indices.iter().map(show).collect::<Result<_, Failure>>()?;
        Ok(GetFieldMappingResponse { indices })
    }
}

/// The object under `mappings`.
pub(super) fn shown(mapping: &Mapping) -> Result<Json, Failure> {
    let mut out = Render::compact();
    mapping.render(&mut out);
    parse(&out.finish(), &Limits::DEFAULT)
}

/// The fields that fit one of the patterns, each once.
fn fields(mapping: &Mapping, patterns: &[String]) -> Result<FieldMappings, Failure> {
    let mut found: FieldMappings = Vec::new();
    for pattern in patterns {
        for (path, _) in mapping.matching(pattern) {
            if found.iter().any(|(known, _)| known == path) {
                continue;
            }
            let mut out = Render::compact();
            if mapping.render_field(path, &mut out) {
                found.push((path.to_owned(), parse(&out.finish(), &Limits::DEFAULT)?));
            }
        }
    }
    Ok(found)
}
