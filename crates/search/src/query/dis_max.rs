//! `dis_max`: the best of several queries, and a share of the others.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, Query, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Scores by the best matching query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisMax {
    /// The alternatives.
    pub queries: Vec<Query>,
    /// Share of the other matching queries' scores that is added.
    pub tie_breaker: f32,
    /// Boost and name.
    pub common: Common,
}

impl QueryKind for DisMax {
    const NAME: &'static str = "dis_max";

    fn parse(body: &Object, at: &Node, parser: &mut Parser) -> Result<Self, Failure> {
        let mut query = Self {
            queries: Vec::new(),
            tie_breaker: 0.0,
            common: Common::default(),
        };
        let mut found = false;
        for (key, node) in body.iter() {
            match (&node.value, key) {
                (Value::Object(_), "queries") => {
                    found = true;
                    query.queries.push(parser.query(node)?);
                }
                (Value::Array(nodes), "queries") => {
                    found = true;
                    for node in nodes {
                        query.queries.push(parser.query(node)?);
                    }
                }
                (Value::Object(_) | Value::Array(_), _) => {
                    return Err(clause::unsupported(Self::NAME, key, node.at));
                }
                (_, "tie_breaker") => query.tie_breaker = clause::float(node)?,
                _ if query.common.take(key, node)? => {}
                _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
            }
        }
        if !found {
            return Err(Failure::parsing(
                "[dis_max] requires 'queries' field with at least one clause",
                clause::end(body, at),
            ));
        }
        Ok(query)
    }

    fn render(&self, out: &mut Render) {
        out.field_float("tie_breaker", self.tie_breaker);
        out.field_array("queries");
        for query in &self.queries {
            query.render(out);
        }
        out.end_array();
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        let plans = self
            .queries
            .iter()
            .map(|query| query.plan(compiler))
            .collect::<Result<Vec<_>, _>>()?;
        compiler.best_of(plans, self.tie_breaker, self.common.boost)
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn children(&self) -> Vec<&Query> {
        self.queries.iter().collect()
    }
}
