//! `POST /_tasks/_cancel`: stop what runs.

use crate::{Client, Error, TaskId, TaskList, url::Target};
use http::Method;
use std::time::Duration;

/// Which tasks to cancel, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOptions {
    what: What,
    wait: Option<Duration>,
    reason: Option<String>,
    token: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Task(TaskId),
    Matching {
        nodes: Vec<String>,
        actions: Vec<String>,
        parent: Option<TaskId>,
    },
}

impl CancelOptions {
    /// One task, with everything below it.
    #[must_use]
    pub fn task(id: TaskId) -> Self {
        Self::of(What::Task(id))
    }

    /// Every cancellable task whose action matches one of these. An empty list means every cancellable task there is.
    #[must_use]
    pub fn actions<T: Into<String>>(patterns: impl IntoIterator<Item = T>) -> Self {
        Self::of(What::Matching {
            nodes: Vec::new(),
            actions: patterns.into_iter().map(Into::into).collect(),
            parent: None,
        })
    }

    /// Every cancellable task that this one started itself.
    #[must_use]
    pub fn children_of(id: TaskId) -> Self {
        Self::of(What::Matching {
            nodes: Vec::new(),
            actions: Vec::new(),
            parent: Some(id),
        })
    }

    fn of(what: What) -> Self {
        Self {
            what,
            wait: None,
            reason: None,
            token: None,
        }
    }

    /// Of the tasks that match, only those of these nodes. Has no meaning for one task, whose id names its node.
    #[must_use]
    pub fn on_nodes<T: Into<String>>(mut self, chosen: impl IntoIterator<Item = T>) -> Self {
        if let What::Matching { nodes, .. } = &mut self.what {
            nodes.extend(chosen.into_iter().map(Into::into));
        }
        self
    }

    /// Has the answer wait until the tasks and everything below them ended. The server knows no limit for this; the
    /// client stops waiting after `patience` with [`Error::TimedOut`], and the tasks stay cancelled.
    #[must_use]
    pub fn wait(mut self, patience: Duration) -> Self {
        self.wait = Some(patience);
        self
    }

    /// Why; shown to whoever waits for the tasks. Only Glasswork takes it: elsewhere the cancel is
    /// [not offered](Error::NotOffered) and nothing is cancelled.
    #[must_use]
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.reason = Some(text.into());
        self
    }

    /// Cancels only what a [preview](Client::preview_cancel) with this token showed, and what is below that: a task that began later
    /// is left alone. Only Glasswork has previews.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    fn target(&self) -> Target {
        let mut target = match &self.what {
            What::Task(id) => Target::new(&["_tasks", &id.to_string(), "_cancel"]),
            What::Matching {
                nodes,
                actions,
                parent,
            } => {
                let target = Target::new(&["_tasks", "_cancel"])
                    .with_list("nodes", nodes)
                    .with_list("actions", actions);
                match parent {
                    Some(parent) => target.with("parent_task_id", &parent.to_string()),
                    None => target,
                }
            }
        };
        if self.wait.is_some() {
            target = target.with("wait_for_completion", "true");
        }
        if let Some(reason) = &self.reason {
            target = target.with("reason", reason);
        }
        if let Some(token) = &self.token {
            target = target.with("token", token);
        }
        target
    }
}

impl Client {
    /// Cancels, and tells which tasks were told to stop. A task that is gone or can't be cancelled is in
    /// `node_failures`.
    ///
    /// ```
    /// # use glasswork_client::{CancelOptions, Client, fake::{FakeServer, Reply}};
    /// # let server = FakeServer::start(|request| match (request.method.as_str(), request.path.as_str()) {
    /// #    ("POST", "/_tasks/n:99/_cancel") => Reply::json(r#"{"node_failures":[{"type":"failed_node_exception","reason":"Failed node [n]",
    /// #       "node_id":"n","caused_by":{"type":"resource_not_found_exception","reason":"task [n:99] is not found"}}],"nodes":{}}"#),
    /// #    _ => Reply::status(404) });
    /// # let url = server.url();
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let client = Client::builder(url).build()?;
    /// let cancelled = client.cancel(&CancelOptions::task("n:99".parse()?)).await?;
    /// assert!(cancelled.tasks.is_empty() && cancelled.node_failures[0].is_not_found());
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When there is no good answer, or a reason or a token is given to a server that takes none.
    pub async fn cancel(&self, options: &CancelOptions) -> Result<TaskList, Error> {
        let more = match (&options.reason, &options.token) {
            (Some(_), _) => Some("cancelling with a reason"),
            (None, Some(_)) => Some("cancelling what a preview showed"),
            (None, None) => None,
        };
        if let Some(what) = more {
            self.needs_glasswork(what).await?;
        }
        let wait = options.wait.unwrap_or_default();
        match (
            self.tasks(Method::POST, &options.target(), wait).await,
            more,
        ) {
            (Err(Error::Refused(refusal)), Some(what)) if refusal.is_unknown_parameter() => {
                Err(self.not_offered(what))
            }
            (answered, _) => answered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cancelled_is_said_in_path_and_parameters() {
        let id: TaskId = "n:7".parse().expect("a task id");
        let shown = |options: CancelOptions| options.target().as_str().to_owned();
        assert_eq!(
            shown(CancelOptions::task(id.clone())),
            "/_tasks/n:7/_cancel"
        );
        let options = CancelOptions::actions(["*search*", "*reindex"])
            .on_nodes(["n1"])
            .wait(Duration::from_secs(1));
        assert_eq!(
            shown(options),
            "/_tasks/_cancel?nodes=n1&actions=*search*,*reindex&wait_for_completion=true"
        );
        assert_eq!(
            shown(CancelOptions::children_of(id.clone()).reason("too slow")),
            "/_tasks/_cancel?parent_task_id=n:7&reason=too%20slow"
        );
        assert_eq!(
            shown(CancelOptions::task(id).token("t")),
            "/_tasks/n:7/_cancel?token=t"
        );
    }
}
