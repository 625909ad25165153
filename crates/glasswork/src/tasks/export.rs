//! `glasswork tasks export`: everything known of a task, in one JSON file.

use super::{Session, TasksError, out, why};
use crate::{arguments::tasks::ExportArguments, exit::Code};
use glasswork_client::{Error, Task};
use serde_json::{Map, Value, json};
use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::SystemTime,
};

/// What stands where something was left out.
const REDACTED: &str = "<redacted>";

pub(super) async fn run(
    session: &Session,
    arguments: &ExportArguments,
) -> Result<Code, TasksError> {
    let client = &session.client;
    let mut answer = client.get(&arguments.id).await?;
    let list = why::everything(session).await?;
    let mut below: Vec<Task> = why::below(&arguments.id, &list.tasks, &list.nodes)
        .into_iter()
        .cloned()
        .collect();
    let mut facts = match answer.completed {
        true => json!([]),
        false => json!(why::facts(&answer.task, &list.tasks, &list.nodes)),
    };
    if arguments.redact {
        redact(&mut answer.task);
        below.iter_mut().for_each(redact);
        // Results and errors name indices and may quote documents; facts quote descriptions.
        answer.response = answer.response.map(|_| json!(REDACTED));
        answer.error = answer
            .error
            .map(|error| json!({"type": error["type"], "reason": REDACTED}));
        answer.other = Map::new();
        facts = json!(REDACTED);
    }
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let millis = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let document = json!({
        "exported_at": glasswork_content::text::iso_millis(millis),
        "exported_by": concat!("glasswork ", env!("CARGO_PKG_VERSION")),
        "server": told(client.server().await.cloned()),
        "health": told(client.health().await),
        "nodes": told(client.nodes().await),
        "answer": answer,
        "below": below,
        "why": facts,
        "running_tasks": list.tasks.len(),
        "node_failures": list.node_failures,
    });
    let text = serde_json::to_string_pretty(&document)
        .map_err(|error| TasksError::Output(error.into()))?
        + "\n";
    if arguments.output.as_os_str() == "-" {
        out::json(&document)?;
    } else {
        write(&arguments.output, &text, arguments.force)?;
        eprintln!("{} bytes are in {}", text.len(), arguments.output.display());
    }
    Ok(Code::Success)
}

/// What a side question gave: one that a user may not ask doesn't hold up the rest.
fn told<T: serde::Serialize>(answer: Result<T, Error>) -> Value {
    match answer {
        Ok(answer) => json!(answer),
        Err(error) => json!({"failed": error.to_string()}),
    }
}

/// Leaves out what users sent.
fn redact(task: &mut Task) {
    if task.description.is_some() {
        task.description = Some(REDACTED.to_owned());
    }
    for value in task.headers.values_mut() {
        *value = json!(REDACTED);
    }
    if let Some(extended) = &mut task.glasswork {
        extended.user = extended.user.as_ref().map(|_| REDACTED.to_owned());
        extended.connection = extended.connection.as_ref().map(|_| REDACTED.to_owned());
        extended.other = Map::new();
        if let Some(cancel) = &mut extended.cancel {
            cancel.reason = cancel.reason.as_ref().map(|_| REDACTED.to_owned());
            cancel.requested_by = cancel.requested_by.as_ref().map(|_| REDACTED.to_owned());
        }
    }
    task.other = Map::new();
}

/// Writes a file that its owner alone can read: it holds what users sent.
fn write(path: &Path, text: &str, force: bool) -> Result<(), TasksError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => TasksError::Exists(path.to_owned()),
        _ => TasksError::File {
            path: path.to_owned(),
            error,
        },
    };
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    match force {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed)
}
