//! From a document of the source to the write that is done with it.

use glasswork_content::{Failure, Node as Json};
use glasswork_script::{Context, Limits, Script, compile};
use glasswork_tasks::Task;
use std::sync::Arc;

use super::{
    request::{ByQueryRequest, Destination, Work},
    script,
    source::Document,
};
use crate::{
    Node,
    actions::documents::{Operation, UpdateScript, VersionType, WriteItem},
};

/// Documents that one job of the pool runs the script on: others get their turn between two.
const SCRIPTED: usize = 128;

/// Steps that a script may take for one document (loop turns, calls, elements looked at).
const FUEL: u64 = 10_000_000;

/// What is written for a page of documents.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) items: Vec<WriteItem>,
    /// Documents that the script leaves alone.
    pub(super) noops: u64,
}

/// Makes writes of documents.
pub(super) struct Applier(Arc<Applied>);

pub(super) struct Applied {
    pub(super) work: Work,
    script: Option<(Script, Json)>,
    /// What ids are made of where the script wants a new one and the operation may be resumed: the same document then gets the
    /// same id again.
    pub(super) id_seed: Option<String>,
}

/// Limits of the scripts of by-query operations.
pub(super) const LIMITS: Limits = Limits {
    fuel: Some(FUEL),
    ..Limits::DEFAULT
};

/// Compiles the script of a request.
///
/// # Errors
/// 400 `script_exception` `compile error`, and for another language than Painless.
pub(super) fn compiled(script: &UpdateScript) -> Result<Script, Failure> {
    if script.lang != "painless" {
        return Err(Failure::illegal_argument(format!(
            "script_lang not supported [{}]",
            script.lang
        )));
    }
    compile(&script.source, Context::Update, &LIMITS)
}

impl Applier {
    /// # Errors
    /// As [`compiled`].
    pub(super) fn new(request: &ByQueryRequest, id_seed: Option<String>) -> Result<Self, Failure> {
        let script = match &request.script {
            None => None,
            Some(script) => Some((compiled(script)?, script.params.clone())),
        };
        Ok(Self(Arc::new(Applied {
            work: request.work.clone(),
            script,
            id_seed,
        })))
    }

    /// The writes for these documents, in their order. A script runs on the pool for writes, with checkpoints.
    ///
    /// # Errors
    /// A document without source, a script that fails, and why it had to stop.
    pub(super) async fn batch(
        &self,
        node: &Node,
        task: &Task,
        documents: Vec<Document>,
    ) -> Result<Batch, Failure> {
        let mut batch = Batch {
            items: Vec::with_capacity(documents.len()),
            noops: 0,
        };
        if self.0.script.is_none() {
            for document in documents {
                batch.items.push(self.0.item(document)?);
            }
            return Ok(batch);
        }
        let mut documents = documents.into_iter().peekable();
        while documents.peek().is_some() {
            let part: Vec<Document> = documents.by_ref().take(SCRIPTED).collect();
            let applied = Arc::clone(&self.0);
            let run = move |task: &Task| applied.scripted(task, part);
            let done = node.pools().write.run(task, run).await?;
            batch.items.extend(done.items);
            batch.noops += done.noops;
        }
        Ok(batch)
    }
}

impl Applied {
    fn scripted(&self, task: &Task, documents: Vec<Document>) -> Result<Batch, Failure> {
        let mut batch = Batch::default();
        let Some((script, params)) = &self.script else {
            return Ok(batch);
        };
        let mut machine = glasswork_script::Machine::new(script, params, &LIMITS);
        for document in documents {
            match script::run(&mut machine, task, self, document)? {
                Some(item) => batch.items.push(item),
                None => batch.noops += 1,
            }
        }
        Ok(batch)
    }

    /// The write of a document as it is.
    ///
    /// # Errors
    /// 400 when its source is needed and not kept.
    pub(super) fn item(&self, document: Document) -> Result<WriteItem, Failure> {
        let operation = match self.work {
            Work::Delete => Operation::Delete,
            Work::Update | Work::Reindex(_) => match document.source {
                Some(source) => Operation::Index(source),
                None => return Err(no_source(&document.index, &document.id)),
            },
        };
        let conditions = (document.seq_no, document.primary_term);
        let item = WriteItem {
            routing: document.routing.map(String::from),
            ..WriteItem::new(document.index, Some(document.id.into_string()), operation)
        };
        Ok(match &self.work {
            Work::Reindex(destination) => to(destination, item, document.version),
            Work::Update | Work::Delete => WriteItem {
                if_seq_no: Some(conditions.0),
                if_primary_term: Some(conditions.1),
                ..item
            },
        })
    }
}

/// The write at the destination of a reindex.
fn to(destination: &Destination, item: WriteItem, version: Option<u64>) -> WriteItem {
    let operation = match item.operation {
        Operation::Index(source) if destination.create => Operation::Create(source),
        operation => operation,
    };
    let external = destination.version_type != VersionType::Internal;
    WriteItem {
        index: destination.index.clone().unwrap_or_default(),
        operation,
        routing: match destination.routing.as_deref() {
            None | Some("keep") => item.routing,
            Some("discard") => None,
            Some(value) => value.strip_prefix('=').map(str::to_owned),
        },
        version: version
            .filter(|_| external)
            .map(|version| i64::try_from(version).unwrap_or(i64::MAX)),
        version_type: destination.version_type,
        require_alias: destination.require_alias,
        ..item
    }
}

fn no_source(index: &str, id: &str) -> Failure {
    Failure::illegal_argument(format!("[{index}][{id}] didn't store _source"))
}
