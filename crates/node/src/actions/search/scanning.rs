//! Filling a page of a scan: shard after shard, so that none reads what the page has no room for.

use std::{sync::Arc, time::Duration};

use glasswork_content::Failure;
use glasswork_search::{
    reduce::Reduced,
    shard::{Hit, ShardDoc, TotalHits},
};
use glasswork_tasks::Task;

use super::{
    ids::Place,
    paging::{QueryFetchScroll, ShardPage},
    scroll::{available, failed},
};
use crate::Node;

/// A page on the way.
pub(super) struct ScanPage {
    size: usize,
    documents: Vec<(usize, ShardDoc)>,
    hits: Vec<Hit>,
    pub(super) timed_out: bool,
}

impl ScanPage {
    /// An empty page with room for `size` hits.
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            documents: Vec::new(),
            hits: Vec::new(),
            timed_out: false,
        }
    }

    /// Adds what a shard gave.
    pub(super) fn add(&mut self, shard: usize, documents: Vec<ShardDoc>, hits: Vec<Hit>) {
        let documents = documents.into_iter().map(|document| (shard, document));
        self.documents.extend(documents);
        self.hits.extend(hits);
    }

    /// Whether more fits in.
    pub(super) fn has_room(&self) -> bool {
        self.room() > 0
    }

    fn room(&self) -> usize {
        self.size.saturating_sub(self.hits.len())
    }

    /// The page, of `total` documents.
    pub(super) fn finish(self, total: u64) -> (Reduced, Vec<Hit>) {
        let reduced = Reduced {
            total: Some(TotalHits {
                value: total,
                at_least: false,
            }),
            max_score: None,
            page: self.documents,
            aggregations: None,
            timed_out: self.timed_out,
            terminated_early: None,
        };
        (reduced, self.hits)
    }
}

/// Asks the shards from `at` on until the page is full; gives back the first shard that may have more. What was read
/// before a shard failed is a page of its own: the next one begins with that shard.
///
/// # Errors
/// Those of the first shard that is asked, as `search_phase_execution_exception`.
pub(super) async fn fill(
    node: &Arc<Node>,
    task: &Task,
    shards: &[Place],
    mut at: usize,
    keep_alive: Option<Duration>,
    page: &mut ScanPage,
) -> Result<usize, Failure> {
    while page.has_room() {
        let Some(place) = shards.get(at) else { break };
        let room = page.room();
        let request = ShardPage {
            context: place.context.clone(),
            keep_alive,
            size: Some(room),
        };
        let answer = match available(node, place) {
            Ok(()) => {
                node.call::<QueryFetchScroll>(task, &place.node, request)
                    .await
            }
            Err(failure) => Err(failure),
        };
        match answer {
            Ok(answer) => {
                let read = answer.hits.len();
                page.add(at, answer.result.top, answer.hits);
                if read < room {
                    at += 1;
                }
            }
            Err(_) if !page.hits.is_empty() => break,
            Err(reason) => {
                return Err(Failure::search_phase(
                    "query",
                    "all shards failed",
                    vec![failed(reason)],
                ));
            }
        }
    }
    Ok(at)
}
