//! Results that tasks have stored: documents of the index `.tasks`, named by the task's id.

mod index;
pub(crate) mod retention;
mod write;

pub(crate) use write::{Outcome, document, store};

use crate::{
    Node,
    actions::documents::{
        DeleteDocument, DeleteRequest, GetDocument, GetRequest, Operation, Outcome as Done,
        WriteItem, WriteOptions,
    },
};
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::{Task, TaskId, wire::not_running};
use std::sync::Arc;

/// Where results are stored.
pub(crate) const INDEX: &str = ".tasks";

/// The stored result of the task `id`, as JSON: `{"completed":true,"task":{…},"response":{…}}`, or `error` in place of
/// `response`.
///
/// # Errors
/// 404 `resource_not_found_exception` when there is none, and what keeps the document from being read.
pub(super) async fn read(node: &Arc<Node>, own: &Task, id: &TaskId) -> Result<Vec<u8>, Failure> {
    let missing = || not_running(id);
    let request = GetRequest::new(INDEX, id.to_string());
    match node.child::<GetDocument>(own, request).await {
        Ok(answer) => {
            let source = answer.found.and_then(|document| document.source);
            source.map(Into::into).ok_or_else(missing)
        }
        Err(failure) if failure.kind == Kind::IndexNotFound => {
            let no_index = Failure::index_not_found_as(INDEX, "index_expression");
            Err(missing().caused_by(no_index))
        }
        Err(failure) => Err(failure),
    }
}

/// Whether the result of `task` itself is stored by now: a crash may have come between that and its end.
///
/// # Errors
/// What keeps the document from being read.
pub(crate) async fn is_stored(node: &Arc<Node>, task: &Task) -> Result<bool, Failure> {
    if node.metadata().index(INDEX).is_none() {
        return Ok(false);
    }
    let request = GetRequest::new(INDEX, task.id().to_string());
    let answer = node.closing_child::<GetDocument>(task, request).await?;
    Ok(answer.found.is_some())
}

/// Deletes the stored result of the task `id`. Tells whether there was one.
///
/// # Errors
/// What keeps the document from being deleted.
pub(super) async fn delete(node: &Arc<Node>, own: &Task, id: &TaskId) -> Result<bool, Failure> {
    // A delete would make the index.
    if node.metadata().index(INDEX).is_none() {
        return Ok(false);
    }
    let request = DeleteRequest {
        item: WriteItem::new(INDEX, Some(id.to_string()), Operation::Delete),
        options: WriteOptions::default(),
    };
    let answer = node.child::<DeleteDocument>(own, request).await?;
    Ok(answer.outcome == Done::Deleted)
}
