//! Aliases: other names for indices.

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod put;
pub(crate) mod update;
