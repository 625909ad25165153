//! `indices:admin/mapping/put` and `…/auto_put`: adds fields to mappings.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};
use glasswork_content::{Failure, Node as Json};
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
        task: Task,
        request: PutMappingRequest,
    ) -> Result<Acknowledged, Failure> {
        let _ = (node, task, request);
        todo!()
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
        task: Task,
        request: AutoPutMappingRequest,
    ) -> Result<u64, Failure> {
        let _ = (node, task, request);
        todo!()
    }
}
