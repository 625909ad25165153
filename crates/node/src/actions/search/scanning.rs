//! Filling a page of a scan: shard after shard, so that none reads what the page has no room for.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use glasswork_content::Failure;
use glasswork_search::{
    reduce::Reduced,
    shard::{Hit, ShardDoc, TotalHits},
};
use glasswork_tasks::Task;

use super::{
    ids::{Place, ScanPlace},
    paging::{PageAnswer, QueryFetchScroll, ScanWish, ShardPage},
    scroll::{CONCURRENT_SHARDS, available, failed},
};
use crate::{Node, durable::now_millis};

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

/// Asks the shards from a place on until the page is full; gives back the place behind it. What was read before a shard failed
/// is a page of its own: the next one asks that shard for the same page again, whose answer may be all that was lost.
///
/// # Errors
/// Those of the first shard that is asked, as `search_phase_execution_exception`.
pub(super) async fn fill(
    node: &Arc<Node>,
    task: &Task,
    shards: &[Place],
    mut place: ScanPlace,
    keep_alive: Option<Duration>,
    page: &mut ScanPage,
) -> Result<ScanPlace, Failure> {
    while page.has_room() {
        let Some(shard) = shards.get(place.at) else {
            break;
        };
        let wish = ScanWish {
            page: place.page,
            size: page.room(),
        };
        match ask(node, task, shard, keep_alive, wish).await {
            Ok(answer) => {
                page.add(place.at, answer.result.top, answer.hits);
                place.page += 1;
                if answer.is_last {
                    place.at += 1;
                    place.page = 0;
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
    Ok(place)
}

/// Tells the shards behind the one that is read that the scan goes on, when half of the time has passed for which they keep
/// their contexts, or more is asked for. One that has lost its context says so when its turn comes.
pub(super) async fn touch(
    node: &Arc<Node>,
    task: &Task,
    shards: &[Place],
    mut place: ScanPlace,
    keep_alive: Option<Duration>,
) -> ScanPlace {
    let now = u64::try_from(now_millis()).unwrap_or(0);
    let kept = keep_alive.map_or(0, in_millis);
    let waiting = shards.get(place.at.saturating_add(1)..).unwrap_or(&[]);
    // A clock that was set back tells nothing of the time that has passed.
    let passed = now.checked_sub(place.touched);
    let is_due = passed.is_none_or(|passed| passed >= place.kept / 2) || kept > place.kept;
    if !is_due || waiting.is_empty() {
        return place;
    }
    let wish = ScanWish { page: 0, size: 0 };
    let telling = stream::iter(waiting.to_vec())
        .map(|shard| async move { ask(node, task, &shard, keep_alive, wish).await });
    let told: Vec<_> = telling.buffered(CONCURRENT_SHARDS).collect().await;
    for failure in told.into_iter().filter_map(Result::err) {
        tracing::debug!(task = %task.id(), %failure, "a shard was not told that a scan goes on");
    }
    place.touched = now;
    place.kept = kept.max(place.kept);
    place
}

async fn ask(
    node: &Arc<Node>,
    task: &Task,
    shard: &Place,
    keep_alive: Option<Duration>,
    wish: ScanWish,
) -> Result<PageAnswer, Failure> {
    available(node, shard)?;
    let request = ShardPage {
        context: shard.context.clone(),
        keep_alive,
        scan: Some(wish),
    };
    node.call::<QueryFetchScroll>(task, &shard.node, request)
        .await
}

/// Whole milliseconds.
pub(super) fn in_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
