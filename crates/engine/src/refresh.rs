//! Refresh: buffers become segments and a new view shows them. No fsync: the log has the operations.

use std::sync::Arc;

use tantivy::index::SegmentId;

use crate::{
    EngineError,
    alive::Alive,
    fields::Fields,
    segment::SegmentFacts,
    shard::{Gate, Shared},
    state::{Instant, Live, Shown},
    upkeep::Work,
    view::{Segment, SegmentCore, View},
};

/// Writers turn buffers into segments themselves when so many wait.
pub(crate) const MAX_SEALED: usize = 2;

/// An instant of the state that a view shows.
struct Picture {
    segments: Vec<(SegmentId, Instant)>,
    fields: Arc<Fields>,
    max_seq_no: Option<u64>,
}

impl Shared {
    pub(crate) fn refresh(&self) -> Result<bool, EngineError> {
        let mut gate = self.gate.lock();
        self.refresh_behind(&mut gate)
    }

    pub(crate) fn refresh_behind(&self, gate: &mut Gate) -> Result<bool, EngineError> {
        let picture = {
            let mut state = self.state.lock();
            state.check()?;
            if !state.dirty {
                return Ok(false);
            }
            state.seal();
            state.dirty = false;
            Picture {
                segments: state.snapshot(),
                fields: state.fields.clone(),
                max_seq_no: state.applied.seq_no,
            }
        };
        let shown = self
            .finish_behind(gate)
            .and_then(|()| self.show(gate, picture));
        if shown.is_err() {
            self.state.lock().dirty = true;
        }
        shown?;
        self.prune(gate);
        if self.merge_candidate().is_some() {
            self.want(Work::Merge);
        }
        Ok(true)
    }

    /// Turns the sealed buffers into segments, which no view shows yet.
    pub(crate) fn finish_segments(&self) -> Result<(), EngineError> {
        let mut gate = self.gate.lock();
        self.finish_behind(&mut gate)
    }

    /// As [`Shared::finish_segments`]. That the gate is held means that nobody else does the same.
    pub(crate) fn finish_behind(&self, _gate: &mut Gate) -> Result<(), EngineError> {
        let _guard = self.fail_on_panic();
        loop {
            let (builder, fields) = {
                let mut state = self.state.lock();
                state.check()?;
                let Some(buffer) = state.sealed.front_mut() else {
                    return Ok(());
                };
                let Some(builder) = buffer.builder.take() else {
                    return Err(EngineError::Segment("buffer without a builder".into()));
                };
                let fields = builder.fields().clone();
                (builder, fields)
            };
            let finished = builder.finish().and_then(|facts| {
                let reader = self
                    .opener(&fields)?
                    .open(&facts, &Alive::all(facts.max_doc))?;
                Ok((facts, SegmentCore::new(facts, &reader)?))
            });
            let mut state = self.state.lock();
            let (facts, core) = match finished {
                Ok(finished) => finished,
                Err(error) => {
                    state.fail(&error);
                    return Err(error);
                }
            };
            // A close in the meantime leaves nothing to finish.
            state.check()?;
            let Some(buffer) = state.sealed.pop_front() else {
                return Err(EngineError::Segment("buffer vanished".into()));
            };
            let live = Live {
                facts,
                core: Arc::new(core),
                alive: Alive::without(facts.max_doc, &buffer.dead),
                shown: None,
                size: self.folder.size(facts.id),
                durable: false,
                merging: false,
            };
            state.live.push(live);
        }
    }

    /// Publishes a view of the picture.
    fn show(&self, _gate: &mut Gate, picture: Picture) -> Result<(), EngineError> {
        struct Part {
            facts: SegmentFacts,
            core: Arc<SegmentCore>,
            alive: Alive,
            shown: Option<Shown>,
        }
        let parts: Vec<Part> = {
            let state = self.state.lock();
            state.check()?;
            picture
                .segments
                .into_iter()
                .filter_map(|(id, instant)| {
                    let live = state.live.iter().find(|live| live.facts.id == id)?;
                    let alive = instant.alive(live.facts.max_doc);
                    let shown = live.shown.clone().filter(|shown| {
                        shown.alive.is_same(&alive) && Arc::ptr_eq(&shown.fields, &picture.fields)
                    });
                    Some(Part {
                        facts: live.facts,
                        core: live.core.clone(),
                        alive,
                        shown,
                    })
                })
                .collect()
        };
        let mut segments = Vec::with_capacity(parts.len());
        for part in parts {
            if part.alive.len() == 0 {
                continue;
            }
            let shown = match part.shown {
                Some(shown) => shown,
                None => {
                    let opener = self.opener(&picture.fields)?;
                    let reader = opener.open(&part.facts, &part.alive)?;
                    Shown {
                        segment: Arc::new(Segment::new(reader, part.core)),
                        alive: part.alive,
                        fields: picture.fields.clone(),
                    }
                }
            };
            segments.push((part.facts.id, shown));
        }
        let mut state = self.state.lock();
        for (id, shown) in &segments {
            if let Some(live) = state.live.iter_mut().find(|live| live.facts.id == *id) {
                live.shown = Some(shown.clone());
            }
        }
        let segments = segments
            .into_iter()
            .map(|(_, shown)| shown.segment)
            .collect();
        let view = View::new(segments, picture.fields, picture.max_seq_no);
        self.view.store(Arc::new(view));
        Ok(())
    }

    /// Forgets segments without a living document, and old deletes.
    fn prune(&self, gate: &mut Gate) {
        let mut state = self.state.lock();
        let mut retired = Vec::new();
        state.live.retain(|live| {
            let keep = live.merging || live.alive.len() > 0;
            if !keep {
                retired.push(live.facts.id);
            }
            keep
        });
        let flushed = gate.manifest.seq_no;
        state.tombstones.prune(self.config.gc_deletes, flushed);
        drop(state);
        self.retire(gate, retired);
    }

    /// Removes the files of segments that are no longer needed, those of the manifest at the next flush only.
    pub(crate) fn retire(&self, gate: &mut Gate, segments: impl IntoIterator<Item = SegmentId>) {
        for id in segments {
            let uuid = id.uuid_string();
            if gate
                .manifest
                .segments
                .iter()
                .any(|segment| segment.id == uuid)
            {
                gate.retired.push(id);
            } else {
                self.folder.remove(id);
            }
        }
    }
}
