//! What can go wrong in a shard as a whole. What can go wrong with one write is [`crate::WriteFailure`].

use glasswork_content::Failure;
use glasswork_substrate::LogError;
use glasswork_tasks::Stop;

/// Why a shard could not do what it was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// The shard was closed or deleted.
    #[error("shard is closed")]
    Closed,
    /// Another writer with this or a higher term appends to the log: this one must stop for good.
    #[error("shard was fenced off by another primary of term {term}")]
    Fenced {
        /// The term of the other writer.
        term: u64,
    },
    /// The log takes no records now; nothing of what this error answers was written. Trying again later may succeed.
    #[error("log is unavailable: {0}")]
    Unavailable(String),
    /// Whether the writes landed is not known, not even after trying again. They may still show up.
    #[error("outcome of the write is unknown")]
    Unknown,
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record, manifest or segment does not read back as it was written.
    #[error("shard is damaged: {0}")]
    Damaged(String),
    /// The list of fields is not one that may follow the present one.
    #[error("fields do not fit the shard: {0}")]
    Fields(String),
    /// A file could not be read or written.
    #[error("{action} failed: {message}")]
    Io {
        /// What was being done, with the file's name.
        action: String,
        /// What the operating system said.
        message: String,
    },
    /// A sync failed, after which nothing is known about what was written, and a second sync would wrongly succeed. The
    /// shard begins again from its manifest and the log.
    #[error("syncing [{file}] failed: {message}")]
    Unsynced {
        /// The file or folder.
        file: String,
        /// What the operating system said.
        message: String,
    },
    /// Tantivy refused.
    #[error("segment failure: {0}")]
    Segment(String),
    /// An operation from the log could not be interpreted.
    #[error("operation of the log can't be interpreted: {0}")]
    Interpreter(Box<Failure>),
    /// The work was cancelled or is over a limit.
    #[error(transparent)]
    Stopped(#[from] Stop),
}

impl EngineError {
    pub(crate) fn interpreter(failure: Failure) -> Self {
        Self::Interpreter(Box::new(failure))
    }

    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |error| Self::Io {
            action,
            message: error.to_string(),
        }
    }
}

impl EngineError {
    pub(crate) fn unsynced(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let file = path.display().to_string();
        move |error| Self::Unsynced {
            file,
            message: error.to_string(),
        }
    }
}

impl From<tantivy::TantivyError> for EngineError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Segment(error.to_string())
    }
}
