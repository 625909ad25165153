//! What a by-query slice saves of itself, and how its first batch after a restart is told from one that was never written.
//!
//! A slice saves how far it is after each batch that was acknowledged, so that after a crash at most one batch was written and
//! not recorded. The documents of that batch come first again. What the restart finds of them decides:
//! * **Reindex** asks the destination. A document that lies there just as it would be written is not written again; it counts
//!   as created when that is its first version (or it was to be created), else as updated.
//! * **Update and delete by query** don't find such a document any more: written, it has a higher `_seq_no` than the run
//!   looks at, or it is gone. So as many as the source has fewer than are left, one batch at most, count as updated or deleted.
//!   What others changed meanwhile is among them.
//!
//! `total` stays that of the first start, so that `total = created + updated + deleted + noops + version_conflicts + not reached`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use glasswork_content::Failure;
use glasswork_search::scan::ShardBounds;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, hash::Hasher, sync::Arc, time::Duration};

use super::{response::ByQueryResponse, status::Figures};
use crate::{
    Node,
    actions::documents::{
        FoundDocument, GetRequest, MultiGet, MultiGetItem, MultiGetRequest, Operation, VersionType,
        WriteItem,
    },
    durable::{Asked, DurableRun},
};

/// How far a by-query slice is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    /// What is left of each shard of the source.
    pub(super) bounds: Vec<ShardBounds>,
    /// Documents that matched at the first start, whatever `max_docs` is.
    pub(super) matched: u64,
    pub(super) figures: Figures,
    /// The pace; infinite without limit.
    pub(super) requests_per_second: f32,
    /// What its waits were planned to last.
    pub(super) throttled: Duration,
    /// How long it ran.
    pub(super) took: Duration,
    /// Indices written to.
    pub(super) written_to: BTreeSet<String>,
    /// How it ended, while others of its operation still ran.
    pub(super) ended: Option<Result<ByQueryResponse, Failure>>,
}

/// The place of a by-query slice in the durable run of its operation.
pub(super) struct Place {
    run: Arc<DurableRun>,
    part: u32,
}

impl Place {
    /// The place of part `part`; nothing when the operation is waited for.
    pub(super) fn of(node: &Node, task: &Task, part: u32) -> Option<Self> {
        let run = node.durable_run(task)?;
        Some(Self { run, part })
    }

    /// What an earlier process saved.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) async fn load(&self) -> Result<Option<Saved>, Failure> {
        if !self.run.is_resumed() {
            return Ok(None);
        }
        self.run.load(self.part).await
    }

    /// What was asked of it while it ran, by this process or an earlier one.
    pub(super) fn asked(&self) -> Asked {
        self.run.asked(self.part)
    }

    /// Saves.
    ///
    /// # Errors
    /// It can't be kept now.
    pub(super) async fn save(&self, saved: &Saved) -> Result<(), Failure> {
        self.run.save(self.part, saved).await
    }

    /// Into how many by-query slices the operation was divided before a restart.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) async fn chosen_slices(&self) -> Result<Option<u32>, Failure> {
        if !self.run.is_resumed() {
            return Ok(None);
        }
        self.run.load(self.part).await
    }

    /// Keeps into how many it is divided: each of them finds its own part again only if they stay as many.
    ///
    /// # Errors
    /// It can't be kept.
    pub(super) async fn choose_slices(&self, slices: u32) -> Result<(), Failure> {
        self.run.save(self.part, &slices).await
    }

    /// The run.
    pub(super) fn run(&self) -> &DurableRun {
        &self.run
    }
}

/// How many documents of an update or delete by query were written and not recorded before a restart.
pub(super) fn lost_in_the_crash(saved: &Saved, found: u64, page: u64) -> u64 {
    let left = saved.matched.saturating_sub(saved.figures.reached());
    left.saturating_sub(found).min(page)
}

