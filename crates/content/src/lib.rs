//! How data is told: reading bounded JSON and YAML, writing JSON and YAML as OpenSearch lays them out, Java's spelling of
//! numbers, texts of durations, sizes and dates, and [`Failure`], the one error value of the node.
//!
//! This crate does no I/O and knows nothing of tasks, indices or the wire beyond the shape of values.

pub mod failure;
pub mod fuzz;
pub mod json;
pub mod number;
pub mod origin;
pub mod render;
pub mod text;
pub mod uri;

pub use failure::{Failure, Kind, Meta, RootCauses, ShardFailure};
pub use json::{Limits, Node, Object, Position, Reader, Token, Value, parse, parse_yaml};
pub use render::{FilterPath, Format, Options, Render};
