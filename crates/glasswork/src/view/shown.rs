//! What tables, filters and sorts look at: a task as a server told it, or as little of it as somebody kept.

use super::State;
use glasswork_client::{Eta, Progress, Task, TaskId};
use std::time::Duration;

/// A task as it is shown. What is not known is `None`, never a zero.
pub(crate) trait Shown {
    /// The id of its node.
    fn node(&self) -> &str;
    /// Its number there.
    fn number(&self) -> i64;
    /// `transport`, `direct` or `persistent`.
    fn kind(&self) -> &str;
    fn action(&self) -> &str;
    /// The task that started it, as it was told.
    fn parent_text(&self) -> Option<&str>;
    fn running_time(&self) -> Duration;
    fn cancellable(&self) -> bool;
    fn cancelled(&self) -> bool;
    /// A header of its request, whatever the case of its name.
    fn header(&self, name: &str) -> Option<&str>;
    /// Whether this holds for the value of any header.
    fn any_header(&self, holds: &mut dyn FnMut(&str) -> bool) -> bool;
    fn description(&self) -> Option<&str>;
    fn cpu_time(&self) -> Option<Duration>;
    /// In bytes.
    fn memory(&self) -> Option<u64>;
    fn progress(&self) -> Option<Progress>;
    /// How long it will still take, where the server says it.
    fn eta(&self) -> Option<Eta>;
    fn user(&self) -> Option<&str>;
    fn wait(&self) -> Waits<'_>;
    fn state(&self) -> State;

    /// CPU used since the look before, in percent of a core.
    fn cpu_share(&self) -> Option<u64> {
        None
    }

    /// Bytes read and written in a second since the look before.
    fn io_rate(&self) -> Option<u64> {
        None
    }

    fn opaque_id(&self) -> Option<&str> {
        self.header("X-Opaque-Id")
    }

    fn id(&self) -> TaskId {
        TaskId {
            node: self.node().to_owned(),
            number: self.number(),
        }
    }

    /// The id of the task that started it.
    fn parent(&self) -> Option<TaskId> {
        self.parent_text()?.parse().ok()
    }
}

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits<'a> {
    /// The server does not tell.
    Unknown,
    /// For nothing.
    No,
    /// As `pool:search`.
    On(&'a str),
}

impl Shown for Task {
    fn node(&self) -> &str {
        &self.node
    }

    fn number(&self) -> i64 {
        self.number
    }

    fn kind(&self) -> &str {
        &self.kind
    }

    fn action(&self) -> &str {
        &self.action
    }

    fn parent_text(&self) -> Option<&str> {
        self.parent_task_id.as_deref()
    }

    fn running_time(&self) -> Duration {
        Task::running_time(self)
    }

    fn cancellable(&self) -> bool {
        self.cancellable
    }

    fn cancelled(&self) -> bool {
        self.cancelled
    }

    fn header(&self, name: &str) -> Option<&str> {
        Task::header(self, name)
    }

    fn any_header(&self, holds: &mut dyn FnMut(&str) -> bool) -> bool {
        let mut texts = self.headers.values().filter_map(|value| value.as_str());
        texts.any(holds)
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn cpu_time(&self) -> Option<Duration> {
        Task::cpu_time(self)
    }

    fn memory(&self) -> Option<u64> {
        Task::memory(self)
    }

    fn progress(&self) -> Option<Progress> {
        Task::progress(self)
    }

    fn eta(&self) -> Option<Eta> {
        self.glasswork.as_ref()?.progress.as_ref()?.eta_in_millis
    }

    fn user(&self) -> Option<&str> {
        self.glasswork.as_ref()?.user.as_deref()
    }

    fn wait(&self) -> Waits<'_> {
        match &self.glasswork {
            None => Waits::Unknown,
            Some(extended) => match &extended.wait {
                None => Waits::No,
                Some(wait) => Waits::On(&wait.on),
            },
        }
    }

    fn state(&self) -> State {
        State::of(self)
    }
}
