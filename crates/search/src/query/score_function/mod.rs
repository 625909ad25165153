//! The functions of `function_score`: a file a kind. Each gives a document a number, alone or as a share of its score.

mod decay;
mod field_value_factor;
mod random_score;
mod script_score;

use glasswork_content::{Failure, Kind, Node, Object, Position, Render, text::did_you_mean};
use serde::{Deserialize, Serialize};
use tantivy::{DocId, SegmentReader};

pub use self::{
    decay::{Decay, DecayShape},
    field_value_factor::{FieldValueFactor, Modifier},
    random_score::{RandomScore, Seed},
    script_score::ScriptFunction,
};
use crate::context::Context;

/// Names of all functions that have a body.
const NAMES: &[&str] = &[
    FieldValueFactor::NAME,
    RandomScore::NAME,
    ScriptFunction::NAME,
    "gauss",
    "exp",
    "linear",
];

/// A function that gives each document a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ScoreFunction {
    /// `gauss`, `exp`, `linear`
    Decay(Decay),
    /// `field_value_factor`
    FieldValueFactor(FieldValueFactor),
    /// `random_score`
    RandomScore(RandomScore),
    /// `script_score`
    Script(ScriptFunction),
}

/// A function compiled against a view.
pub(super) trait Function: Send + Sync {
    /// Opens it in one segment.
    ///
    /// # Errors
    /// When the segment cannot be read.
    fn open(&self, reader: &SegmentReader) -> Result<Box<dyn Evaluate>, Failure>;
}

/// A function at work on one segment.
pub(super) trait Evaluate: Send + 'static {
    /// The number of a document; nothing when the search is ending.
    ///
    /// # Errors
    /// What ends the search.
    fn number(&mut self, doc: DocId, score: f32) -> Result<Option<f64>, Failure>;
}

impl ScoreFunction {
    /// Reads the function `name` whose body is `body`.
    ///
    /// # Errors
    /// OpenSearch's complaints.
    pub(super) fn parse(
        name: &str,
        body: &Object,
        node: &Node,
        at: Position,
    ) -> Result<Self, Failure> {
        if let Some(shape) = DecayShape::named(name) {
            return Decay::parse(shape, body, node).map(Self::Decay);
        }
        match name {
            FieldValueFactor::NAME => {
                FieldValueFactor::parse(body, node).map(Self::FieldValueFactor)
            }
            RandomScore::NAME => RandomScore::parse(body).map(Self::RandomScore),
            ScriptFunction::NAME => ScriptFunction::parse(body, node).map(Self::Script),
            _ => {
                let unknown = Failure::new(
                    Kind::NamedObjectNotFound,
                    format!("[{}:{}] unknown field [{name}]", at.line, at.column),
                );
                let hint = did_you_mean("function_score", NAMES.iter().copied());
                Err(
                    Failure::parsing(format!("unknown query [function_score]{hint}"), at)
                        .caused_by(unknown),
                )
            }
        }
    }

    /// The name under which it is asked for.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Decay(decay) => decay.shape.name(),
            Self::FieldValueFactor(_) => FieldValueFactor::NAME,
            Self::RandomScore(_) => RandomScore::NAME,
            Self::Script(_) => ScriptFunction::NAME,
        }
    }

    /// Writes it, key and body.
    pub(super) fn render(&self, out: &mut Render) {
        out.field_object(self.name());
        match self {
            Self::Decay(function) => function.render(out),
            Self::FieldValueFactor(function) => function.render(out),
            Self::RandomScore(function) => function.render(out),
            Self::Script(function) => function.render(out),
        }
        out.end_object();
    }

    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with it for this index.
    pub(super) fn compile(&self, context: &Context) -> Result<Box<dyn Function>, Failure> {
        match self {
            Self::Decay(function) => function.compile(context),
            Self::FieldValueFactor(function) => function.compile(context),
            Self::RandomScore(function) => function.compile(context),
            Self::Script(function) => function.compile(context),
        }
    }
}