/// Looks for the writes of a batch at the destination: gives those that are still to be done, counts the others, and adds where
/// they lie to `written_to`.
///
/// # Errors
/// The destination can't be read.
pub(super) async fn not_yet_written(
    node: &Arc<Node>,
    task: &Task,
    items: Vec<WriteItem>,
    (counted, written_to): (&mut Figures, &mut BTreeSet<String>),
) -> Result<Vec<WriteItem>, Failure> {
    let is_put = |item: &WriteItem| {
        item.id.is_some() && matches!(item.operation, Operation::Index(_) | Operation::Create(_))
    };
    let docs: Vec<GetRequest> = items
        .iter()
        .filter(|item| is_put(item))
        .map(|item| GetRequest {
            routing: item.routing.clone(),
            ..GetRequest::new(&*item.index, item.id.clone().unwrap_or_default())
        })
        .collect();
    if docs.is_empty() {
        return Ok(items);
    }
    let request = MultiGetRequest {
        docs,
        realtime: true,
        refresh: false,
    };
    let mut present = node
        .child::<MultiGet>(task, request)
        .await?
        .docs
        .into_iter();
    let mut left = Vec::with_capacity(items.len());
    for item in items {
        // An index that is not there yet can't have it.
        let found = match is_put(&item).then(|| present.next()).flatten() {
            Some(MultiGetItem::Done(response)) => response
                .found
                .filter(|found| lies_there(&item, found))
                .map(|found| (response.index, found)),
            Some(MultiGetItem::Failed { .. }) | None => None,
        };
        match found {
            None => left.push(item),
            Some((index, found)) => {
                written_to.insert(index);
                let first = found.version == 1 || item.version_type != VersionType::Internal;
                if first || matches!(item.operation, Operation::Create(_)) {
                    counted.created += 1;
                } else {
                    counted.updated += 1;
                }
            }
        }
    }
    Ok(left)
}

/// Whether a document is just as the write would leave it.
fn lies_there(item: &WriteItem, found: &FoundDocument) -> bool {
    let (Operation::Index(source) | Operation::Create(source)) = &item.operation else {
        return false;
    };
    found.source.as_ref() == Some(source)
        && found.routing == item.routing
        && item.version.is_none_or(|version| version == found.version)
}

/// The id of a document that a script wants a new id for, in an operation that may be resumed: the same document gets the same
/// one again, so that writing it twice leaves one.
pub(super) fn derived_id(seed: &str, index: &str, id: &str, shard: usize, seq_no: u64) -> String {
    let mut bytes = [0; 16];
    for (round, half) in bytes.chunks_mut(8).enumerate() {
        // SipHash with fixed keys: the same in every process.
        #[allow(
            deprecated,
            reason = "the one hasher of the standard library that is the same everywhere"
        )]
        let mut hasher = std::hash::SipHasher::new_with_keys(round as u64, 0x6761_7373_776f_726b);
        for part in [seed, index, id] {
            hasher.write(part.as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.write_u64(shard as u64);
        hasher.write_u64(seq_no);
        half.copy_from_slice(&hasher.finish().to_be_bytes());
    }
    // None begins with a dash.
    bytes[0] &= 0x7f;
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn found(version: i64, source: &str) -> FoundDocument {
        FoundDocument {
            version,
            seq_no: 1,
            primary_term: 1,
            routing: None,
            source: Some(Bytes::from(source.to_owned())),
            fields: Vec::new(),
        }
    }

    #[test]
    fn a_document_lies_there_when_nothing_would_change() {
        let source = Bytes::from_static(b"{\"n\":1}");
        let mut item = WriteItem::new("copy", Some("1".into()), Operation::Index(source));
        assert!(lies_there(&item, &found(1, "{\"n\":1}")));
        assert!(!lies_there(&item, &found(1, "{\"n\": 1}")));
        item.routing = Some("r".into());
        assert!(!lies_there(&item, &found(1, "{\"n\":1}")));
        item.routing = None;
        item.version = Some(7);
        assert!(lies_there(&item, &found(7, "{\"n\":1}")));
        assert!(!lies_there(&item, &found(6, "{\"n\":1}")));
        item.operation = Operation::Delete;
        assert!(!lies_there(&item, &found(7, "{\"n\":1}")));
    }

    #[test]
    fn what_the_source_lacks_was_written_in_the_lost_batch() {
        let saved = Saved {
            matched: 100,
            figures: Figures {
                updated: 30,
                noops: 5,
                version_conflicts: 5,
                ..Figures::default()
            },
            ..Saved::default()
        };
        assert_eq!(lost_in_the_crash(&saved, 60, 10), 0);
        assert_eq!(lost_in_the_crash(&saved, 53, 10), 7);
        assert_eq!(lost_in_the_crash(&saved, 40, 10), 10);
        assert_eq!(lost_in_the_crash(&saved, 99, 10), 0);
    }

    #[test]
    fn a_document_gets_the_same_new_id_again() {
        let id = derived_id("n:7", "books", "1", 0, 5);
        assert_eq!(id, derived_id("n:7", "books", "1", 0, 5));
        assert_eq!(id.len(), 22);
        for other in [
            derived_id("n:8", "books", "1", 0, 5),
            derived_id("n:7", "book", "s1", 0, 5),
            derived_id("n:7", "books", "1", 1, 5),
            derived_id("n:7", "books", "1", 0, 6),
        ] {
            assert_ne!(id, other);
        }
    }
}
