//! How a result gets into the index, before its task ends.

use super::{INDEX, index};
use crate::{
    Node,
    actions::documents::{IndexDocument, IndexRequest, Operation, WriteItem, WriteOptions},
};
use glasswork_content::{
    failure::{Failure, Kind},
    render::Render,
};
use glasswork_tasks::{On, Snapshot, Task, wire::show};
use std::{sync::Arc, time::Duration};

/// How often a write that is refused for a while is tried again (`TaskResultsService.STORE_BACKOFF_POLICY`): after 250 ms at
/// first, about 10 minutes in all.
const TRIES_AGAIN: u32 = 14;
const FIRST_PAUSE_MILLIS: f64 = 250.0;

/// What came out, as JSON.
pub(crate) enum Outcome<'a> {
    /// The answer, rendered for humans.
    Response(&'a [u8]),
    /// Why there is none.
    Error(&'a Failure),
}

/// The document: `{"completed":true,"task":{…},"response":{…}}`, or `error` in place of `response`.
///
/// # Errors
/// The task's status, or the answer, is no JSON.
pub(crate) fn document(task: &Snapshot, outcome: &Outcome<'_>) -> Result<Vec<u8>, Failure> {
    let mut out = Render::compact();
    out.object();
    out.field_bool("completed", true);
    out.key("task");
    show::task(&mut out, task)?;
    match outcome {
        Outcome::Response(response) => {
            out.key("response");
            out.raw(response)?;
        }
        Outcome::Error(failure) => {
            out.key("error");
            failure.render(&mut out);
        }
    }
    out.end_object();
    Ok(out.finish())
}

/// Stores the result of `task`, which is durable when this answers. One that is there already stays: a task has one result.
///
/// # Errors
/// It was refused for good, for longer than it is tried, or the node stops.
pub(crate) async fn store(node: &Arc<Node>, task: &Task, document: Vec<u8>) -> Result<(), Failure> {
    let document = bytes::Bytes::from(document);
    let mut tries = 0;
    loop {
        let failure = match attempt(node, task, document.clone()).await {
            Ok(()) => return Ok(()),
            Err(failure) if failure.kind == Kind::VersionConflict => return Ok(()),
            Err(failure) => failure,
        };
        // Too much to do, a disk that is full, a shard that is not there: all may pass. What is wrong with the document doesn't.
        let may_pass = matches!(failure.status(), 429 | 503 | 504) || failure.kind == Kind::IO;
        if !may_pass || tries == TRIES_AGAIN || node.started_runs().are_closed() {
            return Err(failure);
        }
        tracing::debug!(task = %task.id(), %failure, tries, "a result is not yet stored");
        let waiting = task.waiting(On::Other("result".into()));
        tokio::select! {
            () = tokio::time::sleep(pause(tries)) => {}
            () = node.started_runs().closed() => {}
        }
        drop(waiting);
        tries += 1;
    }
}

/// `BackoffPolicy.exponentialBackoff`.
fn pause(tries: u32) -> Duration {
    let grown = (0.8 * f64::from(tries)).exp().floor() - 1.0;
    Duration::from_secs_f64((FIRST_PAUSE_MILLIS + 10.0 * grown) / 1000.0)
}

async fn attempt(node: &Arc<Node>, task: &Task, document: bytes::Bytes) -> Result<(), Failure> {
    index::ensure(node, task).await?;
    let id = Some(task.id().to_string());
    let request = IndexRequest {
        item: WriteItem::new(INDEX, id, Operation::Create(document)),
        options: WriteOptions::default(),
    };
    node.closing_child::<IndexDocument>(task, request)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_minutes_in_all() {
        assert_eq!(pause(0), Duration::from_millis(250));
        assert_eq!(pause(1), Duration::from_millis(260));
        let all: Duration = (0..TRIES_AGAIN).map(pause).sum();
        assert!((550..650).contains(&all.as_secs()), "{all:?}");
    }
}
