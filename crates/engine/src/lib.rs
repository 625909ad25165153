//! Placeholder, replaced with the crate.
