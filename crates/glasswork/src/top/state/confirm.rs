//! Before a cancel: what would be stopped and what is lost by it.

use super::State;
use crate::view::{Forest, Sort, age, count};
use glasswork_client::{CancelPreview, Task, TaskId, excerpt};
use std::{collections::HashSet, time::Duration};

/// Above so many tasks their number is to be typed.
const MANY: usize = 10;

/// What is asked before a cancel.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::top) struct Confirm {
    /// The tasks to cancel; none is below another.
    pub(in crate::top) ids: Vec<TaskId>,
    /// What they are, a line each, safe to show.
    pub(in crate::top) named: Vec<String>,
    /// How many tasks are below them, as far as the list tells.
    pub(in crate::top) below: usize,
    /// What the server says of it.
    pub(in crate::top) preview: Preview,
    /// What was typed so far, where a number is to be typed.
    pub(in crate::top) typed: String,
}

/// What the server says a cancel would end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::top) enum Preview {
    /// It has no previews.
    NotOffered,
    Asked,
    Told(CancelPreview),
    Failed(String),
}

impl Confirm {
    /// Whether their number is to be typed; a `y` is not enough.
    pub(in crate::top) fn wants_number(&self) -> bool {
        self.ids.len() > MANY
    }

    /// The server answered what cancelling these would end.
    pub(super) fn previewed(&mut self, ids: &[TaskId], told: Result<CancelPreview, String>) {
        if self.ids == ids {
            self.preview = match told {
                Ok(preview) => Preview::Told(preview),
                Err(line) => Preview::Failed(line),
            };
        }
    }
}

impl State {
    /// What a cancel now would mean: of the tagged tasks, else of the one under the cursor.
    ///
    /// # Errors
    /// Why there is nothing to cancel, in a line.
    pub(super) fn to_cancel(&self) -> Result<Confirm, String> {
        let selected = self.selected().map(Task::id);
        let wanted: HashSet<TaskId> = match self.tagged.is_empty() {
            true => selected.into_iter().collect(),
            false => self.tagged.clone(),
        };
        if wanted.is_empty() {
            return Err("there is no task here".to_owned());
        }
        let chosen: Vec<&Task> = self
            .list
            .tasks
            .iter()
            .filter(|task| wanted.contains(&task.id()))
            .collect();
        let mut tasks: Vec<&Task> = chosen
            .iter()
            .copied()
            .filter(|task| task.cancellable)
            .collect();
        if tasks.is_empty() {
            return Err(match chosen.first() {
                Some(task) => excerpt(
                    &format!("{} {} can't be cancelled", task.id(), task.action),
                    200,
                ),
                None => "it is not there any more".to_owned(),
            });
        }
        let forest = Forest::of(&self.list, Sort::OLDEST);
        let ids: HashSet<TaskId> = tasks.iter().map(|task| task.id()).collect();
        tasks.retain(|task| !forest.is_below(task, &ids));
        tasks.sort_by_key(|task| std::cmp::Reverse(task.running_time_in_nanos));
        let ids: Vec<TaskId> = tasks.iter().map(|task| task.id()).collect();
        Ok(Confirm {
            named: tasks.iter().map(|task| self.named(task)).collect(),
            below: ids.iter().map(|id| forest.count_below(id)).sum(),
            preview: match self.is_glasswork() {
                true => Preview::Asked,
                false => Preview::NotOffered,
            },
            ids,
            typed: String::new(),
        })
    }

    /// A task and what is lost when it ends now, in a line.
    fn named(&self, listed: &Task) -> String {
        let id = listed.id();
        let task = match self.details.get(&id) {
            Some(detailed) if listed.description.is_none() => detailed,
            _ => listed,
        };
        let mut line = format!("{id} {}, {} old", task.action, age(task.running_time()));
        let user = task.glasswork.as_ref().and_then(|more| more.user.as_ref());
        if let Some(user) = user {
            line.push_str(&format!(", user {user}"));
        }
        if let Some(opaque) = task.opaque_id() {
            line.push_str(&format!(", opaque {opaque}"));
        }
        if let Some(cpu) = task.cpu_time() {
            line.push_str(&format!(", cpu {}", age(cpu)));
        }
        if let Some(progress) = task.progress() {
            line.push_str(&format!(
                ", {} {} done",
                count(progress.done),
                progress.unit
            ));
            if let Some(percent) = progress.percent() {
                line.push_str(&format!(" ({}%)", percent.trunc()));
            }
        }
        if task.action.starts_with("indices:data/write/") {
            line.push_str(", what it wrote stays");
        }
        excerpt(&line, 400)
    }
}

/// What the server says, in a line.
pub(in crate::top) fn told(preview: &CancelPreview) -> String {
    let users: Vec<&str> = preview.users.iter().map(String::as_str).collect();
    let of = match users.is_empty() {
        true => String::new(),
        false => format!(" of {}", users.join(", ")),
    };
    let cpu = age(Duration::from_nanos(preview.cpu_time_in_nanos));
    let tasks = if preview.tasks == 1 { "task" } else { "tasks" };
    let line = format!(
        "{} {tasks}{of} would end; cpu {cpu} is lost",
        count(preview.tasks)
    );
    excerpt(&line, 300)
}
