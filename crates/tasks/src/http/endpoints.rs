//! What each endpoint does. Parameters and answers are those of a Glasswork node (`docs/extensions.md`).

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::Arc,
    time::{Duration, Instant},
};

use glasswork_content::{failure::Failure, render::Render};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    answer::{Answer, Form},
    body::ApiBody,
    listing::{Listing, page},
    query::Query,
    routes::Endpoint,
    serving::{Serving, Waits},
    timing::within,
    watching::Watching,
};
use crate::{
    Filter, HistoryFilter, Reason, Snapshot, Task, TaskId, View,
    wire::{
        self, Cut, DEFAULT_WAIT, GroupBy, HistoryCursor, HistoryResponse, NodeTasks, Preview,
        TasksResponse,
        ask::{self, CancelOptions, Parameters, Which},
        failed_node, matching, shown, sse,
    },
};

const X_GLASSWORK_VERSION: HeaderName = HeaderName::from_static("x-glasswork-version");

/// # Errors
/// What is wrong with the request.
pub(super) async fn answer(
    serving: Arc<Serving>,
    endpoint: Endpoint,
    id: String,
    query: Query,
    form: Form,
    headers: &HeaderMap,
) -> Result<Answer, Failure> {
    match endpoint {
        Endpoint::Banner => {
            query.refuse_unknown()?;
            Ok(banner(&serving, &form))
        }
        Endpoint::List => list(&serving, query, form).await,
        Endpoint::Get => get(&serving, &id, query, &form).await,
        Endpoint::History => history(&serving, query, &form),
        Endpoint::Cancel => cancel(&serving, Which::Matching, query, &form).await,
        Endpoint::CancelOne => {
            let which = Which::One(ask::task_id(&id)?);
            cancel(&serving, which, query, &form).await
        }
        Endpoint::Watch | Endpoint::WatchOne => watch(&serving, endpoint, &id, query, headers),
    }
}

fn banner(serving: &Serving, form: &Form) -> Answer {
    let write = |out: &mut Render| {
        out.object();
        out.field_str("name", &serving.node.name);
        out.field_str("cluster_name", &serving.cluster);
        out.field_object("version");
        out.field_str("distribution", "opensearch");
        out.field_str("number", wire::VERSION);
        out.end_object();
        out.field_str("tagline", "The tasks of a service");
        out.end_object();
    };
    // By this the tools know that there is more than OpenSearch has.
    form.pretty()
        .answer(200, write)
        .header(X_GLASSWORK_VERSION, env!("CARGO_PKG_VERSION"))
}

async fn list(serving: &Serving, mut query: Query, form: Form) -> Result<Answer, Failure> {
    let detailed = query.flag("detailed")?;
    let nodes = query.list("nodes");
    let filter = ask::filter(&mut query, false)?;
    let wait = query.flag("wait_for_completion")?;
    let timeout = query.time("timeout")?;
    let group_by = query.text("group_by").unwrap_or("nodes").to_owned();
    for name in ["master_timeout", "cluster_manager_timeout"] {
        if query.has(name) {
            query.time(name)?;
        }
    }
    let mut filter = ask::filters(&mut query, filter)?;
    let view = View {
        extended: ask::extended(&mut query)?,
        ..ask::view(detailed, form.human())
    };
    let after = ask::page(&mut query, &mut filter)?;
    query.refuse_unknown()?;
    let group_by = GroupBy::parse(&group_by)?;
    if !is_meant(serving, &nodes) {
        return form.try_answer(|out| shown::tasks(out, &TasksResponse::default(), group_by));
    }
    if wait {
        let tasks = serving.registry.list(&filter).tasks;
        if let Err(late) = ended(serving, &tasks, timeout.unwrap_or(DEFAULT_WAIT)).await? {
            let response = failed(serving, late);
            return form.try_answer(|out| shown::tasks(out, &response, group_by));
        }
        let tasks = serving.registry.snapshots(&tasks, &view);
        let response = of_node(serving, tasks);
        return form.try_answer(|out| shown::tasks(out, &response, group_by));
    }
    if filter.size.is_some() || group_by == GroupBy::Parents {
        // A page is short, and a tree can't be told before it is whole.
        let response = page(serving, &filter, after.as_ref(), &view);
        return form.try_answer(|out| shown::tasks(out, &response, group_by));
    }
    let list = Listing::begin(serving, filter, view, group_by, form.options())?;
    Ok(form.pieces(ApiBody::list(list)))
}

