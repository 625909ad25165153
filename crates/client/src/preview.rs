//! `POST /_tasks/{id}/_cancel?dry_run`: what a cancel would end.

use crate::{Client, Error, Task, TaskId, url::Target};
use http::Method;
use serde::Deserialize;
use std::time::Duration;

/// What a cancel would end, in all.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CancelPreview {
    /// Cancels what was shown and nothing else: see [`CancelOptions::token`](crate::CancelOptions::token).
    pub token: String,
    /// How many tasks, those below on all nodes included.
    pub tasks: u64,
    /// Who started them.
    pub users: Vec<String>,
    /// CPU time they used, which is lost.
    pub cpu_time_in_nanos: u64,
    /// The tasks, node after node.
    #[serde(skip)]
    pub which: Vec<Task>,
}

impl Client {
    /// What cancelling this task would end; nothing is cancelled. Only Glasswork has this.
    ///
    /// ```
    /// # use glasswork_client::{Client, fake::{FakeServer, Reply}};
    /// # let server = FakeServer::start(|request| match (request.method.as_str(), request.path.as_str(), request.query.as_str()) {
    /// #    ("POST", "/_tasks/n:9/_cancel", "dry_run=true") => Reply::json(
    /// #       r#"{"nodes":{},"preview":{"token":"t","tasks":4,"users":["ads"],"cpu_time_in_nanos":7,"expires_in_millis":30000}}"#),
    /// #    ("GET", "/", _) => Reply::json("{}").header("X-Glasswork-Version", "0.1.0"),
    /// #    _ => Reply::status(404) });
    /// # let url = server.url();
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let client = Client::builder(url).build()?;
    /// let preview = client.preview_cancel(&"n:9".parse()?).await?;
    /// println!("{} tasks of {:?} would end", preview.tasks, preview.users);
    /// # assert_eq!((preview.tasks, preview.cpu_time_in_nanos), (4, 7));
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When the server doesn't have it, or there is no good answer. A server that knows no such parameter refuses and
    /// cancels nothing.
    pub async fn preview_cancel(&self, id: &TaskId) -> Result<CancelPreview, Error> {
        const WHAT: &str = "a preview of a cancel";
        // One that ignores the parameter would cancel.
        self.needs_glasswork(WHAT).await?;
        let target = Target::new(&["_tasks", &id.to_string(), "_cancel"]).with("dry_run", "true");
        let answered = self.tasks_and_preview(Method::POST, &target, Duration::ZERO);
        match answered.await {
            Err(Error::Refused(refusal)) if refusal.is_unknown_parameter() => {
                Err(self.not_offered(WHAT))
            }
            Err(error) => Err(error),
            Ok((list, preview)) => {
                // A node that could not say it leaves the preview wrong: there is none then.
                if let Some(failure) = list.node_failures.first() {
                    return Err(Error::Unexpected {
                        url: self.url(),
                        reason: crate::excerpt(failure.cause().1, 300),
                    });
                }
                let preview = preview.ok_or_else(|| Error::Unexpected {
                    url: self.url(),
                    reason: "it answers a dry run without a preview".to_owned(),
                })?;
                Ok(CancelPreview {
                    which: list.tasks,
                    ..preview
                })
            }
        }
    }
}
