//! Actions on the cluster as a whole.

pub mod health;
pub mod main;
pub mod nodes_info;
pub mod nodes_stats;
pub mod pending_tasks;
pub mod setting_table;
pub mod settings;
pub mod state;
