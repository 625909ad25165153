//! `indices:data/read/scroll/clear`: ends scrolls, some by their ids or all of the cluster.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use futures_util::{StreamExt, future::join_all, stream};
use glasswork_content::Failure;
use glasswork_tasks::{NodeId, Task};
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use super::{
    contexts::ContextId,
    ids::{Place, ScrollId},
    scroll::available,
};
use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};

/// Contexts that are ended at the same time.
const AT_A_TIME: usize = 64;

/// `DELETE /_search/scroll`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ClearScrollRequest {
    /// Every scroll of every node.
    All,
    /// Those of these ids.
    Ids(Vec<String>),
}

/// `{"succeeded":true,"num_freed":1}`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearScrollResponse {
    /// Whether every node could be asked.
    pub succeeded: bool,
    /// Contexts that were there; for all scrolls the nodes that were asked, as OpenSearch counts.
    pub freed: u32,
}

/// Ends scrolls.
#[derive(Debug)]
pub struct ClearScroll;

impl Action for ClearScroll {
    const SPEC: &'static Spec = &table::CLEAR_SCROLL;
    type Request = ClearScrollRequest;
    type Response = ClearScrollResponse;

    fn validate(request: &ClearScrollRequest) -> Result<(), Failure> {
        match request {
            ClearScrollRequest::Ids(ids) if ids.is_empty() => {
                Err(Failure::validation(["no scroll ids specified"]))
            }
            _ => Ok(()),
        }
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: ClearScrollRequest,
    ) -> Result<ClearScrollResponse, Failure> {
        let places = match request {
            ClearScrollRequest::All => {
                let nodes = node.members().into_iter().map(|member| member.id);
                return Ok(all(&node, &task, nodes.collect()).await);
            }
            ClearScrollRequest::Ids(ids) => places(&ids)?,
        };
        let (failed, freed) = (AtomicBool::new(false), AtomicU32::new(0));
        stream::iter(places)
            .for_each_concurrent(AT_A_TIME, |place| {
                let (node, task, failed, freed) = (&node, &task, &failed, &freed);
                async move {
                    // A node that is gone has no contexts left.
                    if available(node, &place).is_err() {
                        return;
                    }
                    let answer = node
                        .call_closing::<FreeScroll>(task, &place.node, place.context)
                        .await;
                    match answer {
                        Ok(true) => drop(freed.fetch_add(1, Ordering::Relaxed)),
                        Ok(false) => {}
                        Err(failure) => {
                            tracing::debug!(%failure, "a scroll is left to expire");
                            failed.store(true, Ordering::Relaxed);
                        }
                    }
                }
            })
            .await;
        Ok(ClearScrollResponse {
            succeeded: !failed.into_inner(),
            freed: freed.into_inner(),
        })
    }
}

/// The contexts of the ids, each once.
fn places(ids: &[String]) -> Result<Vec<Place>, Failure> {
    let mut known = HashSet::new();
    let mut places = Vec::new();
    for id in ids {
        for place in ScrollId::read(id)?.shards {
            if known.insert(place.context.clone()) {
                places.push(place);
            }
        }
    }
    Ok(places)
}

async fn all(node: &Arc<Node>, task: &Task, nodes: Vec<NodeId>) -> ClearScrollResponse {
    let asking = nodes
        .iter()
        .map(|at| node.call_closing::<ClearScrollContexts>(task, at, ()));
    let answers = join_all(asking).await;
    let asked = answers.iter().filter(|answer| answer.is_ok()).count();
    ClearScrollResponse {
        succeeded: asked == nodes.len(),
        freed: u32::try_from(asked).unwrap_or(u32::MAX),
    }
}

/// `…search[free_context/scroll]`: ends one context; answers whether it was there.
#[derive(Debug)]
pub(crate) struct FreeScroll;

impl Action for FreeScroll {
    const SPEC: &'static Spec = &table::SEARCH_FREE_SCROLL;
    type Request = ContextId;
    type Response = bool;

    async fn run(node: Arc<Node>, _task: Task, request: ContextId) -> Result<bool, Failure> {
        Ok(node.contexts().free(&request))
    }
}

/// `…search[clear_scroll_contexts]`: ends every scroll of a node; answers how many there were.
#[derive(Debug)]
pub(crate) struct ClearScrollContexts;

impl Action for ClearScrollContexts {
    const SPEC: &'static Spec = &table::SEARCH_CLEAR_SCROLLS;
    type Request = ();
    type Response = u64;

    async fn run(node: Arc<Node>, _task: Task, _request: ()) -> Result<u64, Failure> {
        Ok(node.contexts().free_scrolls() as u64)
    }
}
