//! Before a cancel: what would be stopped and what is lost by it.

use super::{Effect, Known, Mode, State};
use crate::view::{Forest, Shown, Sort, age, count};
use glasswork_client::{CancelPreview, TaskId, excerpt};
use std::{collections::HashSet, time::Duration};

/// Above so many tasks their number is to be typed.
const MANY: usize = 10;
/// For more tasks the server is not asked what would end: it would be asked for each.
const PREVIEWED: usize = 50;

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
    /// Whether every task that would end is named.
    pub(in crate::top) exact: bool,
    /// Why, where the server takes a reason.
    pub(in crate::top) reason: String,
    /// What was typed so far, where a number is to be typed.
    pub(in crate::top) typed: String,
    /// The user is sure; what is missing is what the server says.
    pub(in crate::top) agreed: bool,
}

/// What the server says a cancel would end.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::top) enum Preview {
    /// It has no previews.
    NotOffered,
    /// They are too many to ask for each.
    TooMany,
    Asked,
    Told(Previewed),
    Failed(String),
}

/// What cancelling several tasks would end.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::top) struct Previewed {
    /// Together.
    pub(in crate::top) total: CancelPreview,
    /// The token of each, in the order in which they were asked for.
    pub(in crate::top) tokens: Vec<String>,
}

/// A cancel that the user agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::top) struct Cancelling {
    /// The tasks, each with the token of its preview where there was one.
    pub(in crate::top) tasks: Vec<(TaskId, Option<String>)>,
    pub(in crate::top) reason: Option<String>,
}

impl Confirm {
    /// Whether their number is to be typed; a `y` is not enough.
    pub(in crate::top) fn wants_number(&self) -> bool {
        self.ids.len() > MANY
    }

    /// Whether the server takes a reason.
    pub(in crate::top) fn takes_reason(&self) -> bool {
        self.preview != Preview::NotOffered
    }

    fn cancelling(self) -> Cancelling {
        let tokens = match self.preview {
            Preview::Told(previewed) => previewed.tokens,
            _ => Vec::new(),
        };
        let mut tokens = tokens.into_iter();
        let tasks = self.ids.into_iter().map(|id| (id, tokens.next()));
        Cancelling {
            tasks: tasks.collect(),
            reason: Some(self.reason).filter(|reason| !reason.is_empty()),
        }
    }
}

impl State {
    /// The server answered what cancelling these would end.
    pub(super) fn previewed(
        &mut self,
        ids: &[TaskId],
        told: Result<Previewed, String>,
    ) -> Option<Effect> {
        let (Mode::Confirm(confirm) | Mode::Typing(super::Prompt::Reason(confirm), _)) =
            &mut self.mode
        else {
            return None;
        };
        if confirm.ids != ids {
            return None;
        }
        match told {
            Ok(previewed) => confirm.preview = Preview::Told(previewed),
            Err(line) => {
                confirm.preview = Preview::Failed(line);
                // The user agreed to what the server would say.
                confirm.agreed = false;
            }
        }
        match std::mem::replace(&mut self.mode, Mode::Table) {
            Mode::Confirm(confirm) if confirm.agreed => Some(self.cancel(*confirm)),
            mode => {
                self.mode = mode;
                None
            }
        }
    }

    /// The user is sure. What the server is still asked is waited for.
    pub(super) fn agree(&mut self, mut confirm: Box<Confirm>) -> Option<Effect> {
        if confirm.preview == Preview::Asked {
            confirm.agreed = true;
            self.mode = Mode::Confirm(confirm);
            return None;
        }
        Some(self.cancel(*confirm))
    }

    fn cancel(&mut self, confirm: Confirm) -> Effect {
        self.tagged.clear();
        self.message = "telling the server…".to_owned();
        Effect::Cancel(confirm.cancelling())
    }

    /// What a cancel now would mean: of the tagged tasks, else of the one under the cursor.
    ///
    /// # Errors
    /// Why there is nothing to cancel, in a line.
    pub(super) fn to_cancel(&self) -> Result<Confirm, String> {
        let wanted: HashSet<TaskId> = match self.tagged.is_empty() {
            true => self
                .selected()
                .map(|known| known.id())
                .into_iter()
                .collect(),
            false => self.tagged.clone(),
        };
        if wanted.is_empty() {
            return Err("there is no task here".to_owned());
        }
        let list = &self.list;
        let numbers: HashSet<i64> = wanted.iter().map(|id| id.number).collect();
        let chosen = list.tasks.iter().filter(|task| {
            // Most are told apart without making their ids.
            numbers.contains(&task.number()) && wanted.contains(&task.id())
        });
        let (mut tasks, fixed): (Vec<_>, Vec<_>) = chosen.partition(|task| task.cancellable());
        if tasks.is_empty() {
            return Err(match fixed.first() {
                Some(task) => {
                    let text = format!("{} {} can't be cancelled", task.id(), task.action());
                    excerpt(&text, 200)
                }
                None => "it is not there any more".to_owned(),
            });
        }
        let forest = Forest::of(&list.tasks, &list.nodes, Sort::OLDEST);
        let ids: HashSet<TaskId> = tasks.iter().map(|task| task.id()).collect();
        tasks.retain(|task| !forest.is_below(*task, &ids));
        tasks.sort_by_key(|task| std::cmp::Reverse(task.running_time()));
        let ids: Vec<TaskId> = tasks.iter().map(|task| task.id()).collect();
        let known = tasks.iter().map(|&brief| Known {
            brief,
            detail: self.details.get(&brief.id()),
        });
        Ok(Confirm {
            named: known.map(named).collect(),
            below: ids.iter().map(|id| forest.count_below(id)).sum(),
            preview: match self.is_glasswork() {
                true if ids.len() > PREVIEWED => Preview::TooMany,
                true => Preview::Asked,
                false => Preview::NotOffered,
            },
            ids,
            exact: false,
            reason: String::new(),
            typed: String::new(),
            agreed: false,
        })
    }
}

/// A task and what is lost when it ends now, in a line.
fn named(task: Known<'_>) -> String {
    let mut line = format!(
        "{} {}, {} old",
        task.id(),
        task.action(),
        age(task.running_time())
    );
    if let Some(user) = task.user() {
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
    if task.action().starts_with("indices:data/write/") {
        line.push_str(", what it wrote stays");
    }
    excerpt(&line, 400)
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
