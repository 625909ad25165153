//! Reading JSON (and YAML) from outside: bounded in bytes, depth and count, with line and column, in Jackson's words when it
//! is malformed.
//!
//! [`Reader`] is a pull reader for long bodies; [`parse`] builds a small tree of [`Node`]s for request bodies.

mod limits;
mod node;
mod position;
mod reader;
mod tree;
mod yaml;

pub use limits::Limits;
pub use node::{Entry, Node, Object, Value};
pub use position::Position;
pub use reader::{Number, Reader, Token};
pub use tree::parse;
pub use yaml::parse_yaml;
