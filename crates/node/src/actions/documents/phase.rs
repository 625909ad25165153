//! The phase that the status of a write tells.

use glasswork_content::Render;
use glasswork_tasks::{Form, Status, Task};
use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// Where a replicated operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    Routing,
    WaitingOnPrimary,
    Rerouted,
    Primary,
    Finished,
}

const NAMES: [&str; 5] = [
    "routing",
    "waiting_on_primary",
    "rerouted",
    "primary",
    "finished",
];

/// The status of one task: `{"phase":"primary"}`.
#[derive(Debug, Clone)]
pub(crate) struct Phases(Arc<AtomicU8>);

impl Phases {
    /// Gives the task this status.
    pub(crate) fn of(task: &Task, phase: Phase) -> Self {
        let phases = Self(Arc::new(AtomicU8::new(phase as u8)));
        task.set_status(Arc::new(phases.clone()));
        phases
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }
}

impl Status for Phases {
    fn render(&self, _form: Form) -> Vec<u8> {
        let name = NAMES
            .get(usize::from(self.0.load(Ordering::Relaxed)))
            .unwrap_or(&"finished");
        let mut out = Render::compact();
        out.object();
        out.field_str("phase", name);
        out.end_object();
        out.finish()
    }
}
