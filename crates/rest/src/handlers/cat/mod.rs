//! The tables of `/_cat`.

pub(crate) mod aliases;
pub(crate) mod count;
pub(crate) mod health;
pub(crate) mod indices;
pub(crate) mod nodes;
pub(crate) mod overview;
