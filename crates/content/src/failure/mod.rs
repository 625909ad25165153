//! The one error value of the node: a kind, a reason, metadata and a cause, as OpenSearch puts them on the wire.
//!
//! A [`Failure`] crosses the bus between nodes and is stored with results, so that it is plain data (serde, postcard).

mod kind;
mod rendering;
mod root_cause;
pub mod short;
mod shorthand;
mod status;
mod trace;

pub use kind::Kind;
pub use shorthand::group_shard_failures;

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// What went wrong, why, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The name on the wire and the status.
    pub kind: Kind,
    /// The sentence for the user; `null` on the wire when absent.
    pub reason: Option<String>,
    /// Further keys of the object, in the order in which they are written after `reason`.
    pub metadata: Vec<(Cow<'static, str>, Meta)>,
    /// What led to it, rendered as `caused_by`.
    pub cause: Option<Box<Failure>>,
    /// Failures while handling this one, rendered as `suppressed`.
    pub suppressed: Vec<Failure>,
    /// What an error body lists as `root_cause`.
    pub root_causes: RootCauses,
}

/// A metadata value of a [`Failure`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Meta {
    /// A string.
    Text(String),
    /// A number.
    Long(i64),
    /// `true` or `false`.
    Flag(bool),
    /// An array of strings.
    Texts(Vec<String>),
    /// An object, such as the `position` of a script error.
    Object(Vec<(Cow<'static, str>, Meta)>),
    /// `failed_shards` of a search.
    ShardFailures(Vec<ShardFailure>),
}

/// Why one shard did not answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardFailure {
    /// Number of the shard, −1 when it is not known.
    pub shard: i64,
    /// Name of the index; `null` on the wire when absent.
    pub index: Option<String>,
    /// Id of the node; left out when absent.
    pub node: Option<String>,
    /// The failure itself.
    pub reason: Failure,
}

/// How an error body finds its `root_cause`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum RootCauses {
    /// The innermost of OpenSearch's own exceptions along the causes.
    #[default]
    Innermost,
    /// These, such as the distinct causes of failed shards.
    Listed(Vec<Failure>),
}

impl Failure {
    /// A failure with a reason and nothing else.
    pub fn new(kind: Kind, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::without_reason(kind)
        }
    }

    /// A failure whose `reason` is `null`.
    pub fn without_reason(kind: Kind) -> Self {
        Self {
            kind,
            reason: None,
            metadata: Vec::new(),
            cause: None,
            suppressed: Vec::new(),
            root_causes: RootCauses::Innermost,
        }
    }

    /// Adds a metadata key behind those already there.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: Meta) -> Self {
        self.metadata.push((key.into(), value));
        self
    }

    /// Adds a metadata string behind the keys already there.
    #[must_use]
    pub fn with_text(self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.with(key, Meta::Text(value.into()))
    }

    /// Sets what led to this failure.
    #[must_use]
    pub fn caused_by(mut self, cause: Failure) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// The metadata value of that key.
    pub fn meta(&self, key: &str) -> Option<&Meta> {
        self.metadata
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The reason, or an empty text when there is none.
    pub fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// Whether this failure or one of its causes is of that kind.
    pub fn has_kind(&self, kind: Kind) -> bool {
        self.chain().any(|failure| failure.kind == kind)
    }

    /// This failure, its cause, that one's cause, and so on.
    pub fn chain(&self) -> impl Iterator<Item = &Failure> {
        std::iter::successors(Some(self), |failure| failure.cause.as_deref())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "{}: {reason}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
