//! `glasswork tasks get`: one task, with what came of it.

use super::{Session, TasksError, out};
use crate::{
    arguments::tasks::GetArguments,
    exit::Code,
    view::{Paint, Shade, State, age, count, size},
};
use glasswork_client::{Task, TaskAnswer, Waited, excerpt, sanitise};
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// Characters of a long value that are shown.
const SHOWN: usize = 2_000;

pub(super) async fn run(session: &Session, arguments: &GetArguments) -> Result<Code, TasksError> {
    let answer = match arguments.wait {
        None => session.client.get(&arguments.id).await?,
        Some(patience) => match session.client.get_waiting(&arguments.id, patience).await? {
            Waited::Ended(answer) => *answer,
            Waited::StillRuns => {
                eprintln!(
                    "glasswork tasks: {} still runs after {}",
                    sanitise(&arguments.id.to_string()),
                    age(patience)
                );
                return Ok(Code::StillRuns);
            }
        },
    };
    match arguments.json {
        true => out::json(&answer)?,
        false => out::text(&pane(&answer, session.paint))?,
    }
    Ok(Code::Success)
}

/// Everything known of a task, a line a fact.
pub(crate) fn pane(answer: &TaskAnswer, paint: Paint) -> String {
    let mut lines = Lines {
        text: String::new(),
        paint,
    };
    let task = &answer.task;
    lines.add("id", &task.id().to_string());
    lines.add("action", &task.action);
    lines.add("state", state(answer));
    lines.add(
        "age",
        &format!("{}, since {}", age(task.running_time()), began(task)),
    );
    let can = if task.cancellable {
        "can be cancelled"
    } else {
        "can't be cancelled"
    };
    lines.add("type", &format!("{}, {can}", task.kind));
    if let Some(parent) = &task.parent_task_id {
        lines.add("parent", parent);
    }
    for (name, value) in &task.headers {
        lines.add(
            &sanitise(name),
            value.as_str().unwrap_or(&value.to_string()),
        );
    }
    if let Some(description) = &task.description {
        lines.add("description", description);
    }
    if let Some(progress) = task.progress() {
        let of = progress
            .total
            .map(|total| format!(" of {}", count(total)))
            .unwrap_or_default();
        let percent = progress
            .percent()
            .map(|percent| format!(" ({}%)", percent.trunc()))
            .unwrap_or_default();
        lines.add(
            "progress",
            &format!("{}{of} {}{percent}", count(progress.done), progress.unit),
        );
    }
    if let Some(cpu) = task.cpu_time() {
        lines.add("cpu", &age(cpu));
    }
    if let Some(memory) = task.memory() {
        lines.add("memory", &size(memory));
    }
    extended(task, &mut lines);
    let values = [
        ("status", &task.status),
        ("response", &answer.response),
        ("error", &answer.error),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            lines.value(name, value);
        }
    }
    lines.text
}

fn extended(task: &Task, lines: &mut Lines) {
    let Some(extended) = &task.glasswork else {
        return;
    };
    let millis = |millis: u64| age(Duration::from_millis(millis));
    if let Some(user) = &extended.user {
        lines.add("user", user);
    }
    if let Some(wait) = &extended.wait {
        lines.add(
            "waits for",
            &format!("{}, since {}", wait.on, millis(wait.since_in_millis)),
        );
    }
    if let Some(checkpoint) = &extended.checkpoint {
        lines.add(
            "safe point",
            &format!(
                "{}, {} ago",
                checkpoint.at,
                millis(checkpoint.age_in_millis)
            ),
        );
    }
    if let Some(tree) = &extended.tree {
        let cpu = age(Duration::from_nanos(tree.cpu_time_in_nanos));
        lines.add(
            "tree",
            &format!(
                "{} tasks, cpu {cpu}, memory {}",
                count(tree.tasks),
                size(tree.live_memory_in_bytes)
            ),
        );
    }
}

fn state(answer: &TaskAnswer) -> &'static str {
    match answer {
        TaskAnswer { error: Some(_), .. } => "failed",
        TaskAnswer {
            completed: true,
            task,
            ..
        } if task.cancelled => "ended, cancelled",
        TaskAnswer {
            completed: true, ..
        } => "ended",
        TaskAnswer { task, .. } => State::of(task).name(),
    }
}

/// How long ago it began, by the clocks of the node and of this machine.
fn began(task: &Task) -> String {
    let start = Duration::from_millis(u64::try_from(task.start_time_in_millis).unwrap_or(0));
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let millis = i64::try_from(start.as_millis()).unwrap_or(i64::MAX);
    let at = glasswork_content::text::iso_millis(millis);
    match now.checked_sub(start) {
        Some(_) => at,
        None => format!("{at} (by a clock that is ahead)"),
    }
}

struct Lines {
    text: String,
    paint: Paint,
}

impl Lines {
    fn add(&mut self, name: &str, value: &str) {
        let name = self.paint.paint(Shade::Bold, &format!("{name:12}"));
        self.text
            .push_str(&format!("{name} {}\n", excerpt(value, SHOWN)));
    }

    /// A JSON value in lines of its own.
    fn value(&mut self, name: &str, value: &Value) {
        let name = self.paint.paint(Shade::Bold, name);
        self.text.push_str(&format!("{name}\n"));
        let laid_out = serde_json::to_string_pretty(value).unwrap_or_default();
        for line in laid_out.lines() {
            self.text.push_str(&format!("  {}\n", excerpt(line, SHOWN)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pane_tells_everything_and_obeys_nothing() {
        let answer: TaskAnswer = serde_json::from_value(json!({"completed": false, "task": {
            "node": "N", "id": 568, "type": "transport", "action": "indices:data/write/reindex", "start_time_in_millis": 1_795_508_826_104_i64,
            "running_time_in_nanos": 1_138_194_253, "cancellable": true, "cancelled": false, "headers": {"X-Opaque-Id": "\u{1b}]0;title\u{7}"},
            "description": "reindex from [a] to [b]\nsecond line",
            "status": {"total": 60, "created": 15, "batches": 3, "version_conflicts": 0, "throttled_until_millis": 980}}}))
        .expect("an answer");
        insta::assert_snapshot!(pane(&answer, Paint::OFF));
    }

    #[test]
    fn a_start_in_no_year_is_shown_all_the_same() {
        for millis in [i64::MIN, -1, i64::MAX] {
            let task = Task {
                start_time_in_millis: millis,
                running_time_in_nanos: i64::MAX,
                ..Task::default()
            };
            assert!(!began(&task).is_empty());
        }
    }

    #[test]
    fn an_ended_task_shows_what_came_of_it() {
        let answer: TaskAnswer = serde_json::from_value(json!({"completed": true, "task": {"node": "N", "id": 432, "type": "transport",
            "action": "indices:data/write/reindex", "start_time_in_millis": 1_795_508_824_245_i64, "running_time_in_nanos": 332_184, "cancellable": true},
            "error": {"type": "index_not_found_exception", "reason": "no such index [missing]"}}))
        .expect("an answer");
        insta::assert_snapshot!(pane(&answer, Paint::OFF));
    }
}
