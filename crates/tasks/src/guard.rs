//! The one who holds a guard runs the task: when it is dropped, on whatever path, the task has ended.

use std::sync::Arc;

use crate::{
    Reason, Task, TaskError,
    body::{self, ENDED},
    cancel,
    history::Ending,
};

/// The running end of a task. Dropping it ends the task: children that are left are cancelled, further ones refused. The
/// entry leaves the registry with the last of guard and children; the ordinary path awaits the children first
/// ([`Task::childless`]).
#[must_use = "the task ends when this is dropped"]
pub struct Guard {
    task: Task,
    ending: Option<Ending>,
}

impl Guard {
    pub(crate) fn new(task: Task) -> Self {
        Self { task, ending: None }
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// Ends it with success.
    pub fn succeed(mut self) {
        self.ending = Some(Ending::Succeeded);
    }

    /// Ends it with an error of the given kind and text.
    pub fn fail(mut self, kind: impl Into<Box<str>>, reason: impl Into<Box<str>>) {
        self.ending = Some(Ending::Failed(Box::new(TaskError {
            kind: kind.into(),
            reason: reason.into(),
        })));
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let body = self.task.body();
        let ending = match self.ending.take() {
            Some(Ending::Succeeded) => None,
            Some(failed) => Some(failed),
            None if std::thread::panicking() => Some(Ending::panicked()),
            None => Some(Ending::Dropped),
        };
        if ending.is_some() {
            body.extra().rare.lock().ending = ending;
        }
        if let Some(word) = body.life.end_alone() {
            return body::released(body, word);
        }
        let word = body.life.guard_goes();
        if word.holds() > 1 {
            let mut remote = Vec::new();
            let reason = body
                .cancellation()
                .map_or_else(|| Reason::new(ENDED), |cancellation| cancellation.reason);
            body.ban_remote(&mut body.extra().rare.lock(), &reason.text, &mut remote);
            cancel::cancel_below(body.shared(), vec![Arc::clone(body)], &reason, &mut remote);
            if !remote.is_empty()
                && let Some(peers) = &body.shared().peers
            {
                peers.ban(remote);
            }
        }
        body::release(body);
    }
}
