//! A compiled script and what it is for.

use crate::Limits;
use crate::compiler;
use crate::parser;
use crate::program::Program;
use glasswork_content::Failure;
use std::sync::Arc;

/// What a script is for: it decides which variables it sees and what it must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// A `script` query: `doc`, `params`; gives a boolean.
    Filter,
    /// `script_score`: `doc`, `params`, `_score`; gives a number.
    Score,
    /// A sort by number: `doc`, `params`, `_score`; gives a number.
    NumberSort,
    /// A sort by text: `doc`, `params`, `_score`; gives a string.
    StringSort,
    /// A script field: `doc`, `params`; gives anything.
    Field,
    /// Updates and by-query operations: `ctx`, `params`; gives nothing.
    Update,
}

impl Context {
    pub(crate) fn variables(self) -> &'static [&'static str] {
        if self == Context::Update {
            &["params", "ctx"]
        } else {
            &["params", "doc"]
        }
    }

    pub(crate) fn has_score(self) -> bool {
        matches!(
            self,
            Context::Score | Context::NumberSort | Context::StringSort
        )
    }
}

/// A compiled script, cheap to clone and to share between threads.
#[derive(Clone, Debug)]
pub struct Script {
    source: Arc<str>,
    context: Context,
    program: Arc<Program>,
}

impl Script {
    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it was compiled for.
    pub fn context(&self) -> Context {
        self.context
    }

    pub(crate) fn program(&self) -> Arc<Program> {
        self.program.clone()
    }
}

/// Compiles a source.
///
/// # Errors
/// 400 `script_exception` `compile error` with position, caused by what is wrong; `illegal_argument_exception` for a source
/// that is too long.
pub fn compile(source: &str, context: Context, limits: &Limits) -> Result<Script, Failure> {
    if source.len() > limits.source_bytes {
        return Err(Failure::illegal_argument(format!(
            "exceeded max allowed inline script size in bytes [{}] with size [{}] for script",
            limits.source_bytes,
            source.len()
        )));
    }
    let compiled = parser::parse(source, limits)
        .and_then(|(tree, statements)| compiler::compile(&tree, &statements, context));
    match compiled {
        Ok(program) => Ok(Script {
            source: source.into(),
            context,
            program: Arc::new(program),
        }),
        Err(fault) => Err(fault.compile_error(source)),
    }
}
