//! One shard: a log of operations, and the Tantivy segments that a deterministic state machine builds from it.
//!
//! The engine knows fields and typed values but no mapping: an [`Interpreter`] turns a `_source` into a
//! [`TypedDocument`], before a write for the client's document and again when the log is replayed.

mod alive;
mod config;
mod directory;
mod document;
mod error;
mod fields;
mod flush;
mod interpreter;
mod manifest;
mod merge;
mod queue;
mod record;
mod recovery;
mod refresh;
mod scan;
mod segment;
mod sequencer;
mod shard;
mod state;
mod tokens;
mod upkeep;
mod versions;
mod view;
mod write;

pub use config::ShardConfig;
pub use document::{FieldValue, POSITION_GAP, TypedDocument};
pub use error::EngineError;
pub use fields::{
    FieldKind, FieldNumber, FieldSpec, Fields, InternalFields, field_number, tantivy_field,
};
pub use interpreter::Interpreter;
pub use scan::{Scan, Scanned};
pub use shard::{Found, Shard, ShardStats};
pub use tokens::Tokens;
pub use upkeep::{Upkeep, Work};
pub use view::{FieldStats, Segment, Stored, View};
pub use write::{
    Condition, Conflict, Operation, Versioning, Write, WriteFailure, WriteResult, Written,
};
