//! `script_score`: what a query matches, scored by a script.

use std::sync::Arc;

use glasswork_content::{Failure, Node, Object, Render, Value, number};
use glasswork_script::Context as Purpose;
use serde::{Deserialize, Serialize};
use tantivy::{DocId, Score, SegmentReader};

use super::{
    Common, Parser, Query, QueryKind, clause,
    compile::{Compiler, Plan},
    rescored::{Rescore, RescoreSegment, Rescored},
};
use crate::scripting::{Prepared, Runs, UserScript};

/// Scores the matches of a query by a script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptScore {
    /// What matches.
    pub query: Query,
    /// What scores.
    pub script: UserScript,
    /// Lower scores are no matches.
    pub min_score: Option<f32>,
    /// Boost and name.
    pub common: Common,
}

impl QueryKind for ScriptScore {
    const NAME: &'static str = "script_score";

    fn parse(body: &Object, _at: &Node, parser: &mut Parser) -> Result<Self, Failure> {
        let (mut query, mut script, mut min_score) = (None, None, None);
        let mut common = Common::default();
        for entry in body.entries() {
            let (key, node) = (entry.key.as_str(), &entry.node);
            let failed = |cause| clause::failed_field(Self::NAME, key, node.at, cause);
            match (key, &node.value) {
                ("query", Value::Object(_)) => query = Some(parser.query(node).map_err(failed)?),
                ("query" | "script", _) if node.as_object().is_none() => {
                    return Err(Failure::content_parse(
                        format!(
                            "[{}] {key} doesn't support values of type: {}",
                            Self::NAME,
                            node.token_name()
                        ),
                        node.at,
                    ));
                }
                ("script", _) => script = Some(UserScript::parse_field(Self::NAME, key, node)?),
                ("min_score", _) => min_score = Some(clause::float(node).map_err(failed)?),
                _ if common.take(key, node).map_err(failed)? => {}
                _ => return Err(clause::unknown_field(Self::NAME, key, entry.at)),
            }
        }
        let (query, script) = match (query, script) {
            (Some(query), Some(script)) => (query, script),
            (None, Some(_)) => return Err(Failure::illegal_argument("Required [query]")),
            (Some(_), None) => return Err(Failure::illegal_argument("Required [script]")),
            (None, None) => {
                return Err(Failure::illegal_argument("Required [query, script]"));
            }
        };
        Ok(Self {
            query,
            script,
            min_score,
            common,
        })
    }

    fn render(&self, out: &mut Render) {
        out.key("query");
        self.query.render(out);
        self.script.render(out);
        if let Some(least) = self.min_score {
            out.field_float("min_score", least);
        }
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        let context = compiler.context();
        let prepared = Prepared::new(context, &self.script, Purpose::Score)?;
        if !compiler.scoring() && self.min_score.is_none() {
            return self.query.plan(compiler);
        }
        let inner = self.query.plan(&compiler.scored())?;
        if let Plan::None = inner {
            return Ok(Plan::None);
        }
        Ok(Plan::Scored {
            weight: Arc::new(Rescored {
                inner: inner.weight(),
                rescore: ByScript {
                    prepared,
                    boost: self.common.boost,
                },
                min_score: self.min_score,
                interrupt: Arc::clone(&context.interrupt),
            }),
            term: None,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn children(&self) -> Vec<&Query> {
        vec![&self.query]
    }
}

struct ByScript {
    prepared: Prepared,
    boost: Score,
}

impl Rescore for ByScript {
    fn open(&self, reader: &SegmentReader) -> Result<Box<dyn RescoreSegment>, Failure> {
        Ok(Box::new(Scores(self.prepared.open(reader))))
    }

    /// The script sees the query's own score; the boost is for what it makes of it.
    fn boosts(&self, boost: Score) -> (Score, Score) {
        (1.0, boost * self.boost)
    }
}

struct Scores(Runs);

impl RescoreSegment for Scores {
    fn rescore(&mut self, doc: DocId, score: Score) -> Result<Option<Score>, Failure> {
        let Some(result) = self.0.number(doc, score) else {
            return Ok(None);
        };
        if result < 0.0 || result.is_nan() {
            return Err(Failure::illegal_argument(format!(
                "script_score script returned an invalid score [{}] for doc [{doc}]. Must be a non-negative score!",
                number::float_text(result as f32)
            )));
        }
        Ok(Some(result as f32))
    }
}
