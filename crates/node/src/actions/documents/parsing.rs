//! Types the documents of a group of writes, in parallel, and adds to the mapping what they bring: all of it in one change.

use crate::{
    Node,
    actions::indices::{AutoPutMapping, AutoPutMappingRequest},
    shards::LocalShard,
};
use bytes::Bytes;
use futures_util::future::try_join_all;
use glasswork_content::{Failure, Kind};
use glasswork_engine::TypedDocument;
use glasswork_search::mapping::{IndexLimits, Mapping, documents};
use glasswork_tasks::{Checkpoint, Task};
use std::sync::Arc;

/// Documents that one job of the pool types at least.
const CHUNK: usize = 128;

/// Rounds in which documents may add to the mapping, when others change it meanwhile.
const MAX_ROUNDS: usize = 8;

/// A document to be typed.
#[derive(Debug, Clone)]
pub(super) struct Untyped {
    pub(super) id: Box<str>,
    pub(super) source: Bytes,
}

/// What became of a document.
pub(super) type Typed = Result<TypedDocument, Failure>;

/// Documents typed with one mapping.
struct Chunk {
    typed: Vec<Typed>,
    /// The mapping with what these documents add, when they add something.
    grown: Option<Mapping>,
}

/// Types documents; gives the mapping version with which all of them were typed.
pub(super) async fn type_documents(
    node: &Arc<Node>,
    task: &Task,
    shard: &Arc<LocalShard>,
    documents: Vec<Untyped>,
) -> Result<(u64, Vec<Typed>), Failure> {
    let documents: Arc<[Untyped]> = documents.into();
    for _ in 0..MAX_ROUNDS {
        let newest = shard.versions().newest();
        let threads = node.pools().write.config().threads;
        let size = documents.len().div_ceil(threads).max(CHUNK);
        let chunks = (0..documents.len()).step_by(size).map(|begin| {
            let (documents, newest) = (Arc::clone(&documents), Arc::clone(&newest));
            let end = (begin + size).min(documents.len());
            node.pools().write.run(task, move |task| {
                type_chunk(
                    task,
                    &documents[begin..end],
                    &newest.mapping,
                    &newest.limits,
                )
            })
        });
        let chunks = try_join_all(chunks).await?;
        if chunks.iter().all(|chunk| chunk.grown.is_none()) {
            return Ok((
                newest.version,
                chunks.into_iter().flat_map(|chunk| chunk.typed).collect(),
            ));
        }
        let version = grow(node, task, shard, &newest.mapping, &chunks).await?;
        let grown = shard.versions().newest();
        // With one chunk the fields mostly are just those that its documents were typed with.
        let fits = |chunk: &Chunk| {
            let with = chunk
                .grown
                .as_ref()
                .map_or_else(|| newest.mapping.fields(), Mapping::fields);
            grown.mapping.fields()[..].starts_with(&with)
        };
        if grown.version >= version && chunks.iter().all(fits) {
            return Ok((
                grown.version,
                chunks.into_iter().flat_map(|chunk| chunk.typed).collect(),
            ));
        }
    }
    let why = format!(
        "[{}] the mapping changes faster than documents can follow it",
        shard.index()
    );
    Err(Failure::new(Kind::ProcessClusterEventTimeout, why))
}

/// Types documents one after the other, each with what those before it added.
fn type_chunk(
    task: &Task,
    documents: &[Untyped],
    mapping: &Arc<Mapping>,
    limits: &IndexLimits,
) -> Result<Chunk, Failure> {
    let mut grown: Option<Mapping> = None;
    let mut typed = Vec::with_capacity(documents.len());
    for document in documents {
        task.checkpoint().map_err(|stop| crate::of_stop(&stop))?;
        let present = grown.as_ref().unwrap_or(mapping);
        let parsed = documents::parse(present, &document.id, &document.source, limits);
        let outcome = match parsed {
            Ok(parsed) => match parsed.additions {
                None => Ok(parsed.document),
                Some(additions) => present.merge(&additions, limits).and_then(|next| {
                    let again = documents::parse(&next, &document.id, &document.source, limits)?;
                    grown = Some(next);
                    Ok(again.document)
                }),
            },
            Err(failure) => Err(failure),
        };
        typed.push(outcome);
    }
    Ok(Chunk { typed, grown })
}

/// Makes what the chunks add durable; gives the version that has it.
async fn grow(
    node: &Arc<Node>,
    task: &Task,
    shard: &LocalShard,
    mapping: &Mapping,
    chunks: &[Chunk],
) -> Result<u64, Failure> {
    let limits = shard.versions().newest().limits.clone();
    let mut all: Option<Mapping> = None;
    for grown in chunks.iter().filter_map(|chunk| chunk.grown.as_ref()) {
        all = Some(match all {
            None => grown.clone(),
            // Chunks that disagree on a field: the first one has it, the others are typed again and may fail.
            Some(before) => before.merge(grown, &limits).unwrap_or(before),
        });
    }
    let additions = all.as_ref().unwrap_or(mapping).to_bytes();
    let request = AutoPutMappingRequest {
        uuid: shard.uuid().to_string(),
        additions,
    };
    node.child::<AutoPutMapping>(task, request).await
}
