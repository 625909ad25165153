//! Scripts of by-query operations: what they see of a document as `ctx`, and what they may make of it.
//!
//! | `ctx.` | update by query | reindex |
//! |---|---|---|
//! | `_source` | changed | changed |
//! | `op` | `index`, `noop`, `delete` | `index`, `noop`, `delete` |
//! | `_index` | fixed | where it is written |
//! | `_id` | fixed | another one; `null` for a new one |
//! | `_routing` | fixed | another one; `null` for none |
//! | `_version` | fixed | with external versions another one; `null` to overwrite in any case |

use bytes::Bytes;
use glasswork_content::{Failure, Kind, Limits as JsonLimits, Node as Json, Object, Value, parse};
use glasswork_script::{Halt, Machine};
use glasswork_tasks::Task;

use super::{apply::Applied, request::Work, resume::derived_id, source::Document};
use crate::actions::documents::{Operation, TaskHost, VersionType, WriteItem};

/// What `ctx._version` is where versions of the source don't matter.
const NO_VERSION: i64 = -1;

/// Runs the script on a document; gives the write, or nothing when the document is left alone.
///
/// # Errors
/// What the script throws, what it may not change, and why it had to stop.
pub(super) fn run(
    machine: &mut Machine,
    task: &Task,
    applied: &Applied,
    document: Document,
) -> Result<Option<WriteItem>, Failure> {
    let before = Before::of(&document);
    let item = applied.item(document)?;
    let (Operation::Index(source) | Operation::Create(source)) = &item.operation else {
        return Err(Failure::illegal_state(
            "a script runs on a document with a source",
        ));
    };
    let ctx = before.ctx(parse(source, &JsonLimits::DEFAULT)?);
    let mut host = TaskHost::new(task);
    let left = match machine.update(&ctx, &mut host) {
        Ok(left) => left,
        Err(Halt::Failed(failure)) => return Err(*failure),
        Err(Halt::Interrupted) => return Err(host.stopped()),
    };
    changed(left, before, item, applied)
}

/// What a document was before the script ran.
struct Before {
    index: Box<str>,
    id: Box<str>,
    routing: Option<Box<str>>,
    version: i64,
    place: (u64, usize),
}

impl Before {
    fn of(document: &Document) -> Self {
        Self {
            index: document.index.clone(),
            id: document.id.clone(),
            routing: document.routing.clone(),
            version: document.version.map_or(NO_VERSION, |version| {
                i64::try_from(version).unwrap_or(i64::MAX)
            }),
            place: (document.seq_no, document.shard),
        }
    }

    fn ctx(&self, source: Json) -> Json {
        let text = |text: &str| Json::from(Value::String(text.to_owned()));
        let mut ctx = Object::new();
        ctx.insert("_index", text(&self.index));
        ctx.insert("_id", text(&self.id));
        ctx.insert("_version", Json::from(Value::Long(self.version)));
        let routing = self
            .routing
            .as_deref()
            .map_or(Json::from(Value::Null), text);
        ctx.insert("_routing", routing);
        ctx.insert("op", text("index"));
        ctx.insert("_source", source);
        Json::from(Value::Object(ctx))
    }
}

/// What the script left in `ctx`, in the order in which the reference looks at it.
fn changed(
    left: Json,
    before: Before,
    mut item: WriteItem,
    applied: &Applied,
) -> Result<Option<WriteItem>, Failure> {
    let Value::Object(mut ctx) = left.value else {
        return Err(Failure::illegal_argument(
            "the script left no object in [ctx]",
        ));
    };
    let mut take = |key: &str| ctx.remove(key).filter(|node| !node.is_null());
    let op =
        take("op").ok_or_else(|| Failure::illegal_argument("Script cleared operation type"))?;
    let Some(op) = op.as_str().map(str::to_lowercase) else {
        return Err(cast("op", "a string", &op));
    };
    let source = take("_source");
    let source = match source.filter(|node| node.as_object().is_some()) {
        Some(source) => Bytes::from(source.to_json()),
        None => {
            return Err(Failure::illegal_argument(
                "the script left no object in [_source]",
            ));
        }
    };
    item.operation = match item.operation {
        Operation::Create(_) => Operation::Create(source),
        _ => Operation::Index(source),
    };
    let fixed = !matches!(applied.work, Work::Reindex(_));
    let may = |name: &str| match fixed {
        true => Err(Failure::illegal_argument(format!(
            "Modifying [{name}] not allowed"
        ))),
        false => Ok(()),
    };
    let index = take("_index");
    if !is_text(index.as_ref(), Some(&before.index)) {
        may("_index")?;
        item.index = index.as_ref().map(text_of).ok_or_else(|| {
            Failure::new(
                Kind::NullPointer,
                "Can't reindex without a destination index!",
            )
        })?;
    }
    let id = take("_id");
    if !is_text(id.as_ref(), Some(&before.id)) {
        may("_id")?;
        let (seq_no, shard) = before.place;
        item.id = match (&id, &applied.id_seed) {
            (Some(id), _) => Some(text_of(id)),
            (None, Some(seed)) => Some(derived_id(seed, &before.index, &before.id, shard, seq_no)),
            (None, None) => None,
        };
    }
    let version = take("_version");
    if version.as_ref().and_then(Json::as_i64) != Some(before.version) {
        may("_version")?;
        match &version {
            None => {
                item.version = None;
                item.version_type = VersionType::Internal;
            }
            Some(version) => item.version = Some(whole_number(version)?),
        }
    }
    let routing = take("_routing");
    if !is_text(routing.as_ref(), before.routing.as_deref()) {
        may("_routing")?;
        item.routing = routing.as_ref().map(text_of);
    }
    match op.as_str() {
        "index" => {}
        "noop" => return Ok(None),
        "delete" => return Ok(Some(delete(item))),
        other => {
            return Err(Failure::illegal_argument(format!(
                "Operation type [{other}] not allowed, only [noop, index, delete] are allowed"
            )));
        }
    }
    if !ctx.is_empty() {
        let names: Vec<&str> = ctx.keys().collect();
        return Err(Failure::illegal_argument(format!(
            "Invalid fields added to context [{}]",
            names.join(",")
        )));
    }
    Ok(Some(item))
}

/// The document is deleted instead: where it would have been written, whatever version is there.
fn delete(item: WriteItem) -> WriteItem {
    WriteItem {
        operation: Operation::Delete,
        version: None,
        version_type: VersionType::Internal,
        ..item
    }
}

fn is_text(node: Option<&Json>, text: Option<&str>) -> bool {
    match (node, text) {
        (None, None) => true,
        (Some(node), Some(text)) => node.as_str() == Some(text),
        _ => false,
    }
}

fn text_of(node: &Json) -> String {
    node.to_text().map_or_else(
        || String::from_utf8_lossy(&node.to_json()).into_owned(),
        std::borrow::Cow::into_owned,
    )
}

/// A version: any number that is whole.
fn whole_number(node: &Json) -> Result<i64, Failure> {
    let whole = node.as_i64().or_else(|| {
        let number = node.as_f64()?;
        let whole = number as i64;
        (whole as f64 == number).then_some(whole)
    });
    whole.ok_or_else(|| {
        Failure::illegal_argument(format!(
            "_version may only be set to an int or a long but was [{}]",
            text_of(node)
        ))
    })
}

fn cast(name: &str, wanted: &str, node: &Json) -> Failure {
    Failure::new(
        Kind::ClassCast,
        format!("[{name}] must be {wanted}, found [{}]", text_of(node)),
    )
}
