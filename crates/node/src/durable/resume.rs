//! Going on after a restart: every run that is found is a task again before the node takes requests.

use super::{
    DurableRun, Head,
    keys::{self, decode},
    run::delete,
};
use crate::{
    Node, Spec,
    actions::{
        table,
        tasks::results::{self, Outcome},
    },
    of_start,
};
use bytes::Bytes;
use glasswork_content::failure::{Failure, Kind};
use glasswork_substrate::{Entry, KvError, KvEvent, Revision};
use glasswork_tasks::{Guard, Start, Task, View};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long a watch may take to tell what there is; then a list has to do.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// A run of an action that this version doesn't have.
pub(crate) const LOST: Spec = Spec::uncancellable(
    "internal:tasks/lost",
    600_000,
    "it only stores that a task was lost",
);

/// A run of an earlier process.
pub(crate) struct Found {
    pub(crate) number: u64,
    pub(crate) head: Head,
    pub(crate) run: Arc<DurableRun>,
}

/// What lies under the keys of one number.
#[derive(Default)]
struct Keys {
    head: Option<Entry>,
    parts: BTreeMap<u32, Bytes>,
}

/// Makes every run that an earlier process of this node left a task again, and has it go on.
///
/// # Errors
/// The keys can't be read.
pub(crate) async fn resume_all(node: &Arc<Node>) -> Result<(), KvError> {
    let prefix = keys::prefix(node.id());
    let mut runs: BTreeMap<u64, Keys> = BTreeMap::new();
    for (key, entry) in everything(node, &prefix).await? {
        let Some((number, part)) = key.strip_prefix(&prefix).and_then(keys::parse) else {
            tracing::warn!(%key, "a key of no task");
            continue;
        };
        let found = runs.entry(number).or_default();
        match part {
            None => found.head = Some(entry),
            Some(part) => drop(found.parts.insert(part, entry.value)),
        }
    }
    for (number, found) in runs {
        match found.head {
            Some(entry) => resume_one(node, number, entry, found.parts),
            None => forget_parts(node, number, found.parts.into_keys().collect()),
        }
    }
    Ok(())
}

/// All keys that begin so. A list may be stale, a watch tells everything that there was when it began.
async fn everything(node: &Arc<Node>, prefix: &str) -> Result<BTreeMap<String, Entry>, KvError> {
    let kv = &node.substrate().kv;
    let told = async {
        let mut watch = kv.watch(prefix).await?;
        let mut found = BTreeMap::new();
        while let Some(event) = watch.next().await {
            match event {
                KvEvent::Put { key, entry } => drop(found.insert(key, entry)),
                KvEvent::Gone { key, .. } => drop(found.remove(&key)),
                KvEvent::Live => return Ok(found),
            }
        }
        Err(KvError::Unavailable("the watch ended".to_owned()))
    };
    match tokio::time::timeout(TOLD_WITHIN, told).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) | Err(_) => Ok(kv.list(prefix).await?.into_iter().collect()),
    }
}

fn resume_one(node: &Arc<Node>, number: u64, entry: Entry, parts: BTreeMap<u32, Bytes>) {
    let kv = &node.substrate().kv;
    let key = keys::head(node.id(), number);
    let run = |head: &Head, revision: Revision| {
        Arc::new(DurableRun::resumed(
            kv,
            key.clone(),
            head.clone(),
            revision,
            parts.clone(),
        ))
    };
    let head: Head = match decode(&entry.value) {
        Ok(head) => head,
        Err(why) => {
            let run = run(&Head::unknown(), entry.revision);
            return lost(node, number, None, run, &why);
        }
    };
    let run = run(&head, entry.revision);
    let Some(durable) = table::durable(&head.action) else {
        let why = format!("action [{}] is not known", head.action);
        return lost(node, number, Some(&head), run, &why);
    };
    let found = Found {
        number,
        head: head.clone(),
        run: Arc::clone(&run),
    };
    if let Err(failure) = (durable.resume)(node, found) {
        lost(node, number, Some(&head), run, failure.reason());
    }
}

/// Tells by a stored error that a task can't go on.
fn lost(node: &Arc<Node>, number: u64, head: Option<&Head>, run: Arc<DurableRun>, why: &str) {
    let id = glasswork_tasks::TaskId::new(node.id().clone(), number);
    let reason = format!("task [{id}] can't be resumed: {why}");
    tracing::error!(task = %id, why, "a task can't be resumed");
    let known = head.and_then(|head| node.registry().action(&head.action));
    let mut start =
        Start::new(known.unwrap_or_else(|| node.internal_action(&LOST))).resumed(number);
    if let Some(head) = head {
        let caller = head.caller();
        start = start.begun_at(head.start_millis).headers(caller.headers);
        if let Some(user) = caller.user {
            start = start.user(user);
        }
    }
    let guard = match node.registry().start(start) {
        Ok(guard) => guard,
        Err(error) => {
            let failure = of_start(&error);
            return tracing::error!(task = %id, %failure, "the loss of a task can't be stored");
        }
    };
    let action = head.map(|head| head.action.clone());
    let node = Arc::clone(node);
    tokio::spawn(async move {
        let failure = Failure::new(Kind::TaskLost, reason);
        match store_loss(&node, guard.task(), action, &failure).await {
            Ok(()) => run.forget().await,
            Err(failure) => {
                tracing::error!(task = %guard.task().id(), %failure, "the loss of a task is not stored");
            }
        }
        end(guard, &failure).await;
    });
}

async fn store_loss(
    node: &Arc<Node>,
    task: &Task,
    action: Option<String>,
    failure: &Failure,
) -> Result<(), Failure> {
    let mut snapshot = task.snapshot(&View::DETAILED);
    snapshot.resources = None;
    if let Some(action) = action {
        snapshot.action = action.into();
    }
    let document = results::document(&snapshot, &Outcome::Error(failure))?;
    results::store(node, task, document).await
}

async fn end(guard: Guard, failure: &Failure) {
    guard.task().childless().await;
    guard.fail(failure.kind.name(), failure.reason());
}

/// Parts without a head: their run has ended, and a crash came before the last of its keys was deleted.
fn forget_parts(node: &Arc<Node>, number: u64, parts: Vec<u32>) {
    let (kv, head) = (
        Arc::clone(&node.substrate().kv),
        keys::head(node.id(), number),
    );
    node.background("keys of ended tasks", async move {
        for part in parts {
            let key = keys::part(&head, part);
            if let Err(error) = delete(&kv, &key).await {
                tracing::warn!(%key, %error, "a key of an ended task stays until the next start");
            }
        }
    });
}