/// Whether this node is among those that are asked.
fn is_meant(serving: &Serving, nodes: &[String]) -> bool {
    let members = std::slice::from_ref(&serving.node);
    !matching(members, nodes, &serving.node.id, None).is_empty()
}

fn of_node(serving: &Serving, tasks: Vec<Snapshot>) -> TasksResponse {
    let mut response = TasksResponse::default();
    if !tasks.is_empty() {
        let node = serving.node.clone();
        response.nodes.push(NodeTasks { node, tasks });
    }
    response
}

fn failed(serving: &Serving, cause: Failure) -> TasksResponse {
    TasksResponse {
        node_failures: vec![failed_node(&serving.node.id, cause)],
        ..TasksResponse::default()
    }
}

/// Waits until all have ended; tells which had not in time.
///
/// # Errors
/// Too many wait already; the wait itself was cancelled.
async fn ended(
    serving: &Serving,
    tasks: &[Task],
    patience: Duration,
) -> Result<Result<(), Failure>, Failure> {
    let guard = serving.wait(Waits::Completion)?;
    let until = Instant::now() + patience.min(serving.limits.longest);
    for task in tasks {
        let left = until.saturating_duration_since(Instant::now());
        match within(left, ended_or_cancelled(task, guard.task())).await {
            Some(Ok(())) => {}
            Some(Err(reason)) => return Err(Failure::task_cancelled(&reason.text)),
            None => {
                guard.succeed();
                return Ok(Err(wire::timed_out(task)));
            }
        }
    }
    guard.succeed();
    Ok(Ok(()))
}

/// Whichever comes first: the end of `task`, or a cancel of `own`, which waits for it.
async fn ended_or_cancelled(task: &Task, own: &Task) -> Result<(), Reason> {
    let mut ended = std::pin::pin!(task.ended());
    let mut cancelled = std::pin::pin!(own.cancelled());
    std::future::poll_fn(|context| {
        use std::{future::Future, task::Poll};
        if ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        cancelled.as_mut().poll(context).map(Err)
    })
    .await
}

async fn get(
    serving: &Serving,
    id: &str,
    mut query: Query,
    form: &Form,
) -> Result<Answer, Failure> {
    let id = ask::task_id(id)?;
    let wait = query.flag("wait_for_completion")?;
    let timeout = query.time("timeout")?;
    let view = View {
        form: ask::form(form.human()),
        extended: ask::extended(&mut query)?,
        ..View::DETAILED
    };
    query.refuse_unknown()?;
    let id = id.ok_or_else(|| Failure::validation(["task id is required"]))?;
    let task = find(serving, &id)?;
    if wait {
        ended(
            serving,
            std::slice::from_ref(&task),
            timeout.unwrap_or(DEFAULT_WAIT),
        )
        .await??;
        let snapshot = task.snapshot(&view);
        return form.try_answer(|out| shown::one_alone(out, &snapshot, true));
    }
    let tasks = serving
        .registry
        .snapshots(std::slice::from_ref(&task), &view);
    form.try_answer(|out| match tasks.first() {
        Some(snapshot) => shown::one_alone(out, snapshot, false),
        None => Err(wire::not_running(&id)),
    })
}

/// # Errors
/// 404 when it does not run here.
fn find(serving: &Serving, id: &TaskId) -> Result<Task, Failure> {
    let missing = || wire::not_running(id);
    if id.node != serving.node.id {
        return Err(wire::belongs_elsewhere(id, missing()));
    }
    serving.registry.get(id.number).ok_or_else(missing)
}

async fn cancel(
    serving: &Serving,
    which: Which,
    mut query: Query,
    form: &Form,
) -> Result<Answer, Failure> {
    let nodes = query.list("nodes");
    let filter = ask::filter(&mut query, false)?;
    let wait = query.flag("wait_for_completion")?;
    let group_by = query.text("group_by").unwrap_or("nodes").to_owned();
    let detailed = query.has("detailed") && query.flag("detailed")?;
    let timeout = match query.has("timeout") {
        true => query.time("timeout")?,
        false => None,
    };
    let options = CancelOptions::read(&mut query)?;
    let filter = ask::filters(&mut query, filter)?;
    query.refuse_unknown()?;
    let group_by = GroupBy::parse(&group_by)?;
    which.check(&nodes, options.dry_run, options.token.is_some())?;
    let view = View {
        extended: options.extended || options.dry_run,
        ..ask::view(detailed, form.human())
    };
    let response = match &which {
        Which::One(Some(id)) if id.node != serving.node.id => TasksResponse {
            node_failures: vec![failed_node(&id.node, wire::no_such_node(&id.node))],
            ..TasksResponse::default()
        },
        Which::Matching if !is_meant(serving, &nodes) => TasksResponse::default(),
        Which::One(id) => {
            let number = id.as_ref().map(|id| id.number);
            cut(serving, number, &filter, &options, view, wait, timeout).await?
        }
        Which::Matching => cut(serving, None, &filter, &options, view, wait, timeout).await?,
    };
    form.try_answer(|out| shown::tasks(out, &response, group_by))
}

