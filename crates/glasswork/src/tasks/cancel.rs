//! `glasswork tasks cancel`: shows what it will stop, asks, stops it, and says what came of it.
//!
//! Exactly what was shown is stopped, by id: a task that begins in between is left alone, whatever the filter says.

use super::{Session, TasksError, ls, out, report, why};
use crate::{
    arguments::tasks::{CancelArguments, Look},
    exit::Code,
    filter::{Filter, Subject},
    view::{Forest, Row, Sort, age, count},
};
use console::Term;
use glasswork_client::{CancelOptions, Client, Error, Task, TaskId, TaskList, excerpt, sanitise};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::{
    collections::HashSet,
    io::IsTerminal,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Cancels that are asked for at a time.
const AT_ONCE: usize = 8;
/// Above so many tasks a `y` is not enough.
const MANY: usize = 10;

pub(super) async fn run(
    session: &Session,
    arguments: &CancelArguments,
) -> Result<Code, TasksError> {
    let list = why::everything(session).await?;
    let code = report::incomplete(&list);
    let plan = Plan::of(session, arguments, &list);
    plan.tell(session, arguments, &list)?;
    if plan.tasks.is_empty() {
        return match plan.missing.first() {
            Some(id) => Err(TasksError::NoSuchTask(id.clone())),
            None if !plan.fixed.is_empty() => Ok(Code::Refused),
            None => Ok(code),
        };
    }
    if arguments.dry_run {
        return Ok(code);
    }
    if !arguments.yes {
        confirm(plan.tasks.len())?;
    }
    let outcomes = stop(session, arguments, &plan.tasks).await?;
    let told = conclude(arguments, &outcomes, &plan)?;
    Ok(
        match (told, plan.missing.is_empty() && plan.fixed.is_empty()) {
            (Code::Success, false) => Code::Partial,
            (Code::Success, true) => code,
            (told, _) => told,
        },
    )
}

/// What is to be stopped.
struct Plan<'a> {
    /// The tasks to cancel; none is below another.
    tasks: Vec<&'a Task>,
    /// How many are below each of them and stop with it.
    below: Vec<usize>,
    /// Tasks that were named and can't be cancelled.
    fixed: Vec<&'a Task>,
    /// Ids that were named and are not there.
    missing: Vec<TaskId>,
}

impl<'a> Plan<'a> {
    fn of(session: &Session, arguments: &CancelArguments, list: &'a TaskList) -> Self {
        let filter = Filter::all(&arguments.filters);
        let wanted: HashSet<&TaskId> = arguments.ids.iter().collect();
        let mut found = HashSet::new();
        let mut chosen = Vec::new();
        let mut fixed = Vec::new();
        for task in &list.tasks {
            let id = task.id();
            let node_name = list.node_name(&task.node);
            let named = wanted.contains(&id);
            if named {
                found.insert(id);
            }
            // With ids and a filter, both are to hold. This command's own tasks are never meant.
            let is_own = session
                .client
                .opaque_id()
                .is_some_and(|own| task.opaque_id() == Some(own));
            let matches = (named || wanted.is_empty())
                && filter.matches(Subject { task, node_name })
                && !is_own;
            match (matches, task.cancellable) {
                (true, true) => chosen.push(task),
                (true, false) if named => fixed.push(task),
                _ => {}
            }
        }
        let forest = Forest::of(&list.tasks, &list.nodes, Sort::OLDEST);
        let ids: HashSet<TaskId> = chosen.iter().map(|task| task.id()).collect();
        chosen.retain(|task| !forest.is_below(task, &ids));
        chosen.sort_by_key(|task| std::cmp::Reverse(task.running_time_in_nanos));
        let missing = arguments
            .ids
            .iter()
            .filter(|id| !found.contains(*id))
            .cloned()
            .collect();
        Self {
            below: chosen
                .iter()
                .map(|task| forest.count_below(&task.id()))
                .collect(),
            tasks: chosen,
            fixed,
            missing,
        }
    }

