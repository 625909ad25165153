//! Flush: segments, living documents and the manifest become durable, and the log is trimmed.

use glasswork_substrate::RecordNumber;

use crate::{
    EngineError,
    manifest::{Manifest, ManifestSegment, alive_file, write_alive},
    shard::{Gate, Shared},
};

impl Shared {
    pub(crate) async fn flush(&self) -> Result<(), EngineError> {
        let through = self.flush_files().inspect_err(|error| {
            if matches!(error, EngineError::Unsynced { .. }) {
                self.state.lock().fail(error);
            }
        })?;
        // The manifest is durable: should the log not be trimmed now, the next flush does it.
        if through > RecordNumber::NONE {
            self.config.log.trim(through).await?;
        }
        Ok(())
    }

    /// Everything but the trim: answers the last record that is no longer needed.
    fn flush_files(&self) -> Result<RecordNumber, EngineError> {
        let mut gate = self.gate.lock();
        let (instants, applied, fields, mapping_version, unflushed) = {
            let mut state = self.state.lock();
            state.check()?;
            state.seal();
            (
                state.snapshot(),
                state.applied,
                state.fields.clone(),
                state.mapping_version,
                self.unflushed(),
            )
        };
        self.finish_behind(&mut gate)?;

        // Nobody takes segments away while the gate is held.
        let mut segments = Vec::with_capacity(instants.len());
        let mut undurable = Vec::new();
        {
            let state = self.state.lock();
            for (id, instant) in instants {
                let Some(live) = state.live.iter().find(|live| live.facts.id == id) else {
                    continue;
                };
                let alive = instant.alive(live.facts.max_doc);
                if alive.len() == 0 {
                    continue;
                }
                if !live.durable {
                    undurable.push(id);
                }
                segments.push((live.facts, alive));
            }
        }
        for &id in &undurable {
            self.folder.persist(id)?;
        }

        let dir = self.folder.path();
        let mut saved = Vec::with_capacity(segments.len());
        let mut entries = Vec::with_capacity(segments.len());
        for (facts, alive) in segments {
            let number = match gate.saved.iter().find(|saved| saved.0 == facts.id) {
                Some((_, same, number)) if same.is_same(&alive) => *number,
                _ if alive.deleted() == 0 => None,
                _ => {
                    gate.alive_files += 1;
                    let number = gate.alive_files;
                    write_alive(dir, &alive_file(facts.id, number), &alive)?;
                    Some(number)
                }
            };
            entries.push(ManifestSegment {
                id: facts.id.uuid_string(),
                max_doc: facts.max_doc,
                fields: facts.fields,
                alive: number,
            });
            saved.push((facts.id, alive, number));
        }
        let manifest = Manifest {
            fields: fields.specs().to_vec(),
            mapping_version,
            record: applied.record.0,
            seq_no: applied.seq_no,
            term: applied.term,
            segments: entries,
        };
        if manifest == gate.manifest {
            return Ok(applied.record);
        }
        self.folder.sync()?;
        manifest.write(dir)?;
        self.flushed(&mut gate, manifest, saved, &undurable, unflushed);
        Ok(applied.record)
    }

    /// Takes note of what is durable now and removes what only the manifest before needed.
    fn flushed(
        &self,
        gate: &mut Gate,
        manifest: Manifest,
        saved: Vec<crate::shard::SavedAlive>,
        undurable: &[tantivy::index::SegmentId],
        unflushed: u64,
    ) {
        let before = std::mem::replace(&mut gate.saved, saved);
        gate.manifest = manifest;
        for (id, _, number) in before {
            let kept = gate.saved.iter().any(|now| (now.0, now.2) == (id, number));
            if let Some(number) = number
                && !kept
            {
                self.folder.remove_file(&alive_file(id, number));
            }
        }
        for id in gate.retired.drain(..) {
            self.folder.remove(id);
        }
        let mut state = self.state.lock();
        for live in &mut state.live {
            if undurable.contains(&live.facts.id) {
                live.durable = true;
            }
        }
        let seq_no = gate.manifest.seq_no;
        state.flushed = seq_no;
        state.tombstones.prune(self.config.gc_deletes, seq_no);
        drop(state);
        for &id in undurable {
            self.folder.release(id);
        }
        self.count_flushed(unflushed);
    }
}
