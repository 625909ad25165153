//! What is known of a task: its row, and its details where they were asked for.

use crate::{
    top::listing::Brief,
    view::{Shown, State, Waits},
};
use glasswork_client::{Eta, Progress, Task};
use std::time::Duration;

/// A row, with the details that its list did not have. The row is newer.
#[derive(Debug, Clone, Copy)]
pub(in crate::top) struct Known<'a> {
    pub(in crate::top) brief: &'a Brief,
    pub(in crate::top) detail: Option<&'a Task>,
}

impl<'a> Known<'a> {
    fn more<T>(&self, brief: Option<T>, detail: impl FnOnce(&'a Task) -> Option<T>) -> Option<T> {
        brief.or_else(|| self.detail.and_then(detail))
    }

    /// Whether it can be paused, and resumed.
    pub(in crate::top) fn is_durable(&self) -> bool {
        let more = self.detail.and_then(|task| task.glasswork.as_ref());
        self.brief.is_durable() || more.and_then(|more| more.durable) == Some(true)
    }
}

impl Shown for Known<'_> {
    fn node(&self) -> &str {
        self.brief.node()
    }

    fn number(&self) -> i64 {
        self.brief.number()
    }

    fn kind(&self) -> &str {
        self.brief.kind()
    }

    fn action(&self) -> &str {
        self.brief.action()
    }

    fn parent_text(&self) -> Option<&str> {
        self.brief.parent_text()
    }

    fn running_time(&self) -> Duration {
        self.brief.running_time()
    }

    fn cancellable(&self) -> bool {
        self.brief.cancellable()
    }

    fn cancelled(&self) -> bool {
        self.brief.cancelled()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.brief.header(name)
    }

    fn any_header(&self, holds: &mut dyn FnMut(&str) -> bool) -> bool {
        self.brief.any_header(holds)
    }

    fn description(&self) -> Option<&str> {
        self.more(self.brief.description(), |task| task.description.as_deref())
    }

    fn cpu_time(&self) -> Option<Duration> {
        self.more(self.brief.cpu_time(), Task::cpu_time)
    }

    fn memory(&self) -> Option<u64> {
        self.more(self.brief.memory(), Task::memory)
    }

    fn progress(&self) -> Option<Progress> {
        self.more(self.brief.progress(), Task::progress)
    }

    fn eta(&self) -> Option<Eta> {
        self.more(self.brief.eta(), Shown::eta)
    }

    fn user(&self) -> Option<&str> {
        self.more(self.brief.user(), Shown::user)
    }

    fn wait(&self) -> Waits<'_> {
        match (self.brief.wait(), self.detail) {
            (Waits::Unknown, Some(task)) => task.wait(),
            (told, _) => told,
        }
    }

    fn state(&self) -> State {
        match (self.brief.state(), self.detail) {
            (State::Running, Some(task)) => task.state(),
            (told, _) => told,
        }
    }

    fn cpu_share(&self) -> Option<u64> {
        self.brief.cpu_share()
    }

    fn io_rate(&self) -> Option<u64> {
        self.brief.io_rate()
    }
}