    fn tell(
        &self,
        session: &Session,
        arguments: &CancelArguments,
        list: &TaskList,
    ) -> Result<(), TasksError> {
        for id in &self.missing {
            eprintln!(
                "glasswork tasks: there is no task {} on this server",
                sanitise(&id.to_string())
            );
        }
        for task in &self.fixed {
            let text = format!("{} {} can't be cancelled", task.id(), task.action);
            eprintln!("glasswork tasks: {}", excerpt(&text, 300));
        }
        if arguments.json && !arguments.dry_run {
            return Ok(());
        }
        if arguments.json {
            return out::json(&json!({"would_cancel": self.tasks, "below": self.below}));
        }
        if self.tasks.is_empty() {
            return match self.missing.is_empty() && self.fixed.is_empty() {
                true => out::text("no task matches that can be cancelled\n"),
                false => Ok(()),
            };
        }
        let rows: Vec<Row<'_, Task>> = self
            .tasks
            .iter()
            .map(|&task| Row::of(task, list.node_name(&task.node)))
            .collect();
        let table = ls::table(session, &Look::default(), list);
        let below: usize = self.below.iter().sum();
        let with = match below {
            0 => String::new(),
            1 => ", with 1 task below".to_owned(),
            more => format!(", with {} tasks below", count(more as u64)),
        };
        let would = if arguments.dry_run {
            "would be stopped"
        } else {
            "to stop"
        };
        let tasks = if rows.len() == 1 { "task" } else { "tasks" };
        let total = format!("{} {tasks} {would}{with}\n", count(rows.len() as u64));
        out::text(&format!("{}{total}", table.draw(&rows)))
    }
}

/// Asks on the terminal.
fn confirm(tasks: usize) -> Result<(), TasksError> {
    let terminal = Term::stderr();
    if !terminal.is_term() || !std::io::stdin().is_terminal() {
        return Err(TasksError::NotAsked);
    }
    let (question, wanted) = match tasks {
        1 => ("Stop it? [y/N] ".to_owned(), "y".to_owned()),
        2..=MANY => (format!("Stop these {tasks} tasks? [y/N] "), "y".to_owned()),
        _ => (
            format!("Type {tasks} to stop these {tasks} tasks: "),
            tasks.to_string(),
        ),
    };
    terminal.write_str(&question).map_err(TasksError::System)?;
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(TasksError::System)?;
    let answer = answer.trim().to_lowercase();
    match answer == wanted || (wanted == "y" && answer == "yes") {
        true => Ok(()),
        false => Err(TasksError::Declined),
    }
}

/// What came of one cancel.
struct Outcome {
    id: TaskId,
    end: End,
}

enum End {
    /// It was told to stop; with a wait, it has stopped, so long after it was told.
    Stopped(Option<Duration>),
    /// It had ended before.
    Gone,
    /// It has not stopped within the time to wait.
    StillRuns,
    Failed(String),
}

/// Cancels each, a few at a time. An error that holds for all ends it.
async fn stop(
    session: &Session,
    arguments: &CancelArguments,
    tasks: &[&Task],
) -> Result<Vec<Outcome>, TasksError> {
    let bar = bar(tasks.len(), arguments);
    let mut left = tasks.iter().map(|task| task.id());
    let mut running = JoinSet::new();
    let mut outcomes = Vec::new();
    loop {
        while running.len() < AT_ONCE {
            let Some(id) = left.next() else { break };
            let mut options = CancelOptions::task(id.clone());
            if let Some(patience) = arguments.wait {
                options = options.wait(patience);
            }
            if let Some(reason) = &arguments.reason {
                options = options.reason(reason);
            }
            running.spawn(one(session.client.clone(), id, options, arguments.wait));
        }
        let Some(ended) = running.join_next().await else {
            break;
        };
        let outcome = ended.map_err(|error| TasksError::System(std::io::Error::other(error)))??;
        bar.inc(1);
        outcomes.push(outcome);
    }
    bar.finish_and_clear();
    Ok(outcomes)
}

