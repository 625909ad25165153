//! What users write: a documented subset of Painless, compiled once and run per document.
//!
//! [`compile`] checks a source against its [`Context`] and gives a [`Script`] that can be shared between threads. A
//! [`Machine`] runs it, again and again, against a [`Host`] that knows the document at hand. A script cannot hang a node: it
//! passes [`Host::tick`] at least every 1,024 steps, its memory is bounded, and its loops may be ([`Limits`]).
//!
//! The language is told in `docs/scripting.md`. What is outside of it is a compile error that names it.

mod ast;
mod bridge;
mod compiler;
mod fault;
mod heap;
mod host;
mod lexer;
mod limits;
mod machine;
mod methods;
mod parser;
mod program;
mod script;
mod static_type;
mod statics;
mod table;
mod value;

pub use host::{Field, Host, Interrupt, NoDocument, Scalar};
pub use limits::Limits;
pub use machine::{Halt, Machine};
pub use script::{Context, Script, compile};
