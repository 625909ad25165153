//! Having the hits of a page read by the shards that have them, and giving up the contexts that nobody reads from.

use std::sync::Arc;

use futures_util::future::join_all;
use glasswork_content::Failure;
use glasswork_search::{reduce::Reduced, scan::ShardBounds, shard::Hit};
use glasswork_tasks::NodeId;

use super::{
    FetchPhase, FreeContext, contexts::ContextId, coordinate::Search, fetch::ShardFetch, ids::Place,
};
use crate::actions::indices::ShardId;

/// A shard that answered.
pub(super) struct Answered {
    pub(super) at: NodeId,
    pub(super) shard: ShardId,
    pub(super) context: Option<ContextId>,
    /// Its hits, when it is the only shard or a scan's first.
    pub(super) hits: Vec<Hit>,
    /// What a scan looks at.
    pub(super) scan: Option<ShardBounds>,
}

impl Search {
    /// Whether contexts outlive the search.
    fn keeps_contexts(&self) -> bool {
        self.request.scroll.is_some() || self.source.point_in_time.is_some()
    }

    /// Has the hits of the page read by the shards that have them, and the other contexts given up.
    pub(super) async fn fetch(
        &mut self,
        reduced: &Reduced,
        answered: Vec<Answered>,
    ) -> Result<Vec<Hit>, Failure> {
        let mut wanted: Vec<Vec<usize>> = vec![Vec::new(); answered.len()];
        for (place, (shard, _)) in reduced.page.iter().enumerate() {
            wanted[*shard].push(place);
        }
        let mut unused = Vec::new();
        let mut parts = Vec::new();
        for (answered, places) in answered.into_iter().zip(wanted) {
            let Some(context) = answered.context.clone() else {
                continue;
            };
            if places.is_empty() {
                // The context of a scroll waits for the next page, that of a point in time for the next search.
                if !self.keeps_contexts() {
                    unused.push(answered);
                }
                continue;
            }
            let documents = places
                .iter()
                .map(|place| reduced.page[*place].1.address)
                .collect();
            let last = places
                .last()
                .filter(|_| self.request.scroll.is_some())
                .map(|place| reduced.page[*place].1.clone());
            let fetch = ShardFetch {
                shard: answered.shard.clone(),
                context,
                source: Arc::clone(&self.source),
                documents,
                last,
                now: self.now,
            };
            parts.push((answered, places, fetch));
        }
        let fetching = join_all(parts.into_iter().map(|(answered, places, fetch)| async {
            let hits = self
                .node
                .call::<FetchPhase>(&self.task, &answered.at, fetch)
                .await;
            (answered, places, hits)
        }));
        let (fetched, ()) = futures_util::future::join(fetching, self.free(unused)).await;
        let mut page: Vec<Option<Hit>> = vec![None; reduced.page.len()];
        let mut lost = Vec::new();
        let parts = fetched.len();
        for (answered, places, hits) in fetched {
            match hits {
                Ok(hits) => {
                    for (place, hit) in places.into_iter().zip(hits) {
                        page[place] = Some(hit);
                    }
                }
                Err(reason) => {
                    self.failed(&answered.at, &answered.shard, reason);
                    lost.push(answered);
                }
            }
        }
        let failed = lost.len();
        // A fetch that did not begin has left its context; one that did has taken it.
        if !self.keeps_contexts() {
            self.free(lost).await;
        }
        if failed > 0 && (failed == parts || !self.request.allow_partial_results) {
            let reason = if failed == parts {
                "all shards failed"
            } else {
                "Partial shards failure"
            };
            return Err(Failure::search_phase(
                "fetch",
                reason,
                std::mem::take(&mut self.failures),
            ));
        }
        Ok(page.into_iter().flatten().collect())
    }

    /// Gives up contexts. A node that can't be reached forgets its own in time.
    pub(super) async fn free(&self, answered: impl IntoIterator<Item = Answered>) {
        // Those of a scroll are given up together when it can't begin, and those of a point in time are its own.
        let freeing = answered.into_iter().filter_map(|answered| {
            let context = answered.context?;
            (!self.keeps_contexts()).then_some(Place {
                node: answered.at,
                context,
            })
        });
        self.free_places(freeing).await;
    }

    /// Gives up the contexts of the scroll that could not begin.
    pub(super) async fn free_kept(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        self.free_places(kept).await;
    }

    async fn free_places(&self, places: impl IntoIterator<Item = Place>) {
        let freeing = places.into_iter().map(|place| async move {
            if let Err(failure) = self
                .node
                .call_closing::<FreeContext>(&self.task, &place.node, place.context)
                .await
            {
                tracing::debug!(%failure, "a search context is left to expire");
            }
        });
        join_all(freeing).await;
    }
}