async fn one(
    client: Client,
    id: TaskId,
    options: CancelOptions,
    wait: Option<Duration>,
) -> Result<Outcome, Error> {
    let began = Instant::now();
    let cancel = client.cancel(&options);
    let answered = match wait {
        // The server waits without end.
        Some(patience) => tokio::time::timeout(patience, cancel).await,
        None => Ok(cancel.await),
    };
    let end = match answered {
        Err(_) => End::StillRuns,
        Ok(answered) => match answered? {
            list if list.is_complete() => End::Stopped(wait.map(|_| began.elapsed())),
            list if list
                .node_failures
                .iter()
                .all(glasswork_client::NodeFailure::is_not_found) =>
            {
                End::Gone
            }
            list => End::Failed(failure(&list)),
        },
    };
    Ok(Outcome { id, end })
}

fn failure(list: &TaskList) -> String {
    let node = list
        .node_failures
        .first()
        .map(|failure| failure.cause().1.to_owned());
    let task = || {
        list.task_failures.first().map(|failure| {
            failure.reason["reason"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
    };
    excerpt(&node.or_else(task).unwrap_or_default(), 300)
}

fn conclude(
    arguments: &CancelArguments,
    outcomes: &[Outcome],
    plan: &Plan<'_>,
) -> Result<Code, TasksError> {
    let told: Vec<_> = outcomes.iter().map(Outcome::json).collect();
    if arguments.json {
        let missing: Vec<String> = plan.missing.iter().map(TaskId::to_string).collect();
        let fixed: Vec<String> = plan
            .fixed
            .iter()
            .map(|task| task.id().to_string())
            .collect();
        out::json(&json!({"tasks": told, "not_found": missing, "not_cancellable": fixed}))?;
    } else {
        let lines: String = outcomes.iter().map(Outcome::line).collect();
        out::text(&lines)?;
    }
    let any = |which: fn(&End) -> bool| outcomes.iter().any(|outcome| which(&outcome.end));
    Ok(if any(|end| matches!(end, End::StillRuns)) {
        Code::StillRuns
    } else if any(|end| matches!(end, End::Failed(_))) {
        Code::Partial
    } else {
        Code::Success
    })
}

impl Outcome {
    fn line(&self) -> String {
        let id = self.id.to_string();
        let id = sanitise(&id);
        match &self.end {
            End::Stopped(None) => format!("{id} was told to stop\n"),
            End::Stopped(Some(after)) => format!("{id} stopped after {}\n", age(*after)),
            End::Gone => format!("{id} had ended before\n"),
            End::StillRuns => format!("{id} was told to stop and still runs\n"),
            End::Failed(reason) => format!("{id} was not stopped: {reason}\n"),
        }
    }

    fn json(&self) -> serde_json::Value {
        let id = self.id.to_string();
        match &self.end {
            End::Stopped(None) => json!({"id": id, "outcome": "cancelled"}),
            End::Stopped(Some(after)) => {
                json!({"id": id, "outcome": "stopped", "latency_in_millis": u64::try_from(after.as_millis()).unwrap_or(u64::MAX)})
            }
            End::Gone => json!({"id": id, "outcome": "gone"}),
            End::StillRuns => json!({"id": id, "outcome": "still_runs"}),
            End::Failed(reason) => json!({"id": id, "outcome": "failed", "reason": reason}),
        }
    }
}

/// Shown while cancels wait, on a terminal.
fn bar(tasks: usize, arguments: &CancelArguments) -> ProgressBar {
    let target = match arguments.wait.is_some() && std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(tasks as u64), target);
    let style = ProgressStyle::with_template("{spinner} {pos} of {len} stopped, {elapsed}")
        .expect("the template is well formed");
    bar.set_style(style);
    if arguments.wait.is_some() {
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}
