//! `GET /_tasks/{id}`: one task, running or ended.

use crate::{Client, Error, Task, TaskId, url::Target};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// A task and, once it ended, what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskAnswer {
    /// Whether it ended.
    #[serde(default)]
    pub completed: bool,
    /// The task, in detail.
    pub task: Task,
    /// What the operation answered, where the server keeps that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// Why the operation failed, where the server keeps that: `type`, `reason`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// Everything else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What came of waiting for a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Waited {
    /// It ended.
    Ended(Box<TaskAnswer>),
    /// It still runs.
    StillRuns,
}

impl Client {
    /// One task, in detail; with what Glasswork tells more where the server is one.
    ///
    /// ```
    /// # use glasswork_client::{Client, fake::{FakeServer, Reply}};
    /// # let server = FakeServer::start(|request| match request.path.as_str() {
    /// #    "/_tasks/n:12" => Reply::json(r#"{"completed":false,"task":{"node":"n","id":12,"action":"indices:data/write/reindex",
    /// #       "status":{"total":60,"created":15,"batches":3,"version_conflicts":0,"requests_per_second":1.0},"description":"reindex from [a] to [b]",
    /// #       "cancellable":true,"headers":{}}}"#),
    /// #    _ => Reply::status(404) });
    /// # let url = server.url();
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let client = Client::builder(url).build()?;
    /// let answer = client.get(&"n:12".parse()?).await?;
    /// if let Some(progress) = answer.task.progress() {
    ///     println!("{} of {:?} {}", progress.done, progress.total, progress.unit);
    /// }
    /// # assert_eq!(answer.task.progress().unwrap().percent(), Some(25.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When there is no such task, neither running nor stored ([`Error::is_not_found`]), or there is no good answer.
    pub async fn get(&self, id: &TaskId) -> Result<TaskAnswer, Error> {
        let target = target(id);
        if self.has_extensions().await? {
            let more = target.clone().with("extended", "true");
            match self.inner.json(Method::GET, &more, Duration::ZERO).await {
                Err(Error::Refused(refusal)) if refusal.is_unknown_parameter() => {
                    self.lacks_extensions()
                }
                answered => return answered,
            }
        }
        self.inner.json(Method::GET, &target, Duration::ZERO).await
    }

    /// The same as every OpenSearch answers it, without finding out what the server is: one request.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn get_plain(&self, id: &TaskId) -> Result<TaskAnswer, Error> {
        self.inner
            .json(Method::GET, &target(id), Duration::ZERO)
            .await
    }

    /// Has the server wait until the task ended, for at most `patience`.
    ///
    /// # Errors
    /// As [`Client::get`]. That it still runs is no error.
    pub async fn get_waiting(&self, id: &TaskId, patience: Duration) -> Result<Waited, Error> {
        let target = target(id)
            .with("wait_for_completion", "true")
            .with("timeout", &format!("{}ms", patience.as_millis()));
        match self.inner.json(Method::GET, &target, patience).await {
            Ok(answer) => Ok(Waited::Ended(Box::new(answer))),
            Err(Error::Refused(refusal)) if is_timeout(refusal.kind.as_deref()) => {
                Ok(Waited::StillRuns)
            }
            Err(error) => Err(error),
        }
    }
}

fn target(id: &TaskId) -> Target {
    Target::new(&["_tasks", &id.to_string()])
}

/// How servers say that the time is over: the node itself, or the one that asked it.
fn is_timeout(kind: Option<&str>) -> bool {
    matches!(
        kind,
        Some("timeout_exception" | "receive_timeout_transport_exception")
    )
}
