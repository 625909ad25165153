//! One shard: a log of operations, and the Tantivy segments that a deterministic state machine builds from it.
//!
//! The engine knows fields and typed values but no mapping: an [`Interpreter`] turns a `_source` into a
//! [`TypedDocument`], before a write for the client's document and again when the log is replayed.
//!
//! How a write travels: [`Shard::write`] puts it in line (`queue`); whoever leads decides versions for the waiting group
//! (`sequencer`, `write`), packs the operations into records (`record`), appends them, and applies what landed to the
//! state (`state`, `versions`): the old document dies, the new one goes into a buffer, from where [`Shard::get`] reads it
//! at once. A refresh makes the buffer a segment (`segment`, `directory`) and shows it in a new [`View`]; a flush makes
//! segments durable (`manifest`) and trims the log; merges replace segments by larger ones. After a crash, a failure or an
//! append of unknown fate, `recovery` begins again from the manifest and the log.
//!
//! All of it holds for one log and one folder; the layouts are in `docs/format.md`.

mod alive;
mod config;
mod derived;
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
