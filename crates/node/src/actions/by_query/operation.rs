//! How an operation begins: what can be seen of its indices, whether it is divided, and who does the work.

use glasswork_content::{Failure, Kind};
use glasswork_tasks::Task;
use std::sync::Arc;

use super::{
    SearchShards, SearchShardsRequest, apply,
    leader::lead,
    request::{ByQueryRequest, Destination, Slices, Work},
    response::ByQueryResponse,
    resume::Place,
    state::{LeaderState, Registered, Run, WorkerState},
    worker::work,
};
use crate::{Node, actions::indices::may_be_made, metadata::Index};

/// `slices=auto` makes no more than these.
const MOST_AUTOMATIC: u32 = 20;

/// Setting: how many slices a scroll may have.
const SLICE_LIMIT: &str = "index.max_slices_per_scroll";
const DEFAULT_SLICE_LIMIT: u32 = 1024;

/// The part of a durable run that is the leader's own.
const LEADER: u32 = u32::MAX;

/// What is wrong with a request that no index has to be asked for.
///
/// # Errors
/// `action_request_validation_exception`, or what keeps its script from being compiled.
pub(super) fn validate(request: &ByQueryRequest) -> Result<(), Failure> {
    let problems = request.problems();
    if !problems.is_empty() {
        return Err(Failure::validation(problems));
    }
    match &request.script {
        Some(script) => apply::compiled(script).map(drop),
        None => Ok(()),
    }
}

/// Runs an operation, or one by-query slice of it.
///
/// # Errors
/// As [`work`] and [`lead`]; what can be seen of the indices before: a source that is missing, a destination among the
/// sources, too many slices.
pub(super) async fn operate(
    node: Arc<Node>,
    task: Task,
    request: ByQueryRequest,
) -> Result<ByQueryResponse, Failure> {
    let registered = Registered::new(&node, &task);
    let leader = leader_of(&node, &task);
    if leader.is_none()
        && let Work::Reindex(destination) = &request.work
    {
        check_reindex(&node, &request, destination)?;
    }
    let slices = match (request.options.slices, &leader) {
        (_, Some(_)) => 1,
        (Slices::Count(slices), None) => slices,
        (Slices::Auto, None) => automatic(&node, &task, &request).await?,
    };
    if slices > 1 {
        check_slices(&node, &request, slices)?;
        if request.options.max_docs.is_some_and(|most| most < slices) {
            // Chosen automatically: a number that was given is compared where it is read.
            return Err(Failure::illegal_argument(
                "[max_docs] should be >= [slices]",
            ));
        }
        return lead(node, task, request, slices, &registered).await;
    }
    let state = Arc::new(WorkerState::new(
        request.slice_id(),
        request.options.requests_per_second,
    ));
    registered.is(Run::Worker(Arc::clone(&state)));
    match leader {
        None => node.begun(&task),
        Some(leader) => leader.begins(request.slice_id().unwrap_or(0), &task, &state),
    }
    work(node, task, request, state).await
}

/// The operation that this is a by-query slice of.
fn leader_of(node: &Node, task: &Task) -> Option<Arc<LeaderState>> {
    let parent = task.parent().filter(|parent| parent.node == *node.id())?;
    match node.by_query_runs().get(parent.number) {
        Some(Run::Leader(leader)) => Some(leader),
        _ => None,
    }
}

/// As many slices as the index with the fewest shards has of them. A restart finds the number that was chosen before.
async fn automatic(
    node: &Arc<Node>,
    task: &Task,
    request: &ByQueryRequest,
) -> Result<u32, Failure> {
    let place = Place::of(node, task, LEADER);
    if let Some(place) = &place
        && let Some(chosen) = place.chosen_slices().await?
    {
        return Ok(chosen);
    }
    let shards = SearchShardsRequest {
        indices: request.search.indices.clone(),
    };
    let counts = node.child::<SearchShards>(task, shards).await?;
    let chosen = counts.into_iter().min().unwrap_or(1).min(MOST_AUTOMATIC);
    if let Some(place) = &place {
        place.choose_slices(chosen).await?;
    }
    Ok(chosen)
}

fn check_slices(node: &Node, request: &ByQueryRequest, slices: u32) -> Result<(), Failure> {
    // What can't be resolved is told by the search.
    let indices = node
        .metadata()
        .resolve(&request.search.indices)
        .unwrap_or_default();
    let limit = |index: &Arc<Index>| {
        index
            .settings
            .text(SLICE_LIMIT)
            .and_then(|text| text.parse().ok())
            .unwrap_or(DEFAULT_SLICE_LIMIT)
    };
    let limit = indices
        .iter()
        .map(limit)
        .min()
        .unwrap_or(DEFAULT_SLICE_LIMIT);
    if slices <= limit {
        return Ok(());
    }
    Err(Failure::illegal_argument(format!(
        "The number of slices [{slices}] is too large. It must be less than [{limit}]. This limit can be set by changing the \
         [{SLICE_LIMIT}] index level setting."
    )))
}

/// `ReindexValidator`: a reindex must not read what it writes, or it would never end.
fn check_reindex(
    node: &Node,
    request: &ByQueryRequest,
    destination: &Destination,
) -> Result<(), Failure> {
    if let Some(remote) = &request.remote {
        remote.check_allowed(node)?;
    }
    let metadata = node.metadata();
    let name = destination.index.as_deref().unwrap_or_default();
    if destination.require_alias && metadata.indices_of_alias(name).is_empty() {
        let why = format!("[require_alias] request flag is [true] and [{name}] is not an alias");
        return Err(Failure::new(
            Kind::IndexNotFound,
            format!("no such index [{name}] and {why}"),
        )
        .with_text("index", name)
        .with_text("index_uuid", "_na_"));
    }
    if request.remote.is_some() {
        return Ok(());
    }
    let name = crate::metadata::dated(name)?;
    let target = match metadata.write_target(&name, false)? {
        Some(target) => target.index.name.to_string(),
        None => {
            may_be_made(node, &name)?;
            name.into_owned()
        }
    };
    let sources = metadata.resolve(&request.search.indices)?;
    if sources.iter().any(|source| *source.name == *target) {
        return Err(Failure::validation([format!(
            "reindex cannot write into an index its reading from [{target}]"
        )]));
    }
    Ok(())
}
