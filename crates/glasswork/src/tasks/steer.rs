//! `glasswork tasks pause`, `resume`, `rethrottle`: change how an operation runs.

use super::{Session, TasksError, ls, out, report};
use crate::{arguments::tasks::RethrottleArguments, exit::Code};
use glasswork_client::{NodeFailure, Rate, TaskId, TaskList, sanitise};
use serde_json::json;

pub(super) async fn pause(session: &Session, id: &TaskId) -> Result<Code, TasksError> {
    let list = session.client.pause(id).await?;
    conclude(id, &list, "is paused")
}

pub(super) async fn resume(session: &Session, id: &TaskId) -> Result<Code, TasksError> {
    let list = session.client.resume(id).await?;
    conclude(id, &list, "goes on")
}

pub(super) async fn rethrottle(
    session: &Session,
    arguments: &RethrottleArguments,
) -> Result<Code, TasksError> {
    let list = session
        .client
        .rethrottle(&arguments.id, arguments.rate)
        .await?;
    if arguments.json {
        out::json(&ls::document(&list, json!(list.tasks)))?;
    }
    let goes_on = match arguments.rate {
        Rate::UNLIMITED => "goes on as fast as it can".to_owned(),
        rate => format!("goes on at {rate} documents a second"),
    };
    conclude(&arguments.id, &list, &goes_on)
}

/// Says what became of the one task, on the standard error: the standard output is for what can be used further.
fn conclude(id: &TaskId, list: &TaskList, what: &str) -> Result<Code, TasksError> {
    if list.node_failures.iter().any(NodeFailure::is_not_found) {
        return Err(TasksError::NoSuchTask(id.clone()));
    }
    if report::incomplete(list) != Code::Success {
        // There was one task, and it was not changed.
        return Ok(Code::Refused);
    }
    eprintln!("{} {what}", sanitise(&id.to_string()));
    Ok(Code::Success)
}
