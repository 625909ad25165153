//! Replaying recorded exchanges: reading them, sending them again, comparing what comes back.

pub(crate) mod exchange;
pub(crate) mod tokens;
