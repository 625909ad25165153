//! The cluster as a whole: its health, its settings, its state.

pub(crate) mod get_settings;
pub(crate) mod health;
pub(crate) mod pending_tasks;
pub(crate) mod put_settings;
pub(crate) mod state;