async fn cut(
    serving: &Serving,
    number: Option<u64>,
    filter: &Filter,
    options: &CancelOptions,
    view: View,
    wait: bool,
    timeout: Option<Duration>,
) -> Result<TasksResponse, Failure> {
    let registry = &serving.registry;
    if options.dry_run {
        return Ok(
            preview(serving, number, filter, view).unwrap_or_else(|cause| failed(serving, cause))
        );
    }
    let which = Cut {
        number,
        filter,
        token: options.token.as_deref(),
    };
    let reason = Reason::new(Arc::clone(&options.reason));
    let cancels = match wire::cut(registry, &serving.previews, which, reason) {
        Ok(Some(cancels)) => cancels,
        Ok(None) => {
            let token = options.token.as_deref().unwrap_or_default();
            return Err(wire::unknown_token(token));
        }
        Err(cause) => return Ok(failed(serving, cause)),
    };
    let mut tasks: Vec<Task> = cancels
        .tasks
        .into_iter()
        .map(|cancelled| cancelled.task)
        .collect();
    tasks.sort_by_key(Task::number);
    if wait {
        let patience = timeout.unwrap_or(serving.limits.longest);
        if let Err(late) = ended(serving, &tasks, patience).await? {
            return Ok(failed(serving, late));
        }
    }
    Ok(of_node(serving, registry.snapshots(&tasks, &view)))
}

/// What a cancel would end.
///
/// # Errors
/// The one task is not there, can't be cancelled or does not fit.
fn preview(
    serving: &Serving,
    number: Option<u64>,
    filter: &Filter,
    view: View,
) -> Result<TasksResponse, Failure> {
    let registry = &serving.registry;
    let tasks = match number {
        Some(number) => vec![wire::cancellable(registry, number, filter)?],
        None => registry.list(filter).tasks,
    };
    let half = || RandomState::new().hash_one(0);
    let token: Arc<str> = format!("{:016x}{:016x}", half(), half()).into();
    let tasks = wire::preview(registry, &serving.previews, tasks, &token);
    let mut response = of_node(serving, registry.snapshots(&tasks, &view));
    response.preview = Some(Preview::of(token, &response.nodes));
    Ok(response)
}

fn history(serving: &Serving, mut query: Query, form: &Form) -> Result<Answer, Failure> {
    let nodes = query.list("nodes");
    let (filter, after) = ask::history(&mut query)?;
    query.time("timeout")?;
    query.refuse_unknown()?;
    let mut response = HistoryResponse::default();
    if is_meant(serving, &nodes) {
        let size = filter.size;
        response.tasks = serving.registry.history(&HistoryFilter {
            size: size.saturating_add(1),
            after: after.map(|after| after.on(&serving.node.id)),
            ..filter
        });
        let more = response.tasks.len() > size;
        response.tasks.truncate(size);
        let last = response.tasks.last().filter(|_| more);
        response.next = last.map(HistoryCursor::at);
    }
    form.try_answer(|out| wire::past(out, &response))
}

fn watch(
    serving: &Arc<Serving>,
    endpoint: Endpoint,
    id: &str,
    mut query: Query,
    headers: &HeaderMap,
) -> Result<Answer, Failure> {
    let mut one = None;
    let mut filter = Filter {
        internal: true,
        ..Filter::default()
    };
    if endpoint == Endpoint::WatchOne {
        let id = ask::task_id(id)?;
        one = Some(id.ok_or_else(|| Failure::validation(["task id is required"]))?);
    } else {
        let asked = ask::filter(&mut query, false)?;
        filter = ask::filters(&mut query, asked)?;
    }
    let extended = ask::extended(&mut query)?;
    query.refuse_unknown()?;
    let after = headers.get("last-event-id").map(HeaderValue::as_bytes);
    let after = sse::last_event(after)?;
    let watching = Watching::begin(serving, filter, one, extended, after)?;
    let answer = Answer::new(200, sse::CONTENT_TYPE, ApiBody::watch(watching));
    Ok(answer.header(http::header::CACHE_CONTROL, "no-store"))
}
