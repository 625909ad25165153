//! A task, as much of it as a row of the table needs.

use crate::view::{Shown, State, Waits};
use glasswork_client::{Eta, Progress, Task, TaskId};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// As much of a task as a row needs. Texts that many tasks have are there once.
#[derive(Debug, Clone)]
pub(in crate::top) struct Brief {
    pub(super) node: Arc<str>,
    pub(super) number: i64,
    pub(super) kind: Arc<str>,
    pub(super) action: Arc<str>,
    pub(super) parent: Option<Arc<str>>,
    pub(super) running_nanos: u64,
    pub(super) cancellable: bool,
    pub(super) cancelled: bool,
    pub(super) durable: bool,
    /// Whether Glasswork told more of it.
    pub(super) extended: bool,
    pub(super) state: State,
    pub(super) headers: Option<Box<[Header]>>,
    pub(super) description: Option<Box<str>>,
    pub(super) cpu_nanos: Option<u64>,
    pub(super) memory: Option<u64>,
    /// Bytes read and written so far.
    pub(super) moved: Option<u64>,
    pub(super) progress: Option<Box<Progressing>>,
    pub(super) user: Option<Arc<str>>,
    pub(super) wait: Option<Arc<str>>,
    /// Since the list before: in percent of a core, and in bytes a second.
    pub(in crate::top) share: Option<u32>,
    pub(in crate::top) io: Option<u64>,
}

/// A header's name and value.
pub(super) type Header = (Arc<str>, Arc<str>);

/// How far a task is.
#[derive(Debug, Clone)]
pub(super) struct Progressing {
    pub(super) done: u64,
    pub(super) total: Option<u64>,
    pub(super) unit: Arc<str>,
    pub(super) eta: Option<Eta>,
}

/// Texts, each once.
#[derive(Default)]
pub(super) struct Texts(HashSet<Arc<str>>);

impl Texts {
    pub(super) fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }

    pub(super) fn maybe(&mut self, text: Option<&str>) -> Option<Arc<str>> {
        text.map(|text| self.get(text))
    }
}

impl Brief {
    /// What a row needs of a task that was told in detail.
    pub(super) fn of(task: &Task, texts: &mut Texts) -> Self {
        let more = task.glasswork.as_deref();
        let resources = more.and_then(|more| more.resources.as_ref());
        let wait = match task.wait() {
            Waits::On(what) => Some(texts.get(what)),
            Waits::No | Waits::Unknown => None,
        };
        let headers = task.headers.iter();
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let headers: Vec<Header> = headers
            .map(|(name, value)| (texts.get(name), texts.get(value)))
            .collect();
        Self {
            node: texts.get(&task.node),
            number: task.number,
            kind: texts.get(&task.kind),
            action: texts.get(&task.action),
            parent: texts.maybe(task.parent_task_id.as_deref()),
            running_nanos: u64::try_from(task.running_time_in_nanos).unwrap_or(0),
            cancellable: task.cancellable,
            cancelled: task.cancelled,
            durable: more.and_then(|more| more.durable) == Some(true),
            extended: more.is_some(),
            state: State::of(task),
            headers: (!headers.is_empty()).then(|| headers.into()),
            description: task.description.as_deref().map(Box::from),
            cpu_nanos: task.cpu_time().and_then(nanos),
            memory: task.memory(),
            moved: resources.and_then(moved),
            progress: task.progress().map(|progress| {
                Box::new(Progressing {
                    done: progress.done,
                    total: progress.total,
                    unit: texts.get(&progress.unit),
                    eta: Shown::eta(task),
                })
            }),
            user: texts.maybe(task.user()),
            wait,
            share: None,
            io: None,
        }
    }

    /// Whether it can be paused, and resumed.
    pub(in crate::top) fn is_durable(&self) -> bool {
        self.durable
    }

    /// Whether Glasswork told more of it.
    pub(in crate::top) fn is_extended(&self) -> bool {
        self.extended
    }

    /// Its node and number, without a copy.
    pub(in crate::top) fn key(&self) -> (Arc<str>, i64) {
        (Arc::clone(&self.node), self.number)
    }

    pub(in crate::top) fn is(&self, id: &TaskId) -> bool {
        self.number == id.number && *self.node == *id.node
    }

    /// What makes it grow: CPU time in nanoseconds; bytes read and written.
    pub(in crate::top) fn used(&self) -> (Option<u64>, Option<u64>) {
        (self.cpu_nanos, self.moved)
    }
}

fn nanos(time: Duration) -> Option<u64> {
    u64::try_from(time.as_nanos()).ok()
}

/// Bytes read and written so far.
pub(super) fn moved(resources: &glasswork_client::Resources) -> Option<u64> {
    match (resources.read_in_bytes, resources.written_in_bytes) {
        (None, None) => None,
        (read, written) => Some(read.unwrap_or(0).saturating_add(written.unwrap_or(0))),
    }
}

impl Shown for Brief {
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
        self.parent.as_deref()
    }

    fn running_time(&self) -> Duration {
        Duration::from_nanos(self.running_nanos)
    }

    fn cancellable(&self) -> bool {
        self.cancellable
    }

    fn cancelled(&self) -> bool {
        self.cancelled
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().flatten();
        let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }

    fn any_header(&self, holds: &mut dyn FnMut(&str) -> bool) -> bool {
        let mut headers = self.headers.iter().flatten();
        headers.any(|(_, value)| holds(value))
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn cpu_time(&self) -> Option<Duration> {
        self.cpu_nanos.map(Duration::from_nanos)
    }

    fn memory(&self) -> Option<u64> {
        self.memory
    }

    fn progress(&self) -> Option<Progress> {
        let progress = self.progress.as_ref()?;
        Some(Progress {
            done: progress.done,
            total: progress.total,
            unit: progress.unit.to_string(),
        })
    }

    fn eta(&self) -> Option<Eta> {
        self.progress.as_ref()?.eta
    }

    fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    fn wait(&self) -> Waits<'_> {
        match (&self.wait, self.extended) {
            (Some(what), _) => Waits::On(what),
            (None, true) => Waits::No,
            (None, false) => Waits::Unknown,
        }
    }

    fn state(&self) -> State {
        self.state
    }

    fn cpu_share(&self) -> Option<u64> {
        self.share.map(u64::from)
    }

    fn io_rate(&self) -> Option<u64> {
        self.io
    }
}
