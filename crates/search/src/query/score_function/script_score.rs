//! `script_score` inside of `function_score`: the number that a script gives.

use glasswork_content::{Failure, Node, Object, Render, number};
use glasswork_script::Context as Purpose;
use serde::{Deserialize, Serialize};
use tantivy::{DocId, SegmentReader};

use super::{Evaluate, Function};
use crate::{
    context::Context,
    query::clause,
    scripting::{Prepared, Runs, UserScript},
};

/// The number that a script gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptFunction {
    /// The script.
    pub script: UserScript,
}

impl ScriptFunction {
    pub(super) const NAME: &'static str = "script_score";

    pub(super) fn parse(body: &Object, node: &Node) -> Result<Self, Failure> {
        let mut script = None;
        for entry in body.entries() {
            match entry.key.as_str() {
                "script" => script = UserScript::parse(&entry.node)?,
                key => {
                    return Err(Failure::parsing(
                        format!("{} query does not support [{key}]", Self::NAME),
                        entry.node.at,
                    ));
                }
            }
        }
        let script = script.ok_or_else(|| {
            Failure::parsing(
                format!("{} requires 'script' field", Self::NAME),
                clause::end(body, node),
            )
        })?;
        Ok(Self { script })
    }

    pub(super) fn render(&self, out: &mut Render) {
        self.script.render(out);
    }

    pub(super) fn compile(&self, context: &Context) -> Result<Box<dyn Function>, Failure> {
        let prepared = Prepared::new(context, &self.script, Purpose::Score)?;
        Ok(Box::new(Scripted(prepared)))
    }
}

struct Scripted(Prepared);

impl Function for Scripted {
    fn open(&self, reader: &SegmentReader) -> Result<Box<dyn Evaluate>, Failure> {
        Ok(Box::new(Scores(self.0.open(reader))))
    }
}

struct Scores(Runs);

impl Evaluate for Scores {
    fn number(&mut self, doc: DocId, score: f32) -> Result<Option<f64>, Failure> {
        let Some(result) = self.0.number(doc, score) else {
            return Ok(None);
        };
        if result < 0.0 {
            return Err(Failure::illegal_argument(format!(
                "script score function must not produce negative scores, but got: [{}]",
                number::double_text(result)
            )));
        }
        Ok(Some(result))
    }
}
