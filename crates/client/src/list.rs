//! `GET /_tasks`: what runs.

use crate::{CancelPreview, Client, Error, Task, TaskId, url::Target};
use http::Method;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, time::Duration};

/// Which tasks to list, and how much of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListOptions {
    pub(crate) nodes: Vec<String>,
    pub(crate) actions: Vec<String>,
    pub(crate) parent: Option<TaskId>,
    opaque_id: Option<String>,
    cancelled: Option<bool>,
    cancellable: Option<bool>,
    older_than: Option<Duration>,
    detailed: bool,
    extended: bool,
}

impl ListOptions {
    /// All tasks of all nodes, without details.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only tasks whose action matches one of these; `*` stands for any characters.
    #[must_use]
    pub fn actions<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.actions.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Only tasks of these nodes: ids, names with `*`, `_local`, `data:true`, … as OpenSearch filters nodes.
    #[must_use]
    pub fn nodes<T: Into<String>>(mut self, nodes: impl IntoIterator<Item = T>) -> Self {
        self.nodes.extend(nodes.into_iter().map(Into::into));
        self
    }

    /// Only tasks that this one started itself.
    #[must_use]
    pub fn children_of(mut self, parent: TaskId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Only tasks of requests whose `X-Opaque-Id` matches this; `*` stands for any characters. Like the following three,
    /// this is evaluated by the server where it is Glasswork and by the client elsewhere, which then reads the whole list.
    #[must_use]
    pub fn opaque_id(mut self, pattern: impl Into<String>) -> Self {
        self.opaque_id = Some(pattern.into());
        self
    }

    /// Only tasks that were told to stop, or only those that were not.
    #[must_use]
    pub fn cancelled(mut self, cancelled: bool) -> Self {
        self.cancelled = Some(cancelled);
        self
    }

    /// Only tasks that can be cancelled, or only those that can't.
    #[must_use]
    pub fn cancellable(mut self, cancellable: bool) -> Self {
        self.cancellable = Some(cancellable);
        self
    }

    /// Only tasks at least as old as this.
    #[must_use]
    pub fn older_than(mut self, age: Duration) -> Self {
        self.older_than = Some(age);
        self
    }

    /// With status, description and resources.
    #[must_use]
    pub fn detailed(mut self) -> Self {
        self.detailed = true;
        self
    }

    /// With what Glasswork tells more of a task, where the server is one; elsewhere it changes nothing.
    #[must_use]
    pub fn extended(mut self) -> Self {
        self.extended = true;
        self
    }
}

/// Tasks, with what some nodes failed to tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskList {
    /// The tasks, node after node.
    pub tasks: Vec<Task>,
    /// The nodes they run on, by id.
    pub nodes: BTreeMap<String, NodeSummary>,
    /// Nodes that did not answer, or not well.
    pub node_failures: Vec<NodeFailure>,
    /// Tasks that could not be dealt with.
    pub task_failures: Vec<TaskFailure>,
    /// The answer's bytes, decompressed.
    pub answer_in_bytes: usize,
}

/// A node as a list of tasks names it. A server may leave out everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeSummary {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `host:port` for other nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_address: Option<String>,
    /// Its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What it is there for, as `data`, `cluster_manager` (`master` before OpenSearch 2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// What went wrong on a node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeFailure {
    /// The node's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// The outer error's type.
    pub r#type: String,
    /// The outer error's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The error inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<Value>,
}

/// What went wrong with a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskFailure {
    /// The task's number on its node.
    pub task_id: i64,
    /// The node's id.
    pub node_id: String,
    /// The name of an HTTP status.
    pub status: String,
    /// The error: `type` and `reason`.
    pub reason: Value,
}

impl NodeFailure {
    /// Type and reason of the innermost error: what really went wrong.
    #[must_use]
    pub fn cause(&self) -> (&str, &str) {
        let mut found = (
            self.r#type.as_str(),
            self.reason.as_deref().unwrap_or_default(),
        );
        let mut inner = self.caused_by.as_ref();
        while let Some(cause) = inner.filter(|cause| cause.is_object()) {
            found = (
                cause["type"].as_str().unwrap_or_default(),
                cause["reason"].as_str().unwrap_or_default(),
            );
            inner = cause.get("caused_by");
        }
        found
    }

    /// Whether the node has no such task: it ended, or never was.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.cause().0,
            "resource_not_found_exception" | "no_such_node_exception"
        )
    }
}

impl TaskList {
    /// The name of a node, where it is known.
    #[must_use]
    pub fn node_name(&self, id: &str) -> Option<&str> {
        self.nodes.get(id)?.name.as_deref()
    }

    /// Whether everything asked for was answered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.node_failures.is_empty() && self.task_failures.is_empty()
    }
}

impl Client {
    /// Lists what runs. The list's own tasks are among it.
    ///
    /// ```
    /// # use glasswork_client::{Client, ListOptions, fake::{FakeServer, Reply}};
    /// # let server = FakeServer::start(|_| Reply::json(r#"{"node_failures":[{"type":"failed_node_exception","reason":"Failed node [b]",
    /// #    "node_id":"b","caused_by":{"type":"receive_timeout_transport_exception","reason":"timed out"}}],"nodes":{}}"#));
    /// # let url = server.url();
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let client = Client::builder(url).build()?;
    /// let list = client.list(&ListOptions::new().nodes(["data:true"])).await?;
    /// for failure in &list.node_failures {
    ///     println!("node {:?} did not answer: {}", failure.node_id, failure.cause().1);
    /// }
    /// # assert_eq!(list.node_failures[0].cause().1, "timed out");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When the server can't be reached, refuses, or answers something else. A node that failed is no error but in
    /// `node_failures`.
    pub async fn list(&self, options: &ListOptions) -> Result<TaskList, Error> {
        let mut list = self.list_at_server(options).await?;
        list.tasks.retain(|task| options.holds(task));
        Ok(list)
    }

