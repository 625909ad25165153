//! What an update makes of a document: a merge, a script, or an upsert.

use crate::{Node, shards::LocalShard};
use bytes::Bytes;
use glasswork_content::{Failure, Kind, Limits as JsonLimits, Node as Json, Object, Value, parse};
use glasswork_engine::{Condition, Conflict, Found};
use glasswork_script::{Context, Field, Halt, Host, Interrupt, Limits, Machine, Scalar, compile};
use glasswork_tasks::{Checkpoint, Stop, Task};

use std::sync::Arc;

use super::{Update, UpdateScript, WriteItem, primary::conflict};

/// What is to be done.
#[derive(Debug, Clone)]
pub(super) enum Changed {
    /// Put this source.
    Put(Bytes),
    /// Delete the document.
    Delete,
    /// Nothing: the document stays as it is.
    Nothing(Bytes),
}

/// What an update makes of the present document: what it was, and what it is to be.
///
/// # Errors
/// 404 when there is no document and nothing to make of that, 409 when it is not as the request expects.
pub(super) async fn change_on_pool(
    node: &Node,
    task: &Task,
    shard: &Arc<LocalShard>,
    item: &WriteItem,
    update: &Update,
) -> Result<(Option<Found>, Changed), Failure> {
    let id = item.id.clone().unwrap_or_default();
    let expected = item.if_seq_no.zip(item.if_primary_term);
    let (shard, update) = (Arc::clone(shard), update.clone());
    let work = move |task: &Task| {
        let found = shard
            .engine()
            .get(&id)
            .map_err(|error| shard.failure(&error))?;
        // A document that is missing is told as such, whatever it should have been like.
        if let (Some((seq_no, primary_term)), Some(found)) = (expected, &found)
            && (found.seq_no, found.primary_term) != (seq_no, primary_term)
        {
            let differs = Conflict::Differs {
                required: Condition {
                    seq_no,
                    primary_term,
                },
                seq_no: found.seq_no,
                primary_term: found.primary_term,
            };
            return Err(conflict(
                &shard,
                format!("[{id}]: version conflict, {differs}"),
            ));
        }
        let changed = change(task, &shard, &id, &update, found.as_ref())?;
        Ok((found, changed))
    };
    node.pools().write.run(task, work).await
}

/// Decides what an update does to the present document.
fn change(
    task: &Task,
    shard: &LocalShard,
    id: &str,
    update: &Update,
    found: Option<&Found>,
) -> Result<Changed, Failure> {
    match found {
        None => insert(task, shard, id, update),
        Some(found) => {
            let source = parse(&found.source, &JsonLimits::DEFAULT)?;
            match (&update.script, &update.doc) {
                (Some(script), _) => scripted(
                    task,
                    script,
                    &ctx(shard, id, Some(found), source, "index"),
                    &found.source,
                ),
                (None, Some(doc)) => Ok(merge(
                    source,
                    doc,
                    update.detect_noop.unwrap_or(true),
                    &found.source,
                )),
                (None, None) => Ok(Changed::Nothing(found.source.clone())),
            }
        }
    }
}

/// There is no document: the upsert, the part as a whole, or an error.
fn insert(task: &Task, shard: &LocalShard, id: &str, update: &Update) -> Result<Changed, Failure> {
    let upsert = match (&update.upsert, &update.doc) {
        (_, Some(doc)) if update.doc_as_upsert => doc,
        (Some(upsert), _) => upsert,
        _ if update.scripted_upsert => &Json::from(Value::Object(Object::new())),
        _ => {
            return Err(
                Failure::new(Kind::DocumentMissing, format!("[{id}]: document missing"))
                    .with_text("index", &**shard.index())
                    .with_text("shard", shard.number().to_string())
                    .with_text("index_uuid", &**shard.uuid()),
            );
        }
    };
    match (&update.script, update.scripted_upsert) {
        (Some(script), true) => {
            let nothing = Bytes::from_static(b"{}");
            scripted(
                task,
                script,
                &ctx(shard, id, None, upsert.clone(), "create"),
                &nothing,
            )
        }
        _ => Ok(Changed::Put(upsert.to_json().into())),
    }
}

fn merge(mut source: Json, doc: &Json, detect_noop: bool, before: &Bytes) -> Changed {
    let changed = merge_into(&mut source, doc);
    if detect_noop && !changed {
        Changed::Nothing(before.clone())
    } else {
        Changed::Put(source.to_json().into())
    }
}

