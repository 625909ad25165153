//! Replaying recorded exchanges: reading them, sending them again, comparing what comes back.

pub mod exchange;
pub mod tokens;
