//! Writes as a client means them, and what becomes of each: the rules of versions and conditions.

use bytes::Bytes;

use crate::document::TypedDocument;

/// One operation on one document.
#[derive(Debug, Clone)]
pub struct Write {
    /// The document's id.
    pub id: Box<str>,
    /// The routing value, if not the id.
    pub routing: Option<Box<str>>,
    /// What to do.
    pub operation: Operation,
    /// What the present document must be for the operation to happen.
    pub condition: Option<Condition>,
    /// How the version comes about.
    pub versioning: Versioning,
    /// The mapping version with which `document` was typed; it must be durable already.
    pub mapping_version: u64,
}

impl Write {
    /// Bytes of the id, the routing and the source.
    #[must_use]
    pub fn size(&self) -> usize {
        let source = match &self.operation {
            Operation::Index { source, .. } => source.len(),
            Operation::Delete => 0,
        };
        self.id.len() + self.routing.as_deref().map_or(0, str::len) + source
    }
}

/// What a [`Write`] does.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Puts a document, replacing the present one.
    Index {
        /// The `_source`, kept byte for byte.
        source: Bytes,
        /// What the mapping made of it.
        document: TypedDocument,
        /// Fail when a document with this id exists.
        create_only: bool,
        /// The id was made up by this node and can't exist: nothing is looked up.
        auto_id: bool,
    },
    /// Deletes the document.
    Delete,
}

/// `if_seq_no` and `if_primary_term`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The `_seq_no` the document must have.
    pub seq_no: u64,
    /// The `_primary_term` the document must have.
    pub primary_term: u64,
}

/// `version_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versioning {
    /// Counted here: 1 for a new document, one more for each change.
    #[default]
    Internal,
    /// Given by the client; must be higher than the present one.
    External(u64),
    /// Given by the client; must not be lower than the present one.
    ExternalGte(u64),
}

/// What a successful write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// `_seq_no` of the operation.
    pub seq_no: u64,
    /// `_primary_term` of the operation.
    pub primary_term: u64,
    /// `_version` of the document.
    pub version: u64,
    /// What happened.
    pub result: WriteResult,
}

/// The `result` of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteResult {
    /// There was no such document before.
    Created,
    /// The document replaced another.
    Updated,
    /// The document is gone.
    Deleted,
    /// There was nothing to delete. The operation counts nevertheless.
    NotFound,
}

/// Why one write of a group did not happen. The text is OpenSearch's.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WriteFailure {
    /// The present document is not what the write asks for (409).
    #[error("[{id}]: version conflict, {conflict}")]
    VersionConflict {
        /// The document's id.
        id: Box<str>,
        /// What differs.
        conflict: Conflict,
    },
    /// The operation is larger than the log takes even in parts (413).
    #[error("[{id}]: document of {bytes} bytes is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The document's id.
        id: Box<str>,
        /// Size of the operation.
        bytes: usize,
        /// Largest size allowed.
        limit: usize,
    },
    /// The document refers to fields that its mapping version does not have.
    #[error("[{id}]: document does not fit mapping version {mapping_version}")]
    Fields {
        /// The document's id.
        id: Box<str>,
        /// The version the write named.
        mapping_version: u64,
    },
    /// This part of the group could not be written; the parts before it were.
    #[error("[{id}]: {error}")]
    NotWritten {
        /// The document's id.
        id: Box<str>,
        /// Why not.
        error: crate::EngineError,
    },
}

/// How the present document differs from what a write asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// A create found a document.
    #[error("document already exists (current version [{current}])")]
    Exists {
        /// Its version.
        current: u64,
    },
    /// An external version is not higher.
    #[error("current version [{current}] is higher or equal to the one provided [{provided}]")]
    HigherOrEqual {
        /// Present version.
        current: u64,
        /// Version of the write.
        provided: u64,
    },
    /// An external-or-equal version is lower.
    #[error("current version [{current}] is higher than the one provided [{provided}]")]
    Higher {
        /// Present version.
        current: u64,
        /// Version of the write.
        provided: u64,
    },
    /// `if_seq_no`/`if_primary_term` do not match the document.
    #[error(
        "required seqNo [{}], primary term [{}]. current document has seqNo [{seq_no}] and primary term [{primary_term}]",
        required.seq_no, required.primary_term
    )]
    Differs {
        /// What was asked for.
        required: Condition,
        /// `_seq_no` of the document.
        seq_no: u64,
        /// `_primary_term` of the document.
        primary_term: u64,
    },
    /// `if_seq_no`/`if_primary_term` were given but there is no document.
    #[error("required seqNo [{}], primary term [{}]. but no document was found", required.seq_no, required.primary_term)]
    Missing {
        /// What was asked for.
        required: Condition,
    },
}

/// What is known of the present state of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) seq_no: u64,
    pub(crate) primary_term: u64,
    pub(crate) version: u64,
    pub(crate) deleted: bool,
}

/// Decides about one write: the version it gets and what it does, or the conflict.
pub(crate) fn decide(
    operation: &Operation,
    condition: Option<Condition>,
    versioning: Versioning,
    present: Option<Present>,
) -> Result<(u64, WriteResult), Conflict> {
    let alive = present.filter(|present| !present.deleted);
    if let Some(required) = condition {
        let Some(document) = alive else {
            return Err(Conflict::Missing { required });
        };
        if (document.seq_no, document.primary_term) != (required.seq_no, required.primary_term) {
            return Err(Conflict::Differs {
                required,
                seq_no: document.seq_no,
                primary_term: document.primary_term,
            });
        }
    }
    if let Operation::Index {
        create_only: true, ..
    } = operation
        && let Some(document) = alive
    {
        return Err(Conflict::Exists {
            current: document.version,
        });
    }
    let version = match (versioning, present) {
        (Versioning::Internal, None) => 1,
        (Versioning::Internal, Some(present)) => present.version.saturating_add(1),
        (Versioning::External(provided), Some(present)) if present.version >= provided => {
            return Err(Conflict::HigherOrEqual {
                current: present.version,
                provided,
            });
        }
        (Versioning::ExternalGte(provided), Some(present)) if present.version > provided => {
            return Err(Conflict::Higher {
                current: present.version,
                provided,
            });
        }
        (Versioning::External(provided) | Versioning::ExternalGte(provided), _) => provided,
    };
    let result = match (operation, alive) {
        (Operation::Index { .. }, None) => WriteResult::Created,
        (Operation::Index { .. }, Some(_)) => WriteResult::Updated,
        (Operation::Delete, None) => WriteResult::NotFound,
        (Operation::Delete, Some(_)) => WriteResult::Deleted,
    };
    Ok((version, result))
}
