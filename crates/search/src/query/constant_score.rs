//! `constant_score`: what a filter matches, with the boost as its score.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, Query, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Gives each match of a filter the same score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConstantScore {
    /// What matches.
    pub filter: Query,
    /// Boost (the score) and name.
    pub common: Common,
}

impl QueryKind for ConstantScore {
    const NAME: &'static str = "constant_score";

    fn parse(body: &Object, at: &Node, parser: &mut Parser) -> Result<Self, Failure> {
        let mut common = Common::default();
        let mut filter = None;
        for (key, node) in body.iter() {
            match &node.value {
                Value::Object(_) if key == "filter" => filter = Some(parser.query(node)?),
                Value::Array(_) => {
                    return Err(Failure::parsing(
                        format!("unexpected token [{}]", node.token_name()),
                        node.at,
                    ));
                }
                Value::Object(_) => return Err(clause::unsupported(Self::NAME, key, node.at)),
                _ if common.take(key, node)? => {}
                _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
            }
        }
        let filter = filter.ok_or_else(|| {
            Failure::parsing(
                "[constant_score] requires a 'filter' element",
                clause::end(body, at),
            )
        })?;
        Ok(Self { filter, common })
    }

    fn render(&self, out: &mut Render) {
        out.key("filter");
        self.filter.render(out);
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        Ok(self
            .filter
            .plan(&compiler.unscored())?
            .constant(self.common.boost))
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn children(&self) -> Vec<&Query> {
        vec![&self.filter]
    }
}
