//! `indices:admin/mapping/put` and `…/auto_put`: adds fields to mappings.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::Index,
};
use glasswork_content::{Failure, Node as Json};
use glasswork_search::mapping::Mapping;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{Acknowledged, Target};

/// `PUT /{index}/_mapping`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PutMappingRequest {
    /// Which indices.
    pub target: Target,
    /// The update, as the body has it.
    pub mapping: Json,
}

/// Adds to mappings.
#[derive(Debug)]
pub struct PutMapping;

impl Action for PutMapping {
    const SPEC: &'static Spec = &table::PUT_MAPPING;
    type Request = PutMappingRequest;
    type Response = Acknowledged;

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: PutMappingRequest,
    ) -> Result<Acknowledged, Failure> {
        if Mapping::is_typed(&request.mapping) {
            return Err(Failure::illegal_argument(
                "Types cannot be provided in put mapping requests",
            ));
        }
        let update = |index: &Index| Mapping::parse(&request.mapping, index.mapping.analysis());
        let indices = node.metadata().resolve(&request.target)?;
        // All of them are tried before any is changed.
        for index in &indices {
            index.options.blocks.check_metadata(&index.name)?;
            index
                .mapping
                .merge(&update(index)?, &index.options.limits)?;
        }
        for index in &indices {
            node.metadata_store()
                .put_mapping(&index.uuid, update)
                .await?;
        }
        Ok(Acknowledged::DONE)
    }
}

/// What a document adds to a mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AutoPutMappingRequest {
    /// The index.
    pub(crate) uuid: String,
    /// What to merge into its mapping: `Mapping::to_bytes`.
    pub(crate) additions: Vec<u8>,
}

/// Adds the fields of a document to the mapping of its index. Answers the version that has them.
#[derive(Debug)]
pub(crate) struct AutoPutMapping;

impl Action for AutoPutMapping {
    const SPEC: &'static Spec = &table::AUTO_PUT_MAPPING;
    type Request = AutoPutMappingRequest;
    type Response = u64;

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: AutoPutMappingRequest,
    ) -> Result<u64, Failure> {
        let additions = request.additions;
        let update = |index: &Index| Mapping::from_bytes(&additions, index.mapping.analysis());
        node.metadata_store()
            .put_mapping(&request.uuid, update)
            .await
    }
}
