//! A divided operation: a child of the same action for each by-query slice, and one answer of theirs.

use futures_util::{
    FutureExt,
    future::{BoxFuture, join, join_all},
};
use glasswork_content::{Failure, Kind};
use glasswork_search::request::Slice;
use glasswork_tasks::Task;
use std::{sync::Arc, time::Duration};

use super::{
    DeleteByQuery, Reindex, UpdateByQuery,
    request::{ByQueryRequest, Slices, Work},
    response::ByQueryResponse,
    resume::Place,
    state::{LeaderState, Registered, Run, canceled},
    status::ByQueryStatus,
    throttle::UNLIMITED,
};
use crate::Node;

/// Runs the by-query slices and joins what they answer. One that fails makes the whole fail once all have ended; the failures
/// of others are `suppressed` in the first one's.
pub(super) async fn lead(
    node: Arc<Node>,
    task: Task,
    request: ByQueryRequest,
    slices: u32,
    registered: &Registered,
) -> Result<ByQueryResponse, Failure> {
    let leader = Arc::new(LeaderState::new(slices));
    registered.is(Run::Leader(Arc::clone(&leader)));
    let parts = (0..slices).map(|slice| {
        let part = begin(&node, &task, request.for_slice(slice, slices));
        let leader = &leader;
        let (node, task) = (&node, &task);
        async move {
            let answer = match part.await {
                Err(failure) if failure.kind == Kind::TaskCancelled && task.is_cancelled() => {
                    done_before(node, task, slice, failure).await
                }
                answer => answer,
            };
            let outcome = match &answer {
                Ok(answer) => Ok(answer.status.clone()),
                Err(failure) => Err(failure.clone()),
            };
            leader.ended(slice, outcome);
            answer
        }
    });
    // Whoever started the operation is told of it when each slice can be found and rethrottled.
    let told = async {
        leader.all_begun().await;
        node.begun(&task);
    };
    let (answers, ()) = join(join_all(parts), told).await;
    let mut done = Vec::with_capacity(answers.len());
    let mut failed: Option<Failure> = None;
    for answer in answers {
        match (answer, &mut failed) {
            (Ok(answer), _) => done.push(answer),
            (Err(failure), None) => failed = Some(failure),
            (Err(failure), Some(first)) => first.suppressed.push(failure),
        }
    }
    match failed {
        Some(failure) => Err(failure),
        None => Ok(ByQueryResponse::merged(done, canceled(&task))),
    }
}

/// What a by-query slice had done before a crash, when its operation had been cancelled by then and it is not begun again. In the
/// process that started the operation this stays the failure to begin.
async fn done_before(
    node: &Node,
    task: &Task,
    slice: u32,
    failure: Failure,
) -> Result<ByQueryResponse, Failure> {
    let place = Place::of(node, task, slice).filter(|place| place.run().is_resumed());
    let Some(place) = place else {
        return Err(failure);
    };
    let saved = place.load().await?.unwrap_or_default();
    let took_millis = u64::try_from(saved.took.as_millis()).unwrap_or(u64::MAX);
    saved.ended.unwrap_or_else(|| {
        Ok(ByQueryResponse {
            took_millis,
            timed_out: false,
            status: ByQueryStatus {
                slice_id: Some(slice),
                figures: saved.figures,
                throttled: saved.throttled,
                requests_per_second: UNLIMITED,
                canceled: canceled(task),
                throttled_until: Duration::ZERO,
                slices: Vec::new(),
            },
            write_failures: Vec::new(),
            search_failures: Vec::new(),
        })
    })
}

/// Boxed: an operation is a child of itself here, which no type can say otherwise.
fn begin(
    node: &Arc<Node>,
    task: &Task,
    request: ByQueryRequest,
) -> BoxFuture<'static, Result<ByQueryResponse, Failure>> {
    let (node, task) = (Arc::clone(node), task.clone());
    async move {
        match request.work {
            Work::Reindex(_) => node.child::<Reindex>(&task, request).await,
            Work::Update => node.child::<UpdateByQuery>(&task, request).await,
            Work::Delete => node.child::<DeleteByQuery>(&task, request).await,
        }
    }
    .boxed()
}

impl ByQueryRequest {
    /// The request of one by-query slice of `slices`: its share of the documents, of the pace and of `max_docs`, which rounds
    /// down as upstream's does.
    fn for_slice(&self, slice: u32, slices: u32) -> Self {
        let mut part = self.clone();
        part.options.slices = Slices::Count(1);
        // No share is nothing: a pace is more than zero.
        part.options.requests_per_second =
            (self.options.requests_per_second / slices as f32).max(f32::MIN_POSITIVE);
        part.options.max_docs = self.options.max_docs.map(|documents| documents / slices);
        part.source_mut().slice = Some(Slice::by_id(slice, slices));
        part
    }
}