    async fn list_at_server(&self, options: &ListOptions) -> Result<TaskList, Error> {
        let target = options.target();
        if let Some(more) = options.extensions(&target)
            && self.has_extensions().await?
        {
            match self.tasks(Method::GET, &more, Duration::ZERO).await {
                Err(Error::Refused(refusal)) if refusal.is_unknown_parameter() => {
                    self.lacks_extensions();
                }
                answered => return answered,
            }
        }
        self.tasks(Method::GET, &target, Duration::ZERO).await
    }

    /// Asks for what is answered in the form of a list.
    pub(crate) async fn tasks(
        &self,
        method: Method,
        target: &Target,
        wait: Duration,
    ) -> Result<TaskList, Error> {
        let (list, _) = self.tasks_and_preview(method, target, wait).await?;
        Ok(list)
    }

    /// The same, with what a cancel says that only tells what it would do.
    pub(crate) async fn tasks_and_preview(
        &self,
        method: Method,
        target: &Target,
        wait: Duration,
    ) -> Result<(TaskList, Option<CancelPreview>), Error> {
        let answer = self.inner.ask(method, target, wait).await?;
        let mut wire: Wire = self.inner.read(&answer)?;
        let preview = wire.preview.take();
        let list = TaskList {
            answer_in_bytes: answer.size(),
            ..wire.into()
        };
        Ok((list, preview))
    }
}

impl ListOptions {
    pub(crate) fn target(&self) -> Target {
        let mut target = self.everywhere(Target::new(&["_tasks"]));
        if self.detailed {
            target = target.with("detailed", "true");
        }
        target
    }
}

impl ListOptions {
    /// The same with what only Glasswork knows; `None` where nothing of that was asked for.
    pub(crate) fn extensions(&self, target: &Target) -> Option<Target> {
        let mut more = self.glassworks_own();
        if self.extended {
            more.push(("extended", "true".to_owned()));
        }
        (!more.is_empty()).then(|| with_all(target.clone(), &more))
    }

    /// The tasks that are chosen, for another address of Glasswork.
    pub(crate) fn choice(&self, target: Target) -> Target {
        with_all(self.everywhere(target), &self.glassworks_own())
    }

    /// What every server can choose by.
    fn everywhere(&self, target: Target) -> Target {
        let target = target
            .with_list("nodes", &self.nodes)
            .with_list("actions", &self.actions);
        match &self.parent {
            Some(parent) => target.with("parent_task_id", &parent.to_string()),
            None => target,
        }
    }

    /// What only Glasswork can choose by.
    fn glassworks_own(&self) -> Vec<(&'static str, String)> {
        let flag = |flag: bool| if flag { "true" } else { "false" };
        let mut more = Vec::new();
        if let Some(pattern) = &self.opaque_id {
            more.push(("x_opaque_id", pattern.clone()));
        }
        if let Some(cancelled) = self.cancelled {
            more.push(("cancelled", flag(cancelled).to_owned()));
        }
        if let Some(cancellable) = self.cancellable {
            more.push(("cancellable", flag(cancellable).to_owned()));
        }
        if let Some(age) = self.older_than.filter(|age| age.as_millis() > 0) {
            more.push(("min_running_time", format!("{}ms", age.as_millis())));
        }
        more
    }

    /// Whether a task is one of those that only Glasswork picks out by itself.
    fn holds(&self, task: &Task) -> bool {
        let same = |wanted: Option<bool>, found: bool| wanted.is_none_or(|wanted| wanted == found);
        let named = |pattern: &String| {
            task.opaque_id()
                .is_some_and(|id| crate::pattern::matches(pattern, id))
        };
        same(self.cancelled, task.cancelled)
            && same(self.cancellable, task.cancellable)
            && self.older_than.is_none_or(|age| task.running_time() >= age)
            && self.opaque_id.as_ref().is_none_or(named)
    }
}

fn with_all(target: Target, more: &[(&str, String)]) -> Target {
    more.iter()
        .fold(target, |target, (name, value)| target.with(name, value))
}

/// A list as it is said: grouped by nodes.
#[derive(Deserialize)]
struct Wire {
    nodes: BTreeMap<String, WireNode>,
    #[serde(default)]
    node_failures: Vec<NodeFailure>,
    #[serde(default)]
    task_failures: Vec<TaskFailure>,
    #[serde(default)]
    preview: Option<CancelPreview>,
}

#[derive(Deserialize)]
struct WireNode {
    #[serde(default)]
    tasks: Tasks,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    transport_address: Option<String>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

/// The tasks of an object whose keys repeat their ids.
#[derive(Default)]
struct Tasks(Vec<Task>);

impl<'de> Deserialize<'de> for Tasks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Tasks;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of tasks")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tasks, A::Error> {
                let mut tasks = Vec::new();
                while let Some((_, task)) = map.next_entry::<serde::de::IgnoredAny, Task>()? {
                    tasks.push(task);
                }
                Ok(Tasks(tasks))
            }
        }
        deserializer.deserialize_map(Values)
    }
}

impl From<Wire> for TaskList {
    fn from(wire: Wire) -> Self {
        let mut list = Self {
            node_failures: wire.node_failures,
            task_failures: wire.task_failures,
            ..Self::default()
        };
        for (id, node) in wire.nodes {
            list.tasks.extend(node.tasks.0);
            let summary = NodeSummary {
                name: node.name,
                transport_address: node.transport_address,
                host: node.host,
                roles: node.roles,
            };
            list.nodes.insert(id, summary);
        }
        list
    }
}
