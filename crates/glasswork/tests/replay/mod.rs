//! Replaying recorded exchanges: reading them, sending them again, comparing what comes back.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod exchange;
pub(crate) mod list;
pub(crate) mod session;
pub(crate) mod tokens;
