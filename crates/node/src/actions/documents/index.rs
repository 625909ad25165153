//! `indices:data/write/index`: puts one document.

use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::table,
};
use bytes::Bytes;
use glasswork_content::{Failure, text::size_text};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

use super::{DocumentResponse, Operation, WriteItem, WriteOptions};

/// A source longer than this is not shown in the description.
const SHOWN_SOURCE_BYTES: usize = 2048;

/// `PUT /{index}/_doc/{id}`, `POST /{index}/_doc`, `PUT /{index}/_create/{id}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexRequest {
    /// What to put; its operation is `Index` or `Create`.
    pub item: WriteItem,
    /// `refresh`, `timeout`, `wait_for_active_shards`.
    pub options: WriteOptions,
}

/// Puts a document.
#[derive(Debug)]
pub struct IndexDocument;

impl Action for IndexDocument {
    const SPEC: &'static Spec = &table::INDEX;
    type Request = IndexRequest;
    type Response = DocumentResponse;

    fn validate(request: &IndexRequest) -> Result<(), Failure> {
        super::validate(&request.item)
    }

    fn describe(request: &IndexRequest) -> Description {
        let (Operation::Index(source) | Operation::Create(source)) = &request.item.operation else {
            return None;
        };
        let (index, id, source) = (
            request.item.index.clone(),
            request.item.id.clone(),
            source.clone(),
        );
        Some(Arc::new(move |out: &mut dyn Write| {
            describe(out, &index, id.as_deref(), &source)
        }))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: IndexRequest,
    ) -> Result<DocumentResponse, Failure> {
        super::single::write(node, task, request.item, request.options).await
    }
}

fn describe(
    out: &mut dyn Write,
    index: &str,
    id: Option<&str>,
    source: &Bytes,
) -> std::fmt::Result {
    write!(out, "index {{[{index}][{}], source[", id.unwrap_or("null"))?;
    if source.len() > SHOWN_SOURCE_BYTES {
        let length = size_text(source.len() as u64);
        let most = size_text(SHOWN_SOURCE_BYTES as u64);
        write!(out, "n/a, actual length: [{length}], max length: {most}")?;
    } else {
        out.write_str(&String::from_utf8_lossy(source))?;
    }
    out.write_str("]}")
}
