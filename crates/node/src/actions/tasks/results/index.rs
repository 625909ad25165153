//! The index of stored results: made when the first result is stored.

use super::INDEX;
use crate::{
    Node,
    actions::indices::{self, CreateIndex, CreateIndexRequest},
};
use glasswork_content::{Limits, failure::Failure, failure::Kind, parse};
use glasswork_tasks::Task;
use std::sync::Arc;

/// Settings and mapping, as the reference has them (`task-index-mapping.json`, version 5).
const BODY: &str = r#"{
  "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0, "auto_expand_replicas": "0-1", "priority": 2147483647}},
  "mappings": {
    "dynamic": "strict",
    "_meta": {"version": 5},
    "properties": {
      "completed": {"type": "boolean"},
      "task": {
        "properties": {
          "action": {"type": "keyword"},
          "cancellable": {"type": "boolean"},
          "cancelled": {"type": "boolean"},
          "cancellation_time_millis": {"type": "long"},
          "id": {"type": "long"},
          "parent_task_id": {"type": "keyword"},
          "node": {"type": "keyword"},
          "running_time_in_nanos": {"type": "long"},
          "start_time_in_millis": {"type": "long"},
          "type": {"type": "keyword"},
          "status": {"type": "object", "enabled": false},
          "description": {"type": "text"},
          "headers": {"type": "object", "enabled": false},
          "resource_stats": {"type": "object", "enabled": false}
        }
      },
      "response": {"type": "object", "enabled": false},
      "error": {"type": "object", "enabled": false}
    }
  }
}"#;

/// Makes the index if it is not there. Of several tasks that do so at once one makes it.
pub(super) async fn ensure(node: &Arc<Node>, task: &Task) -> Result<(), Failure> {
    if node.metadata().index(INDEX).is_some() {
        return Ok(());
    }
    let body = parse(BODY.as_bytes(), &Limits::DEFAULT)?;
    let request = CreateIndexRequest::parse(INDEX, &body)?;
    match node.closing_child::<CreateIndex>(task, request).await {
        Err(failure) if failure.kind == Kind::ResourceAlreadyExists => {
            indices::shows(node, INDEX).await
        }
        made => made.map(drop),
    }
}
