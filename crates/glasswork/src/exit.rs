//! What the process tells its caller when it ends. Documented in `docs/configuration.md` and `docs/cli.md`.

use std::process::ExitCode;

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// It did what it was asked.
    Success = 0,
    /// It ran and failed: the message says why.
    Failure = 1,
    /// It was called wrongly, or a file it was given can't be used.
    Usage = 2,
    /// The configuration is refused.
    Configuration = 3,
    /// The address can't be listened on.
    Address = 4,
    /// The data folder can't be used: unreadable, of a newer version, or in use by another node.
    Data = 5,
    /// The server asked can't be reached or answered with an error.
    Unreachable = 6,
    /// The server refused some of what it was given, or does not have what was asked for.
    Refused = 7,
    /// There is no such task.
    NotFound = 8,
    /// The server wants another user, or the user may not do this.
    Denied = 9,
    /// Some nodes did not answer, or some tasks could not be dealt with.
    Partial = 10,
    /// A task still runs when the time to wait for it is over.
    StillRuns = 11,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}
