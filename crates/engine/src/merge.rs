//! Merging: when, which segments, and how what was deleted in the meantime is not lost.
//!
//! Only neighbours are merged, so that documents stay in the order of their operations: ties of scores keep their order
//! and columns of `_seq_no` stay sorted. Sizes are those of living documents, in tiers that grow by a factor of eight.

use std::{ops::Range, sync::Arc, time::Duration};

use glasswork_tasks::Checkpoint;
use tantivy::index::SegmentId;

use crate::{
    EngineError,
    alive::Alive,
    directory::Brake,
    fields::Fields,
    segment::{self, MAX_DOCS, SegmentFacts},
    shard::Shared,
    state::Live,
    upkeep::Work,
    view::SegmentCore,
};

/// Segments of a tier that are merged into one of the next.
const SEGMENTS_PER_TIER: usize = 8;
/// The most segments that one merge reads.
const MAX_AT_ONCE: usize = 32;
/// Smaller segments count as this large (bytes).
const FLOOR: u64 = 2 << 20;
/// A segment with more deletes than this many in a hundred is rewritten.
const MAX_DELETED_PERCENT: u64 = 30;

/// What the policy looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Candidate {
    docs: u32,
    max_doc: u32,
    /// Bytes, in proportion to the living documents.
    bytes: u64,
    busy: bool,
}

impl Candidate {
    fn of(live: &Live) -> Self {
        let docs = live.alive.len();
        let max_doc = live.facts.max_doc;
        Self {
            docs,
            max_doc,
            bytes: live.size * u64::from(docs) / u64::from(max_doc.max(1)),
            busy: live.merging,
        }
    }

    fn tier(self) -> u32 {
        let size = self.bytes.max(FLOOR) / FLOOR;
        size.ilog2() / 3
    }

    fn is_mostly_deleted(self) -> bool {
        let deleted = u64::from(self.max_doc - self.docs);
        deleted * 100 > u64::from(self.max_doc) * MAX_DELETED_PERCENT
    }
}

/// Which merge is worth while now.
fn pick(candidates: &[Candidate]) -> Option<Range<usize>> {
    let highest = candidates.iter().map(|candidate| candidate.tier()).max()?;
    for tier in 0..=highest {
        let mut start = 0;
        while start < candidates.len() {
            let end = run_end(candidates, start, MAX_AT_ONCE, |candidate| {
                candidate.tier() <= tier
            });
            if end - start < SEGMENTS_PER_TIER {
                start = end.max(start + 1);
            } else if is_balanced(&candidates[start..end]) {
                return Some(start..end);
            } else {
                start += 1;
            }
        }
    }
    let rewrite = candidates
        .iter()
        .position(|candidate| !candidate.busy && candidate.is_mostly_deleted())?;
    Some(rewrite..rewrite + 1)
}

/// Whether no segment is larger than the others together: rewriting it for their sake would cost too much.
fn is_balanced(run: &[Candidate]) -> bool {
    let sizes = run.iter().map(|candidate| candidate.bytes.max(FLOOR));
    let largest = sizes.clone().max().unwrap_or(0);
    largest * 2 <= sizes.sum()
}

/// How far a merge that begins at `start` may go.
fn run_end(
    candidates: &[Candidate],
    start: usize,
    most: usize,
    fits: impl Fn(Candidate) -> bool,
) -> usize {
    let mut docs = 0u64;
    let mut end = start;
    while let Some(candidate) = candidates.get(end) {
        docs += u64::from(candidate.docs);
        if candidate.busy || !fits(*candidate) || docs > u64::from(MAX_DOCS) || end - start >= most
        {
            break;
        }
        end += 1;
    }
    end
}

/// The cheapest merge that brings the number of segments closer to `target`, or rids them of deletes once there.
fn pick_to(candidates: &[Candidate], target: usize) -> Option<Range<usize>> {
    let target = target.max(1);
    if candidates.len() <= target {
        let deleted = candidates
            .iter()
            .position(|candidate| !candidate.busy && candidate.docs < candidate.max_doc)?;
        return Some(deleted..deleted + 1);
    }
    let most = (candidates.len() - target + 1).min(MAX_AT_ONCE);
    (0..candidates.len())
        .map(|start| start..run_end(candidates, start, most, |_| true))
        .filter(|run| run.len() >= 2)
        .min_by_key(|run| {
            let bytes: u64 = candidates[run.clone()].iter().map(|one| one.bytes).sum();
            (std::cmp::Reverse(run.len()), bytes)
        })
}

