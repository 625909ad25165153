//! `GET /_tasks/_history`: what has ended.

use crate::{Client, Error, Task, url::Target};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// Which ended tasks, and how many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryOptions {
    size: Option<usize>,
}

impl HistoryOptions {
    /// The server's own page: those that ended last.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many; the server takes up to 10,000.
    #[must_use]
    pub fn size(mut self, tasks: usize) -> Self {
        self.size = Some(tasks);
        self
    }
}

/// A task that ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndedTask {
    /// The task, as it was last.
    pub task: Task,
    /// `succeeded`, `failed`, `cancelled` or `lost`.
    #[serde(default)]
    pub outcome: String,
    /// Why it failed: `type` and `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// Who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// When it ended: milliseconds since 1970 by the node's clock.
    #[serde(default)]
    pub ended_in_millis: i64,
    /// Everything else the server said.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Deserialize)]
struct Wire {
    tasks: Vec<EndedTask>,
}

impl Client {
    /// The tasks of all nodes that have ended, those that ended last first. Only Glasswork has this.
    ///
    /// ```
    /// # use glasswork_client::{Client, HistoryOptions, fake::{FakeServer, Reply}};
    /// # let server = FakeServer::start(|request| match (request.path.as_str(), request.query.as_str()) {
    /// #    ("/_tasks/_history", "size=50") => Reply::json(r#"{"tasks":[{"task":{"node":"n","id":9,"action":"a"},
    /// #       "outcome":"cancelled","ended_in_millis":1795508826104,"tree":{"cpu_time_in_nanos":5}}]}"#),
    /// #    ("/", _) => Reply::json("{}").header("X-Glasswork-Version", "0.1.0"),
    /// #    _ => Reply::status(404) });
    /// # let url = server.url();
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let client = Client::builder(url).build()?;
    /// for ended in client.history(&HistoryOptions::new().size(50)).await? {
    ///     println!("{} {}", ended.task.id(), ended.outcome);
    /// #   assert_eq!(ended.outcome, "cancelled");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When the server doesn't have it, or there is no good answer.
    pub async fn history(&self, options: &HistoryOptions) -> Result<Vec<EndedTask>, Error> {
        self.needs_glasswork("a history of tasks").await?;
        let mut target = Target::new(&["_tasks", "_history"]);
        if let Some(size) = options.size {
            target = target.with("size", &size.to_string());
        }
        let wire: Wire = self
            .inner
            .json(Method::GET, &target, Duration::ZERO)
            .await?;
        Ok(wire.tasks)
    }
}
