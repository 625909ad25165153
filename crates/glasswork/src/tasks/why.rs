//! `glasswork tasks why`: why a task is still there.

use super::{
    Session, TasksError,
    explain::{Below, Fact, explain},
    ls, out, report,
};
use crate::{
    arguments::tasks::{Choice, WhyArguments},
    exit::Code,
    view::{Forest, Shade, Shown, Sort, age},
};
use glasswork_client::{NodeSummary, Task, TaskId, TaskList, excerpt};
use serde_json::json;
use std::{collections::BTreeMap, time::SystemTime};

pub(super) async fn run(session: &Session, arguments: &WhyArguments) -> Result<Code, TasksError> {
    let answer = session.client.get(&arguments.id).await?;
    if answer.completed {
        let failed = answer.error.is_some();
        let text = if failed {
            "it is not there any more: it failed"
        } else {
            "it is not there any more: it ended"
        };
        match arguments.json {
            true => out::json(&json!({"task": answer.task, "completed": true, "facts": []}))?,
            false => out::text(&format!(
                "{}\n{text}; `glasswork tasks get` shows what came of it\n",
                heading(session, &answer.task)
            ))?,
        }
        return Ok(Code::Success);
    }
    let list = everything(session).await?;
    let facts = facts(&answer.task, &list.tasks, &list.nodes);
    match arguments.json {
        true => out::json(&json!({"task": answer.task, "completed": false, "facts": facts}))?,
        false => {
            let lines: String = facts
                .iter()
                .map(|fact| format!("  {}\n", fact.text))
                .collect();
            out::text(&format!("{}\n{lines}", heading(session, &answer.task)))?;
        }
    }
    Ok(report::incomplete(&list))
}

/// Everything that runs: tasks below one may be on any node.
pub(super) async fn everything(session: &Session) -> Result<TaskList, TasksError> {
    let all = Choice {
        all: true,
        ..Choice::default()
    };
    ls::list(session, &all).await
}

/// What explains a task, with what runs beside it.
pub(crate) fn facts<T: Shown>(
    task: &Task,
    tasks: &[T],
    nodes: &BTreeMap<String, NodeSummary>,
) -> Vec<Fact> {
    let below = below(&task.id(), tasks, nodes).into_iter();
    let below = Below {
        tasks: below.map(|task| task as &dyn Shown).collect(),
    };
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    explain(
        task,
        &below,
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
    )
}

/// The tasks below one.
pub(super) fn below<'a, T: Shown>(
    id: &TaskId,
    tasks: &'a [T],
    nodes: &'a BTreeMap<String, NodeSummary>,
) -> Vec<&'a T> {
    let rows = Forest::of(tasks, nodes, Sort::OLDEST)
        .rows_below(id)
        .unwrap_or_default();
    rows.into_iter().skip(1).map(|row| row.task).collect()
}

fn heading(session: &Session, task: &Task) -> String {
    let text = format!(
        "{} {}, {}",
        task.id(),
        task.action,
        age(task.running_time())
    );
    session.paint.paint(Shade::Bold, &excerpt(&text, 300))
}