/// What a merge reads.
struct Plan {
    sources: Vec<(SegmentFacts, Alive)>,
    fields: Arc<Fields>,
}

impl Shared {
    /// What the policy would merge now.
    pub(crate) fn merge_candidate(&self) -> Option<Range<usize>> {
        let state = self.state.lock();
        let candidates: Vec<_> = state.live.iter().map(Candidate::of).collect();
        pick(&candidates)
    }

    /// Merges as the policy says until it is content. Answers whether anything was merged.
    pub(crate) fn merge_by_policy(
        &self,
        checkpoint: &Arc<dyn Checkpoint>,
    ) -> Result<bool, EngineError> {
        self.merge_while(checkpoint, pick)
    }

    /// Merges down to at most `segments` without deletes.
    pub(crate) fn merge_to(
        &self,
        segments: usize,
        checkpoint: &Arc<dyn Checkpoint>,
    ) -> Result<bool, EngineError> {
        self.state.lock().seal();
        self.finish_segments()?;
        self.merge_while(checkpoint, |candidates| pick_to(candidates, segments))
    }

    /// Rewrites every segment with deletes.
    pub(crate) fn expunge_deletes(
        &self,
        checkpoint: &Arc<dyn Checkpoint>,
    ) -> Result<bool, EngineError> {
        self.merge_while(checkpoint, |candidates| pick_to(candidates, usize::MAX))
    }

    fn merge_while(
        &self,
        checkpoint: &Arc<dyn Checkpoint>,
        pick: impl Fn(&[Candidate]) -> Option<Range<usize>>,
    ) -> Result<bool, EngineError> {
        let _turn = loop {
            checkpoint.checkpoint()?;
            if let Some(turn) = self.merging.try_lock_for(Duration::from_millis(20)) {
                break turn;
            }
        };
        let mut merged = false;
        loop {
            checkpoint.checkpoint()?;
            let Some(plan) = self.plan_merge(&pick)? else {
                return Ok(merged);
            };
            if let Err(error) = self.merge_planned(&plan, checkpoint) {
                let mut state = self.state.lock();
                for live in &mut state.live {
                    live.merging = false;
                }
                return Err(error);
            }
            merged = true;
        }
    }

    fn plan_merge(
        &self,
        pick: impl Fn(&[Candidate]) -> Option<Range<usize>>,
    ) -> Result<Option<Plan>, EngineError> {
        let mut state = self.state.lock();
        state.check()?;
        let candidates: Vec<_> = state.live.iter().map(Candidate::of).collect();
        let Some(run) = pick(&candidates) else {
            return Ok(None);
        };
        let sources = state.live[run]
            .iter_mut()
            .map(|live| {
                live.merging = true;
                (live.facts, live.alive.clone())
            })
            .collect();
        Ok(Some(Plan {
            sources,
            fields: state.fields.clone(),
        }))
    }

    fn merge_planned(
        &self,
        plan: &Plan,
        checkpoint: &Arc<dyn Checkpoint>,
    ) -> Result<(), EngineError> {
        let living: u32 = plan.sources.iter().map(|(_, alive)| alive.len()).sum();
        let merged = if living == 0 {
            None
        } else {
            let brake = Brake::new(
                checkpoint.clone(),
                self.halted.clone(),
                self.config.merge_bytes_per_second,
            );
            let facts = segment::merge(&self.folder, &plan.fields, &plan.sources, &brake)?;
            let opened = self
                .opener(&plan.fields)
                .and_then(|opener| opener.open(&facts, &Alive::all(facts.max_doc)))
                .and_then(|reader| SegmentCore::new(facts, &reader));
            match opened {
                Ok(core) => Some((facts, core)),
                Err(error) => {
                    self.folder.remove(facts.id);
                    return Err(error);
                }
            }
        };
        self.commit_merge(plan, merged)
    }

