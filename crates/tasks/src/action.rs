//! Actions: the named kinds of operation. A task holds two bytes that stand for one.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, atomic::AtomicU64},
    time::Duration,
};

use parking_lot::RwLock;

use crate::{Pattern, histogram::Histogram};

/// A declared action: a number that its registry knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Action(pub(crate) u16);

/// What must be known about an action before its first task starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionSpec {
    /// Its name, e.g. `indices:data/read/search`.
    pub name: Arc<str>,
    /// Whether its tasks end early when told to.
    pub cancellable: bool,
    /// How long a task may live on after it was cancelled. One that lives longer is *overdue*.
    pub bound: Duration,
    /// Whether its tasks show what they used. Others show zeros.
    pub measured: bool,
    /// Why its tasks can't be cancelled; empty if they can.
    pub uncancellable_because: &'static str,
}

impl ActionSpec {
    /// An action whose tasks end within `bound` of being cancelled.
    pub fn cancellable(name: impl Into<Arc<str>>, bound: Duration) -> Self {
        Self {
            name: name.into(),
            cancellable: true,
            bound,
            measured: false,
            uncancellable_because: "",
        }
    }

    /// An action whose tasks always run to their end, which comes within `bound`, `because` of something.
    pub fn uncancellable(
        name: impl Into<Arc<str>>,
        bound: Duration,
        because: &'static str,
    ) -> Self {
        Self {
            name: name.into(),
            cancellable: false,
            bound,
            measured: false,
            uncancellable_because: because,
        }
    }

    /// The same, with what its tasks use shown.
    #[must_use]
    pub fn measured(mut self) -> Self {
        self.measured = true;
        self
    }
}

/// Why an action was not declared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclareError {
    /// The name was declared before with other properties.
    #[error("action [{0}] is already declared differently")]
    Different(Arc<str>),
    /// There are as many actions as there may be.
    #[error("more than {LIMIT} actions")]
    TooMany,
}

/// How many actions a registry may know.
pub(crate) const LIMIT: usize = BLOCKS * BLOCK;
const BLOCKS: usize = 64;
const BLOCK: usize = 64;

/// What the registry keeps of an action.
pub(crate) struct Declared {
    pub(crate) spec: ActionSpec,
    pub(crate) cancel_latency: Histogram,
    /// What its ended tasks used.
    pub(crate) cpu_nanos: AtomicU64,
    pub(crate) memory_bytes: AtomicU64,
}

/// All actions, read without a lock.
pub(crate) struct Actions {
    blocks: [OnceLock<Box<[OnceLock<Declared>; BLOCK]>>; BLOCKS],
    names: RwLock<HashMap<Arc<str>, u16>>,
}

impl Actions {
    pub(crate) fn new() -> Self {
        Self {
            blocks: [const { OnceLock::new() }; BLOCKS],
            names: RwLock::new(HashMap::new()),
        }
    }

    pub(crate) fn declare(&self, spec: ActionSpec) -> Result<Action, DeclareError> {
        let mut names = self.names.write();
        if let Some(&number) = names.get(&spec.name) {
            let action = Action(number);
            return if self.get(action).spec == spec {
                Ok(action)
            } else {
                Err(DeclareError::Different(spec.name))
            };
        }
        let number = names.len();
        if number >= LIMIT {
            return Err(DeclareError::TooMany);
        }
        let block = self.blocks[number / BLOCK]
            .get_or_init(|| Box::new([const { OnceLock::new() }; BLOCK]));
        let name = Arc::clone(&spec.name);
        block[number % BLOCK].get_or_init(|| Declared {
            spec,
            cancel_latency: Histogram::default(),
            cpu_nanos: AtomicU64::new(0),
            memory_bytes: AtomicU64::new(0),
        });
        let number = u16::try_from(number).expect("LIMIT fits 16 bits");
        names.insert(name, number);
        Ok(Action(number))
    }

    pub(crate) fn find(&self, name: &str) -> Option<Action> {
        self.names.read().get(name).copied().map(Action)
    }

    /// # Panics
    /// When `action` comes from another registry that knows more actions.
    pub(crate) fn get(&self, action: Action) -> &Declared {
        let number = usize::from(action.0);
        self.blocks[number / BLOCK]
            .get()
            .and_then(|block| block[number % BLOCK].get())
            .expect("an action is used with the registry that declared it")
    }

    pub(crate) fn all(&self) -> Vec<Action> {
        let count = u16::try_from(self.names.read().len()).expect("LIMIT fits 16 bits");
        (0..count).map(Action).collect()
    }

    /// Which actions one of `patterns` fits, by number.
    pub(crate) fn fitting(&self, patterns: &[Pattern]) -> Vec<bool> {
        let fits = |action| {
            patterns
                .iter()
                .any(|pattern| pattern.matches(&self.get(action).spec.name))
        };
        self.all().into_iter().map(fits).collect()
    }
}
