//! `GET /_tasks/_history`: what has ended.

use crate::{Client, Error, ListOptions, Task, url::Target};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// Which ended tasks, and how many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryOptions {
    size: Option<usize>,
    outcomes: Vec<String>,
    ended_within: Option<Duration>,
    chosen: ListOptions,
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

    /// Only those that ended so: `succeeded`, `failed`, `cancelled`, `lost`.
    #[must_use]
    pub fn outcomes<T: Into<String>>(mut self, outcomes: impl IntoIterator<Item = T>) -> Self {
        self.outcomes.extend(outcomes.into_iter().map(Into::into));
        self
    }

    /// Only those that ended at most so long ago, by the nodes' clocks.
    #[must_use]
    pub fn ended_within(mut self, time: Duration) -> Self {
        self.ended_within = Some(time);
        self
    }

    /// Only those that a list with these options would have had among it.
    #[must_use]
    pub fn chosen(mut self, options: ListOptions) -> Self {
        self.chosen = options;
        self
    }

    fn target(&self) -> Target {
        let mut target = self.chosen.choice(Target::new(&["_tasks", "_history"]));
        target = target.with_list("outcome", &self.outcomes);
        if let Some(time) = self.ended_within {
            target = target.with("since", &format!("{}ms", time.as_millis()));
        }
        if let Some(size) = self.size {
            target = target.with("size", &size.to_string());
        }
        target
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
        let target = options.target();
        let wire: Wire = self
            .inner
            .json(Method::GET, &target, Duration::ZERO)
            .await?;
        Ok(wire.tasks)
    }
}