    /// Puts the merged segment in the place of its sources, without the documents that died meanwhile.
    fn commit_merge(
        &self,
        plan: &Plan,
        merged: Option<(SegmentFacts, SegmentCore)>,
    ) -> Result<(), EngineError> {
        let mut gate = self.gate.lock();
        let mut state = self.state.lock();
        let is_source = |id: SegmentId| plan.sources.iter().any(|(source, _)| source.id == id);
        let sources = state.live.iter().filter(|live| is_source(live.facts.id));
        let complete = sources.count() == plan.sources.len();
        let usable = state.check().and(if complete {
            Ok(())
        } else {
            // The shard failed meanwhile and began again.
            Err(EngineError::Segment("sources of a merge are gone".into()))
        });
        if let Err(error) = usable {
            if let Some((facts, _)) = merged {
                self.folder.remove(facts.id);
            }
            return Err(error);
        }
        let mut died = Vec::new();
        let mut base = 0;
        for (source, before) in &plan.sources {
            if let Some(live) = state.live.iter().find(|live| live.facts.id == source.id) {
                died.extend(before.died_until(&live.alive).map(|rank| base + rank));
            }
            base += before.len();
        }
        let place = state.live.iter().position(|live| is_source(live.facts.id));
        state.live.retain(|live| !is_source(live.facts.id));
        if let Some((facts, core)) = merged {
            let live = Live {
                facts,
                core: Arc::new(core),
                alive: Alive::without(facts.max_doc, &died),
                shown: None,
                size: self.folder.size(facts.id),
                durable: false,
                merging: false,
            };
            let place = place.unwrap_or(0).min(state.live.len());
            state.live.insert(place, live);
        }
        let shows_all = !state.dirty;
        state.dirty = true;
        drop(state);
        self.retire(&mut gate, plan.sources.iter().map(|(source, _)| source.id));
        if !gate.retired.is_empty() {
            self.want(Work::Flush);
        }
        if shows_all {
            // Nothing waits for a refresh, so that showing the merged segment shows no other documents.
            self.refresh_behind(&mut gate)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(bytes: &[u64]) -> Vec<Candidate> {
        bytes
            .iter()
            .map(|&bytes| Candidate {
                docs: 1000,
                max_doc: 1000,
                bytes,
                busy: false,
            })
            .collect()
    }

    #[test]
    fn eight_small_neighbours_are_merged_but_not_seven() {
        let mut sizes = vec![500 << 20];
        sizes.extend([1000; 7]);
        assert_eq!(pick(&candidates(&sizes)), None);
        sizes.push(1000);
        assert_eq!(pick(&candidates(&sizes)), Some(1..9));
        sizes.extend([1000; 60]);
        assert_eq!(pick(&candidates(&sizes)), Some(1..33), "so many at once");
        assert_eq!(pick(&[]), None);
    }

    #[test]
    fn a_merge_never_passes_the_cap_of_documents() {
        let mut all = candidates(&[1000; 12]);
        for candidate in &mut all {
            (candidate.docs, candidate.max_doc) = (MAX_DOCS / 4, MAX_DOCS / 4);
        }
        assert_eq!(pick(&all), None);
        assert_eq!(pick_to(&all, 1), Some(0..4));
    }

    #[test]
    fn a_segment_of_deletes_is_rewritten_alone() {
        let mut all = candidates(&[1000; 3]);
        all[1].docs = 600;
        assert_eq!(pick(&all), Some(1..2));
        all[1].busy = true;
        assert_eq!(pick(&all), None);
    }

    #[test]
    fn a_forced_merge_takes_the_cheapest_neighbours() {
        let all = candidates(&[100 << 20, 5, 5, 100 << 20]);
        assert_eq!(pick_to(&all, 3), Some(1..3));
        assert_eq!(pick_to(&all, 1), Some(0..4));
        assert_eq!(pick_to(&all, 4), None);
        let mut deleted = all.clone();
        deleted[2].docs = 999;
        assert_eq!(pick_to(&deleted, 4), Some(2..3));
    }
}
