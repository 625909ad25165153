//! What the interface knows of its host, and how much it does at a time.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use glasswork_content::failure::Failure;

use crate::{
    ActionSpec, Guard, Registry, Start,
    wire::{self, NodeInfo, Previews},
};

/// How much [`TasksApi`](super::TasksApi) does at a time. What is beyond is refused with 429, what takes longer with 504.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Watches that are open.
    pub watches: usize,
    /// Requests that wait for the end of tasks.
    pub waits: usize,
    /// How long one waits at most, whatever it says; and how long a watch lasts before its client has to ask again.
    pub longest: Duration,
    /// Bytes of a path with its query.
    pub target: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            watches: 64,
            waits: 256,
            longest: Duration::from_secs(3600),
            target: 4096,
        }
    }
}

/// What a waiting request does, as an internal task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    Watch,
    Completion,
}

impl Waits {
    /// Both stop at once.
    const BOUND: Duration = Duration::from_millis(100);

    fn name(self) -> &'static str {
        match self {
            Self::Watch => "internal:tasks/watch",
            Self::Completion => "internal:tasks/wait",
        }
    }
}

/// All that requests share.
#[derive(Clone)]
pub(super) struct Serving {
    pub(super) registry: Registry,
    pub(super) cluster: String,
    pub(super) node: NodeInfo,
    pub(super) limits: Limits,
    pub(super) previews: Arc<Previews>,
    /// What is added to the registry's sequence numbers, so that those of an earlier process are known as such.
    pub(super) epoch: u64,
}

impl Serving {
    pub(super) fn new(registry: Registry) -> Self {
        let name = registry.node().as_str().to_owned();
        let node = NodeInfo {
            id: registry.node().clone(),
            name: name.clone(),
            transport_address: String::new(),
            http_address: String::new(),
            host: String::new(),
            roles: Vec::new(),
            attributes: Default::default(),
            version: wire::VERSION.to_owned(),
        };
        Self {
            registry,
            cluster: name,
            node,
            limits: Limits::default(),
            previews: Arc::default(),
            epoch: epoch(),
        }
    }

    pub(super) fn set_address(&mut self, address: String) {
        let host = address.rsplit_once(':').map_or(&*address, |(host, _)| host);
        self.node.host = host.trim_matches(['[', ']']).to_owned();
        self.node.http_address.clone_from(&address);
        self.node.transport_address = address;
    }

    /// Begins to wait: an internal task, which the end of the process cancels.
    ///
    /// # Errors
    /// 429 when enough wait already; what keeps the registry from starting a task.
    pub(super) fn wait(&self, waits: Waits) -> Result<Guard, Failure> {
        let spec = ActionSpec::cancellable(waits.name(), Waits::BOUND);
        let action = self
            .registry
            .declare(spec)
            .map_err(|error| Failure::illegal_state(error.to_string()))?;
        let start = Start::new(action).internal();
        let guard = self
            .registry
            .start(start)
            .map_err(|error| wire::of_start(&error))?;
        let most = match waits {
            Waits::Watch => self.limits.watches,
            Waits::Completion => self.limits.waits,
        };
        // Counted with this one, so that as many as ask at once can't all get in.
        if self.registry.counts(action).live() > most as u64 {
            let what = match waits {
                Waits::Watch => "watch tasks",
                Waits::Completion => "wait for tasks",
            };
            let reason = format!("[{most}] requests {what} already");
            guard.fail("rejected", reason.clone());
            return Err(Failure::rejected(reason));
        }
        Ok(guard)
    }
}

/// A thousand events a millisecond would have to happen for another process to repeat a number. Below 2^53.
fn epoch() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(0);
    millis.saturating_mul(1000).clamp(1, 1 << 52)
}
