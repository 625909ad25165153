//! `glasswork tasks ls`: what runs, once or again and again.

use super::{Session, TasksError, out, report};
use crate::{
    arguments::tasks::{Choice, Look, LsArguments},
    exit::Code,
    filter::{Filter, Subject},
    view::{Column, Forest, Row, Table, count},
};
use glasswork_client::{ListOptions, Task, TaskList};
use serde_json::{Value, json};
use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

/// A list that takes longer is asked for less often: it is work for the server, too.
const SLOW: Duration = Duration::from_millis(200);
/// The same for a list of more tasks.
const MANY: usize = 5_000;
/// However long a server wants to be left alone (`Retry-After`), after so long it is asked again.
const LONGEST: Duration = Duration::from_secs(60);
/// A slow list is asked for at most this part of the time.
const SHARE: u32 = 10;

pub(super) async fn run(session: &Session, arguments: &LsArguments) -> Result<Code, TasksError> {
    let Some(every) = arguments.watch else {
        let list = list(session, &arguments.choice).await?;
        show(session, arguments, &list)?;
        return Ok(report::incomplete(&list));
    };
    watch(session, arguments, every).await
}

/// The tasks that the user chose, without those of this very command.
pub(super) async fn list(session: &Session, choice: &Choice) -> Result<TaskList, TasksError> {
    let filter = Filter::all(&choice.filters);
    let options = filter.narrow(ListOptions::new().detailed().extended());
    let mut list = session.client.list(&options).await?;
    let own = session.client.opaque_id().filter(|_| !choice.all);
    let nodes = &list.nodes;
    list.tasks.retain(|task| {
        let node_name = nodes.get(&task.node).and_then(|node| node.name.as_deref());
        let is_own = own.is_some_and(|own| task.opaque_id() == Some(own));
        !is_own && filter.matches(Subject { task, node_name })
    });
    Ok(list)
}

/// The table that the user chose, for this output.
pub(super) fn table(session: &Session, look: &Look, list: &TaskList) -> Table {
    let glasswork = list.tasks.iter().any(|task| task.glasswork.is_some());
    Table {
        columns: match look.columns.is_empty() {
            true => Column::usual(glasswork),
            false => look.columns.clone(),
        },
        width: out::width(),
        wide: look.wide,
        paint: session.paint,
    }
}

async fn watch(
    session: &Session,
    arguments: &LsArguments,
    every: Duration,
) -> Result<Code, TasksError> {
    let mut code = Code::Success;
    let mut looks = 0;
    loop {
        let began = Instant::now();
        let listed = list(session, &arguments.choice).await;
        let took = began.elapsed();
        let mut pause = every;
        match listed {
            Ok(list) => {
                if std::io::stdout().is_terminal() && !arguments.json {
                    out::text("\u{1b}[2J\u{1b}[H")?;
                }
                show(session, arguments, &list)?;
                code = report::incomplete(&list);
                if took > SLOW || list.tasks.len() > MANY {
                    pause = every.max(took * SHARE);
                }
            }
            // What may pass is told, and the watch goes on.
            Err(TasksError::Server(error))
                if error.is_passing() && arguments.times != Some(looks + 1) =>
            {
                eprintln!("glasswork tasks: {error}");
                let asked = error.refusal().and_then(|refusal| refusal.retry_after);
                pause = every.max(asked.unwrap_or_default().min(LONGEST));
            }
            Err(error) => return Err(error),
        }
        looks += 1;
        if arguments.times.is_some_and(|times| looks >= times) {
            return Ok(code);
        }
        tokio::time::sleep(pause).await;
    }
}

fn show(session: &Session, arguments: &LsArguments, list: &TaskList) -> Result<(), TasksError> {
    let mut rows: Vec<Row<'_, Task>> = match arguments.tree {
        true => Forest::of(&list.tasks, &list.nodes, arguments.sort).rows(),
        false => list
            .tasks
            .iter()
            .map(|task| Row::of(task, list.node_name(&task.node)))
            .collect(),
    };
    if !arguments.tree {
        arguments.sort.apply(&mut rows);
    }
    let all = rows.len();
    rows.truncate(arguments.limit.unwrap_or(usize::MAX));
    if arguments.json {
        let told = match arguments.tree {
            true => Forest::of(&list.tasks, &list.nodes, arguments.sort).json(None),
            false => rows.iter().map(|row| json!(row.task)).collect(),
        };
        return match arguments.watch {
            Some(_) => out::json_line(&document(list, told)),
            None => out::json(&document(list, told)),
        };
    }
    let mut text = table(session, &arguments.look, list).draw(&rows);
    if rows.is_empty() {
        text = "no task matches\n".to_owned();
    } else if rows.len() < all {
        text.push_str(&format!(
            "… {} of {} tasks\n",
            count(rows.len() as u64),
            count(all as u64)
        ));
    }
    out::text(&text)
}

/// The JSON of a list: the tasks as the server told them, the nodes they run on, and what failed.
pub(super) fn document(list: &TaskList, tasks: Value) -> Value {
    let mut document = json!({"tasks": tasks, "nodes": list.nodes});
    if !list.node_failures.is_empty() {
        document["node_failures"] = json!(list.node_failures);
    }
    if !list.task_failures.is_empty() {
        document["task_failures"] = json!(list.task_failures);
    }
    document
}
