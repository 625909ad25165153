//! Documents of another cluster, page by page, through a scroll of its.

use glasswork_content::{Failure, Kind};
use glasswork_search::request::SearchRequest as SearchSource;
use glasswork_tasks::{On, Task};
use std::{future::Future, sync::Arc, time::Duration};

use super::{
    RemoteSource, answers,
    connection::{Answer, Ask, Connection},
    protocol::{self, Version},
    tls::SslSettings,
};
use crate::{
    Node,
    actions::by_query::{
        retry::{Backoff, is_overload},
        source::Page,
        state::WorkerState,
    },
};

/// How long forgetting a scroll may take; it expires by itself.
const CLEARING: Duration = Duration::from_secs(10);
/// The same, once the operation is cancelled.
const CLEARING_CANCELLED: Duration = Duration::from_millis(300);

/// Another cluster, through a scroll.
pub(in crate::actions::by_query) struct Remote {
    node: Arc<Node>,
    task: Task,
    state: Arc<WorkerState>,
    remote: RemoteSource,
    indices: Vec<String>,
    search: Arc<SearchSource>,
    shows_versions: bool,
    keep_alive: Duration,
    connection: Option<Connection>,
    scroll: Option<String>,
}

impl Remote {
    pub(in crate::actions::by_query) fn new(
        node: &Arc<Node>,
        task: &Task,
        state: &Arc<WorkerState>,
        remote: RemoteSource,
        request: &crate::actions::by_query::ByQueryRequest,
        shows_versions: bool,
    ) -> Self {
        Self {
            node: Arc::clone(node),
            task: task.clone(),
            state: Arc::clone(state),
            remote,
            indices: request.search.indices.names.clone(),
            search: Arc::clone(&request.search.source),
            shows_versions,
            keep_alive: request.options.scroll,
            connection: None,
            scroll: None,
        }
    }

    /// Asks who answers, then for the first page.
    pub(in crate::actions::by_query) async fn first(&mut self) -> Result<Page, Failure> {
        // It may have come from a process with other settings.
        self.remote.check_allowed(&self.node)?;
        let settings = SslSettings::of(&self.node.config().settings)?;
        self.connection = Some(Connection::new(self.remote.clone(), &settings).await?);
        let answer = self.ask(&Version::ask()).await?;
        let version = Version::read(&answer.body)?;
        drop(answer);
        let search = protocol::search(
            &self.remote,
            &self.indices,
            &self.search,
            self.shows_versions,
            self.keep_alive,
            version,
        )?;
        let page = self.page(&search).await?;
        let begins_empty = version.scans() && page.documents.is_empty();
        match &self.scroll {
            Some(_) if begins_empty && page.failures.is_empty() => self.next(Duration::ZERO).await,
            _ => Ok(page),
        }
    }

    /// The next page.
    pub(in crate::actions::by_query) async fn next(
        &mut self,
        more: Duration,
    ) -> Result<Page, Failure> {
        let Some(scroll_id) = &self.scroll else {
            return Ok(Page::default());
        };
        let keep_alive = self.keep_alive.saturating_add(more);
        let ask = protocol::next_page(scroll_id, keep_alive);
        self.page(&ask).await
    }

    /// Lets the other cluster forget the scroll. This is tried once and not waited for for long.
    pub(in crate::actions::by_query) async fn close(&mut self) {
        let (connection, scroll) = (self.connection.take(), self.scroll.take());
        let (Some(mut connection), Some(scroll_id)) = (connection, scroll) else {
            return;
        };
        let within = async {
            let patience = async {
                self.task.cancelled().await;
                tokio::time::sleep(CLEARING_CANCELLED).await;
            };
            tokio::select! {
                () = patience => {}
                () = tokio::time::sleep(CLEARING) => {}
            }
        };
        let ask = protocol::clear(&scroll_id);
        let cleared = tokio::select! {
            biased;
            cleared = connection.ask(&self.task, &ask) => cleared.map(drop),
            () = within => Err(Failure::timeout("it was not answered in time")),
        };
        if let Err(failure) = cleared {
            let (task, host) = (self.task.id(), self.remote.url());
            tracing::warn!(%task, host, kind = failure.kind.name(), "a scroll of another cluster was not cleared");
        }
    }

    async fn page(&mut self, ask: &Ask) -> Result<Page, Failure> {
        let answer = self.ask(ask).await?;
        // The answer goes to the pool and back, and with it what it is charged for.
        let read = self.node.pools().write.run(&self.task, move |task| {
            let read = answers::page(&answer.body, task);
            drop(answer);
            read
        });
        let (page, scroll_id) = unless_cancelled(&self.task, read).await?;
        if scroll_id.is_some() {
            self.scroll = scroll_id;
        }
        Ok(page)
    }

    /// Asks; again while it is refused for lack of room, which is counted.
    async fn ask(&mut self, ask: &Ask) -> Result<Answer, Failure> {
        let mut backoff = Backoff::default();
        loop {
            let Some(connection) = &mut self.connection else {
                return Err(Failure::illegal_state("the connection is closed"));
            };
            let waiting = self.task.waiting(On::Other("remote".into()));
            let answer = unless_cancelled(&self.task, connection.ask(&self.task, ask)).await;
            drop(waiting);
            match answer {
                Err(failure)
                    if failure.kind == Kind::Status
                        && is_overload(&failure)
                        && backoff.next(&self.task).await =>
                {
                    self.state.count(|figures| figures.search_retries += 1);
                }
                answer => return answer,
            }
        }
    }
}

/// What `work` gives; given up as soon as the task is cancelled.
async fn unless_cancelled<T>(
    task: &Task,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        reason = task.cancelled() => Err(Failure::task_cancelled(&reason.text)),
        done = work => done,
    }
}
