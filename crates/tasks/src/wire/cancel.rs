//! What a cancel means on one node: which tasks, and which of them it may touch.

use std::{collections::HashSet, sync::Arc};

use glasswork_content::failure::Failure;

use super::Previews;
use crate::{CancelError, Cancels, Filter, Reason, Registry, Task, TaskId};

/// Which tasks of a node are cancelled.
#[derive(Debug, Clone, Copy)]
pub struct Cut<'a> {
    /// This one, or all that fit.
    pub number: Option<u64>,
    /// What they must fit.
    pub filter: &'a Filter,
    /// Only those that were shown under this token.
    pub token: Option<&'a str>,
}

/// Cancels; `None` when nothing was shown here under the token, or that was too long ago.
///
/// # Errors
/// 404 when there is no such task; 400 when it can't be cancelled, does not fit or was not shown.
pub fn cut(
    registry: &Registry,
    previews: &Previews,
    which: Cut<'_>,
    reason: Reason,
) -> Result<Option<Cancels>, Failure> {
    let shown = match which.token {
        None => None,
        Some(token) => match previews.under(token) {
            Some(shown) => Some(shown),
            None => return Ok(None),
        },
    };
    let cancels = match (which.number, &shown) {
        (Some(number), shown) => {
            let task = cancellable(registry, number, which.filter)?;
            if shown.as_ref().is_some_and(|shown| !shown.contains(&number)) {
                return Err(Failure::illegal_argument(format!(
                    "task [{}] was not in the preview",
                    task.id()
                )));
            }
            registry
                .cancel(number, reason)
                .map_err(|error| not_cancelled(&error))?
        }
        (None, Some(shown)) => {
            let mut tasks = registry.list(which.filter).tasks;
            tasks.retain(|task| shown.contains(&task.number()));
            registry.cancel_these(&tasks, reason)
        }
        (None, None) => registry.cancel_matching(which.filter, reason),
    };
    Ok(Some(cancels))
}

/// The task of this number, if it can be cancelled and fits.
///
/// # Errors
/// 404 when there is none; 400 when it can't be cancelled or does not fit.
pub fn cancellable(registry: &Registry, number: u64, filter: &Filter) -> Result<Task, Failure> {
    let id = TaskId::new(registry.node().clone(), number);
    let Some(task) = registry.get(number) else {
        return Err(not_cancelled(&CancelError::NotFound(id)));
    };
    if !task.is_cancellable() {
        return Err(not_cancelled(&CancelError::NotCancellable(id)));
    }
    let filter = Filter {
        internal: true,
        ..filter.clone()
    };
    if !registry.fits(&task, &filter) {
        return Err(Failure::illegal_argument(format!(
            "task [{id}] doesn't support this operation"
        )));
    }
    Ok(task)
}

/// What a cancel of `tasks` would end here: them and everything cancellable below them, by number, remembered under
/// `token`.
pub fn preview(
    registry: &Registry,
    previews: &Previews,
    mut tasks: Vec<Task>,
    token: &Arc<str>,
) -> Vec<Task> {
    tasks.retain(Task::is_cancellable);
    let mut known: HashSet<u64> = tasks.iter().map(Task::number).collect();
    let below = registry.cancellable_below(&tasks);
    tasks.extend(below.into_iter().filter(|task| known.insert(task.number())));
    tasks.sort_by_key(Task::number);
    previews.shown(token, tasks.iter().map(Task::number));
    tasks
}

fn not_cancelled(error: &CancelError) -> Failure {
    match error {
        CancelError::NotFound(_) => Failure::resource_not_found(error.to_string()),
        CancelError::NotCancellable(_) => Failure::illegal_argument(error.to_string()),
    }
}
