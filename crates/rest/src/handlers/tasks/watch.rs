//! `GET /_tasks/_watch`, `GET /_tasks/{task_id}/_watch`: what happens to tasks, as it happens, as server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::{any::Any, sync::Arc, time::Duration};

use bytes::Bytes;
use glasswork_content::failure::Failure;
use glasswork_node::{
    Node, Rest,
    actions::tasks::watch::{Watch, WatchTasks, runs},
    watching::{News, TaskEvent, Told, Watcher, What},
};
use glasswork_tasks::{
    Filter, News as Happened, Task, TaskId,
    wire::{ask, sse},
};
use http::{HeaderValue, header};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::extensions;
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, list, text},
    server::BrokenOff,
};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::Get,
        path: "/_tasks/_watch",
        params: &[PARAMS, extensions::FILTERS],
        body: Body::Ignored,
        handler: handler!(watch_all),
        action: "cluster:monitor/tasks/watch",
    },
    Route {
        method: Method::Get,
        path: "/_tasks/{task_id}/_watch",
        params: &[&[extensions::EXTENDED]],
        body: Body::Ignored,
        handler: handler!(watch_one),
        action: "cluster:monitor/tasks/watch",
    },
];

const PARAMS: &[Param] = &[
    list("actions"),
    text("parent_task_id", ""),
    extensions::EXTENDED,
];

/// A comment is sent when nothing else was for so long: whoever is in between keeps the connection.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Events looked at together, and pieces that wait for a slow client. A slower one misses events.
const BATCH: usize = 256;
const WAITING: usize = 2;

async fn watch_all(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let filter = ask::filter(&mut request.params, false)?;
    let filter = ask::filters(&mut request.params, filter)?;
    watch(node, request, filter, None).await
}

async fn watch_one(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let id = ask::task_id(request.params.path("task_id"))?;
    let id = id.ok_or_else(|| Failure::validation(["task id is required"]))?;
    let filter = Filter {
        internal: true,
        ..Filter::default()
    };
    watch(node, request, filter, Some(id)).await
}

/// Answers events until the client leaves, the task of the watch is cancelled, or the one task that is watched has ended.
async fn watch(
    node: Arc<Node>,
    mut request: Request,
    filter: Filter,
    id: Option<TaskId>,
) -> Result<Reply, Failure> {
    let extended = ask::extended(&mut request.params)?;
    request.params.refuse_unknown()?;
    let after = sse::last_event(
        request
            .headers
            .get("last-event-id")
            .map(HeaderValue::as_bytes),
    )?;
    // Before the task is looked for: what happens to it from now on is heard.
    let watcher = node.watch_tasks(after);
    let wanted = WatchTasks { id: id.clone() };
    let telling = (Arc::clone(&node), watcher);
    node.run_in_pieces::<Watch, _>(wanted, request.caller(), move |answer, task| {
        answer?;
        let (node, watcher) = telling;
        let (sender, receiver) = mpsc::channel(WAITING);
        let reply = Reply::pieces(200, sse::CONTENT_TYPE, receiver)
            .header(header::CACHE_CONTROL, "no-store");
        let telling = Telling {
            node,
            task: task.clone(),
            filter,
            id,
            extended,
            sender,
        };
        let rest: Rest =
            Box::pin(async move { Box::new(telling.tell(watcher).await) as Box<dyn Any + Send> });
        Ok((reply, Some(rest)))
    })
    .await
}

struct Telling {
    node: Arc<Node>,
    task: Task,
    filter: Filter,
    id: Option<TaskId>,
    extended: bool,
    sender: mpsc::Sender<Result<Bytes, BrokenOff>>,
}

impl Telling {
    /// Tells until it is over; gives the way to the client back, which is closed after the task of the watch has ended.
    async fn tell(self, mut watcher: Watcher) -> mpsc::Sender<Result<Bytes, BrokenOff>> {
        let mut piece: Vec<u8> = sse::BEGIN.to_vec();
        let mut over = false;
        let mut heartbeat = Instant::now() + HEARTBEAT;
        loop {
            if !piece.is_empty() {
                let piece = Bytes::from(std::mem::take(&mut piece));
                tokio::select! {
                    sent = self.sender.send(Ok(piece)) => if sent.is_err() { break },
                    _ = self.task.cancelled() => break,
                }
                heartbeat = Instant::now() + HEARTBEAT;
            }
            if over {
                break;
            }
            let news = tokio::select! {
                news = watcher.next(BATCH) => news,
                () = sleep_until(heartbeat) => {
                    piece.extend_from_slice(sse::HEARTBEAT);
                    // Its end may have been among what was missed, or its node may be gone.
                    over = !self.is_there().await;
                    continue;
                }
                () = self.sender.closed() => break,
                _ = self.task.cancelled() => break,
            };
            let Some(news) = news else { break };
            over = self.write(&mut piece, news).await;
        }
        self.sender
    }

    /// Writes what is wanted of the news; tells whether nothing can follow.
    async fn write(&self, piece: &mut Vec<u8>, news: News) -> bool {
        let mut gap = false;
        if let Some(count) = news.missed {
            sse::missed(piece, news.before, count);
            gap = true;
        }
        for told in &news.told {
            match &told.what {
                What::Missed(count) => {
                    sse::missed(piece, told.sequence, Some(*count));
                    gap = true;
                }
                What::Event(event) if self.wants(event) => {
                    piece.extend_from_slice(&form(told, event, self.extended));
                    if self.id.is_some() && matches!(event.news, Happened::Ended(_)) {
                        return true;
                    }
                }
                What::Event(_) => {}
            }
        }
        gap && !self.is_there().await
    }

    fn wants(&self, event: &TaskEvent) -> bool {
        match &self.id {
            Some(id) => event.task.id == *id,
            None => event.fits(&self.filter),
        }
    }

    /// Whether the one task that is watched still runs; yes when all are watched.
    async fn is_there(&self) -> bool {
        match &self.id {
            None => true,
            Some(id) => match runs(&self.node, &self.task, id).await {
                Ok(runs) => runs,
                // A node that can't be asked now may answer later; one that is gone has no tasks.
                Err(_) => self.node.member(&id.node).is_some(),
            },
        }
    }
}

/// An event as it is sent: made once, for all who watch.
fn form(told: &Told, event: &TaskEvent, extended: bool) -> Bytes {
    told.forms[usize::from(extended)]
        .get_or_init(|| {
            let mut text = Vec::new();
            // A snapshot without a status can always be written.
            if let Err(failure) = sse::event(&mut text, told.sequence, event, extended) {
                tracing::error!(%failure, "an event can't be written");
            }
            text.into()
        })
        .clone()
}
