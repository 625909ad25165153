//! Reading JSON (and YAML) from outside: bounded in bytes, depth and count, with line and column, in Jackson's words when it
//! is malformed.
//!
//! [`Reader`] is a pull reader for long bodies; [`parse`] builds a small tree of [`Node`]s for request bodies.

mod conversion;
mod duplicates;
pub(crate) mod fault;
mod limits;
mod node;
mod number;
mod position;
mod reader;
pub(crate) mod scan;
mod string;
mod tree;
mod yaml;

pub use conversion::{parse_bool, parse_double};
pub use limits::Limits;
pub use node::{Entry, Node, Object, Value};
pub use number::Number;
pub use position::Position;
pub use reader::{Reader, Token};
pub use tree::parse;
pub use yaml::parse_yaml;
