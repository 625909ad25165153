//! Actions on the cluster as a whole.

pub mod main;
