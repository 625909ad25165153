//! What a write of a document answers.

use bytes::Bytes;
use glasswork_content::{Failure, Render};
use serde::{Deserialize, Serialize};

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// There was no such document before.
    Created,
    /// It replaced another.
    Updated,
    /// It is gone.
    Deleted,
    /// There was nothing to delete.
    NotFound,
    /// An update changed nothing.
    Noop,
}

impl Outcome {
    /// `result` on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::NotFound => "not_found",
            Self::Noop => "noop",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Created => 201,
            Self::NotFound => 404,
            Self::Updated | Self::Deleted | Self::Noop => 200,
        }
    }
}

/// On how many copies of a shard, or on how many shards, something was done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardCounts {
    /// Copies that should have it (replicas that are not assigned too).
    pub total: u32,
    /// Copies that have it.
    pub successful: u32,
    /// What failed: shard number, index, node and why.
    pub failures: Vec<glasswork_content::ShardFailure>,
}

impl ShardCounts {
    /// Writes `{"total":2,"successful":1,"failed":0}`.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.field_unsigned("total", u64::from(self.total));
        out.field_unsigned("successful", u64::from(self.successful));
        out.field_unsigned("failed", self.failures.len() as u64);
        if !self.failures.is_empty() {
            out.field_array("failures");
            for failure in &self.failures {
                failure.render(out);
            }
            out.end_array();
        }
        out.end_object();
    }
}

/// The answer to a successful write of one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentResponse {
    /// The index that was written (never an alias).
    pub index: String,
    /// The document.
    pub id: String,
    /// Its version now.
    pub version: i64,
    /// What happened.
    pub outcome: Outcome,
    /// The write was followed by a refresh of its own.
    pub forced_refresh: bool,
    /// The copies.
    pub shards: ShardCounts,
    /// `_seq_no`.
    pub seq_no: u64,
    /// `_primary_term`.
    pub primary_term: u64,
    /// The source after an update that asked for it.
    pub get: Option<UpdatedSource>,
    /// Where the document lies: the number of its shard.
    pub shard: u32,
    /// The routing that was given, for the `Location` header.
    pub routing: Option<String>,
}

/// `get` of an update's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdatedSource {
    /// `_seq_no`.
    pub seq_no: u64,
    /// `_primary_term`.
    pub primary_term: u64,
    /// The source, filtered as asked; JSON.
    pub source: Bytes,
}

impl DocumentResponse {
    /// Writes the fields of the answer, without the braces around them (a bulk item adds its status behind them).
    ///
    /// # Errors
    /// When the source is no JSON, which a stored one is.
    pub fn render_fields(&self, out: &mut Render) -> Result<(), Failure> {
        out.field_str("_index", &self.index);
        out.field_str("_id", &self.id);
        out.field_long("_version", self.version);
        out.field_str("result", self.outcome.as_str());
        if self.forced_refresh {
            out.field_bool("forced_refresh", true);
        }
        out.key("_shards");
        self.shards.render(out);
        out.field_unsigned("_seq_no", self.seq_no);
        out.field_unsigned("_primary_term", self.primary_term);
        if let Some(get) = &self.get {
            out.field_object("get");
            out.field_unsigned("_seq_no", get.seq_no);
            out.field_unsigned("_primary_term", get.primary_term);
            out.field_bool("found", true);
            out.key("_source");
            out.raw(&get.source)?;
            out.end_object();
        }
        Ok(())
    }
}