/// `XContentHelper.update`: objects are merged, everything else is replaced. Answers whether anything changed. The depth is
/// bounded by the reader's limit.
fn merge_into(target: &mut Json, changes: &Json) -> bool {
    let (Value::Object(target), Value::Object(changes)) = (&mut target.value, &changes.value)
    else {
        return false;
    };
    let mut changed = false;
    for (key, change) in changes.iter() {
        match target.get_mut(key) {
            Some(present) if present.as_object().is_some() && change.as_object().is_some() => {
                changed |= merge_into(present, change);
            }
            Some(present) => {
                if present.to_json() != change.to_json() {
                    *present = change.clone();
                    changed = true;
                }
            }
            None => {
                target.insert(key, change.clone());
                changed = true;
            }
        }
    }
    changed
}

/// What the script sees as `ctx`.
fn ctx(shard: &LocalShard, id: &str, found: Option<&Found>, source: Json, op: &str) -> Json {
    let text = |text: &str| Json::from(Value::String(text.to_owned()));
    let mut ctx = Object::new();
    ctx.insert("_index", text(shard.index()));
    ctx.insert("_id", text(id));
    if let Some(found) = found {
        let version = i64::try_from(found.version).unwrap_or(i64::MAX);
        ctx.insert("_version", Json::from(Value::Long(version)));
        if let Some(routing) = &found.routing {
            ctx.insert("_routing", text(routing));
        }
    }
    ctx.insert("op", text(op));
    ctx.insert("_source", source);
    Json::from(Value::Object(ctx))
}

fn scripted(
    task: &Task,
    script: &UpdateScript,
    ctx: &Json,
    before: &Bytes,
) -> Result<Changed, Failure> {
    if script.lang != "painless" {
        return Err(failed(Failure::illegal_argument(format!(
            "script_lang not supported [{}]",
            script.lang
        ))));
    }
    let limits = Limits::DEFAULT;
    let compiled = compile(&script.source, Context::Update, &limits).map_err(failed)?;
    let mut host = TaskHost::new(task);
    let left = match Machine::new(&compiled, &script.params, &limits).update(ctx, &mut host) {
        Ok(left) => left,
        Err(Halt::Failed(failure)) => return Err(failed(*failure)),
        Err(Halt::Interrupted) => return Err(host.stopped()),
    };
    let was_create = ctx.get("op").and_then(Json::as_str) == Some("create");
    let op = left.get("op").and_then(Json::as_str).unwrap_or("none");
    match op {
        "create" | "index" => {
            let source = left
                .get("_source")
                .filter(|source| source.as_object().is_some());
            let source = source
                .ok_or_else(|| failed(Failure::illegal_argument("[_source] must be an object")))?;
            Ok(Changed::Put(source.to_json().into()))
        }
        "delete" if !was_create => Ok(Changed::Delete),
        "none" | "noop" => Ok(Changed::Nothing(before.clone())),
        // As upstream: what it does not know changes nothing.
        _ => Ok(Changed::Nothing(before.clone())),
    }
}

/// 400 `illegal_argument_exception` `failed to execute script` with its cause.
fn failed(cause: Failure) -> Failure {
    Failure::illegal_argument("failed to execute script").caused_by(cause)
}

/// Lets a script see whether its task is still wanted. There is no document but `ctx`.
pub(crate) struct TaskHost<'a> {
    task: &'a Task,
    stop: Option<Stop>,
}

impl<'a> TaskHost<'a> {
    pub(crate) fn new(task: &'a Task) -> Self {
        Self { task, stop: None }
    }

    /// Why the script was interrupted.
    pub(crate) fn stopped(self) -> Failure {
        self.stop.map_or_else(
            || Failure::illegal_state("the script was interrupted"),
            |stop| crate::of_stop(&stop),
        )
    }
}

impl Host for TaskHost<'_> {
    fn tick(&mut self, _steps: u32) -> Result<(), Interrupt> {
        self.task.checkpoint().map_err(|stop| {
            self.stop = Some(stop);
            Interrupt
        })
    }

    fn field(&mut self, _name: &str) -> Result<Option<Field>, Failure> {
        Ok(None)
    }

    fn count(&mut self, _field: Field) -> usize {
        0
    }

    fn value(&mut self, _field: Field, _index: usize) -> Scalar {
        Scalar::Long(0)
    }

    fn score(&mut self) -> f64 {
        0.0
    }
}
