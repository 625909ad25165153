//! `indices:data/write/delete`: deletes one document.

use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

use super::{DocumentResponse, WriteItem, WriteOptions};

/// `DELETE /{index}/_doc/{id}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeleteRequest {
    /// What to delete; its operation is `Delete`.
    pub item: WriteItem,
    /// `refresh`, `timeout`, `wait_for_active_shards`.
    pub options: WriteOptions,
}

/// Deletes a document. One that is not there answers with [`Outcome::NotFound`](super::Outcome::NotFound).
#[derive(Debug)]
pub struct DeleteDocument;

impl Action for DeleteDocument {
    const SPEC: &'static Spec = &table::DELETE;
    type Request = DeleteRequest;
    type Response = DocumentResponse;

    fn validate(request: &DeleteRequest) -> Result<(), Failure> {
        super::validate(&request.item)
    }

    fn describe(request: &DeleteRequest) -> Description {
        let (index, id) = (request.item.index.clone(), request.item.id.clone());
        Some(Arc::new(move |out: &mut dyn Write| {
            write!(
                out,
                "delete {{[{index}][{}]}}",
                id.as_deref().unwrap_or("null")
            )
        }))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: DeleteRequest,
    ) -> Result<DocumentResponse, Failure> {
        super::single::write(node, task, request.item, request.options).await
    }
}
