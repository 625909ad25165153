//! Why aggregating ended early: the work was stopped, or it failed.

use glasswork_content::Failure;
use glasswork_tasks::checkpoint::Stop;

/// The end of a collection, a reduction or a rendering before its time.
///
/// A stop is kept apart from a failure because a search whose time is over still answers with what it has.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Halt {
    /// The checkpoint said stop.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// The request cannot be answered.
    #[error(transparent)]
    Failure(Box<Failure>),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Halt::Failure(Box::new(failure))
    }
}
