//! `indices:data/read/search[phase/fetch/id]`: reads the hits of one shard.

use std::{
    fmt::{self, Write},
    sync::Arc,
};

use glasswork_content::Failure;
use glasswork_search::{
    request::SearchRequest,
    shard::{self, DocAddress, Hit, ShardDoc, SortValue},
};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use super::{contexts::ContextId, query};
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::{indices::ShardId, table},
};

/// The hits to read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShardFetch {
    /// The shard.
    pub(crate) shard: ShardId,
    /// The context that its query phase kept.
    pub(crate) context: ContextId,
    /// What to show of them.
    pub(crate) source: Arc<SearchRequest>,
    /// Where they lie.
    pub(crate) documents: Vec<DocAddress>,
    /// In a scroll, the last of them: behind it the next page begins.
    pub(crate) last: Option<ShardDoc>,
    /// What `now` is, milliseconds since 1970.
    pub(crate) now: i64,
}

/// Reads hits.
#[derive(Debug)]
pub(crate) struct FetchPhase;

impl Action for FetchPhase {
    const SPEC: &'static Spec = &table::SEARCH_FETCH;
    type Request = ShardFetch;
    type Response = Vec<Hit>;

    fn describe(request: &ShardFetch) -> Description {
        let (context, size) = (request.context.clone(), request.documents.len());
        let last = request.last.clone();
        Some(Arc::new(move |out: &mut dyn Write| {
            write!(out, "id[{context}], size[{size}], lastEmittedDoc[")?;
            last_emitted(last.as_ref(), out)?;
            out.write_str("]")
        }))
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardFetch) -> Result<Vec<Hit>, Failure> {
        let used = node.contexts().fetch_from(&request.context)?;
        let shard = node.shard(&request.shard.uuid, request.shard.shard).await?;
        let limits = query::limits(&node, &request.shard);
        let run = move |task: &Task| {
            let view = Arc::clone(&used.reader.view);
            let context = query::context(&shard, view, limits, request.now, task);
            let hits = shard::fetch(&context, &request.source, &request.documents)?;
            used.reader.gave_out(request.last)?;
            Ok(hits)
        };
        node.pools().search.run(&task, run).await
    }
}

/// As Lucene prints a `ScoreDoc` or, when sorted, a `FieldDoc`.
pub(super) fn last_emitted(last: Option<&ShardDoc>, out: &mut dyn Write) -> fmt::Result {
    let Some(last) = last else {
        return out.write_str("null");
    };
    write!(out, "doc={} score=", last.address.doc)?;
    match last.score {
        Some(score) => write!(out, "{score:?}")?,
        None => out.write_str("NaN")?,
    }
    out.write_str(" shardIndex=-1")?;
    if last.sort.is_empty() {
        return Ok(());
    }
    out.write_str(" fields=[")?;
    for (place, value) in last.sort.iter().enumerate() {
        if place > 0 {
            out.write_str(", ")?;
        }
        match value {
            SortValue::Null => out.write_str("null")?,
            SortValue::Long(value) => write!(out, "{value}")?,
            SortValue::Unsigned(value) => write!(out, "{value}")?,
            SortValue::Double(value) => write!(out, "{value:?}")?,
            SortValue::Float(value) => write!(out, "{value:?}")?,
            SortValue::Text(text) => hexadecimal(text, out)?,
        }
    }
    out.write_str("]")
}

/// As Lucene prints a string's bytes: `[62 6f]`.
fn hexadecimal(text: &str, out: &mut dyn Write) -> fmt::Result {
    out.write_str("[")?;
    for (place, byte) in text.bytes().enumerate() {
        let space = if place > 0 { " " } else { "" };
        write!(out, "{space}{byte:x}")?;
    }
    out.write_str("]")
}
