//! `internal:tasks/retention`: stored results go when they are old, or more than there may be.

use super::INDEX;
use crate::{
    Action, Node,
    actions::{
        documents::{Bulk, BulkRequest, Operation, WriteItem, WriteOptions},
        search::{SearchAction, SearchRequest},
        table,
    },
    metadata::{ExpressionOptions, IndexExpression},
};
use glasswork_content::{Limits, Node as Json, failure::Failure, parse};
use glasswork_search::request;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write,
    sync::{Arc, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Time between two passes.
const EVERY: Duration = Duration::from_secs(60);

/// No result goes that is younger than this, in milliseconds: whoever started the task has this long to fetch it.
const YOUNGEST_MILLIS: i64 = 3_600_000;

/// Results that are looked at together.
const PAGE: usize = 500;

/// A pass at this moment.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct RetentionRequest {
    /// Milliseconds since 1970.
    pub(crate) now_millis: i64,
}

/// Removes results: those older than `tasks.results.retention`, and the oldest of more than `tasks.results.max_count`. A failed
/// task's result goes by the same rules as any other. Answers how many it removed.
pub(crate) struct Retention;

impl Action for Retention {
    const SPEC: &'static crate::Spec = &table::TASKS_RETENTION;
    type Request = RetentionRequest;
    type Response = u64;

    async fn run(node: Arc<Node>, task: Task, request: RetentionRequest) -> Result<u64, Failure> {
        if node.metadata().index(INDEX).is_none() {
            return Ok(0);
        }
        let keep_millis = node
            .time_setting("tasks.results.retention")
            .map(|keep| i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
        let most = u64::try_from(node.whole_setting("tasks.results.max_count")).unwrap_or(0);
        let (mut removed, mut excess) = (0, None);
        let mut after: Option<Stored> = None;
        task.count_in("results");
        loop {
            let (page, total) = page(&node, &task, after.as_ref()).await?;
            let excess = excess.get_or_insert_with(|| total.saturating_sub(most));
            let mut doomed = Vec::new();
            for stored in &page {
                let age = request.now_millis.saturating_sub(stored.ended_millis);
                let too_old = keep_millis.is_some_and(|keep| age > keep);
                if age < YOUNGEST_MILLIS || !(too_old || *excess > 0) {
                    continue;
                }
                *excess = excess.saturating_sub(1);
                doomed.push(stored.id.clone());
            }
            removed += remove(&node, &task, doomed).await?;
            task.reach(removed);
            // By the moment of their start: those behind one that began within the hour ended within it too.
            let last = page.last().filter(|last| {
                page.len() == PAGE
                    && request.now_millis.saturating_sub(last.start_millis) >= YOUNGEST_MILLIS
            });
            match last {
                Some(last) => after = Some(last.clone()),
                None => return Ok(removed),
            }
        }
    }
}

/// What a pass has to know of a result.
#[derive(Debug, Clone)]
struct Stored {
    id: String,
    node: String,
    number: i64,
    start_millis: i64,
    ended_millis: i64,
}

impl Stored {
    fn read(id: &str, source: &[u8]) -> Option<Self> {
        let source = parse(source, &Limits::DEFAULT).ok()?;
        let task = source.get("task")?;
        let number = |name: &str| task.get(name).and_then(Json::as_i64);
        let start_millis = number("start_time_in_millis")?;
        Some(Self {
            id: id.to_owned(),
            node: task.get("node")?.as_str()?.to_owned(),
            number: number("id")?,
            start_millis,
            ended_millis: start_millis + number("running_time_in_nanos")? / 1_000_000,
        })
    }
}

/// The next results, oldest start first, and how many there are in all. Documents that are no results are left alone.
async fn page(
    node: &Arc<Node>,
    task: &Task,
    after: Option<&Stored>,
) -> Result<(Vec<Stored>, u64), Failure> {
    let mut body = format!(
        r#"{{"size":{PAGE},"track_total_hits":true,"query":{{"bool":{{"filter":[{{"exists":{{"field":"task.node"}}}},{{"exists":{{"field":"task.id"}}}},{{"exists":{{"field":"task.start_time_in_millis"}}}},{{"exists":{{"field":"task.running_time_in_nanos"}}}}]}}}},"sort":["task.start_time_in_millis","task.id","task.node"],"_source":["task.node","task.id","task.start_time_in_millis","task.running_time_in_nanos"]"#
    );
    let written = match after {
        // A node's id needs no escapes: letters, digits, `-` and `_`.
        Some(last) => write!(
            body,
            r#","search_after":[{},{},"{}"]}}"#,
            last.start_millis, last.number, last.node
        ),
        None => body.write_char('}'),
    };
    written.map_err(|error| Failure::illegal_state(error.to_string()))?;
    let source = request::SearchRequest::parse(&parse(body.as_bytes(), &Limits::DEFAULT)?)?;
    let indices = IndexExpression::parse(INDEX, ExpressionOptions::OPEN);
    let found = node
        .child::<SearchAction>(task, SearchRequest::new(indices, source))
        .await?;
    let total = found.reduced.total.map_or(0, |total| total.value);
    let read = |hit: &glasswork_search::fetch::Hit| Stored::read(&hit.id, hit.source.as_deref()?);
    Ok((found.hits.iter().filter_map(read).collect(), total))
}

async fn remove(node: &Arc<Node>, task: &Task, doomed: Vec<String>) -> Result<u64, Failure> {
    if doomed.is_empty() {
        return Ok(0);
    }
    let items = doomed
        .into_iter()
        .map(|id| WriteItem::new(INDEX, Some(id), Operation::Delete))
        .collect();
    let request = BulkRequest {
        items,
        options: WriteOptions::default(),
    };
    let answer = node.child::<Bulk>(task, request).await?;
    let gone = answer.items.iter().filter(|item| item.result.is_ok());
    Ok(gone.count() as u64)
}

/// Has a pass made every now and then, by the node that has the index.
pub(crate) async fn keep(node: Weak<Node>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(node) = node.upgrade() else { return };
        let metadata = node.metadata();
        let place = metadata.index(INDEX).and_then(|index| index.shards.first());
        if place.is_none_or(|place| *place.primary != *node.id().as_str()) {
            continue;
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let request = RetentionRequest {
            now_millis: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        };
        if let Err(failure) = node.internal::<Retention>(request).await {
            tracing::warn!(%failure, "old results stay for now");
        }
    }
}
