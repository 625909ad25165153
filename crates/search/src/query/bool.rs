//! `bool`: clauses that must match, filter, should match, must not match.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, Query, QueryKind, clause,
    compile::{Clauses, Compiler, Plan},
    minimum_should_match,
};

/// A combination of queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bool {
    /// Have to match and add to the score.
    pub must: Vec<Query>,
    /// Have to match, without a score.
    pub filter: Vec<Query>,
    /// May not match.
    pub must_not: Vec<Query>,
    /// Add to the score; how many have to match says `minimum_should_match`.
    pub should: Vec<Query>,
    /// As given: `2`, `-1`, `75%`, `3<90%`.
    pub minimum_should_match: Option<String>,
    /// Whether only `must_not` clauses means: all documents but those.
    pub adjust_pure_negative: bool,
    /// Boost and name.
    pub common: Common,
}

impl Default for Bool {
    fn default() -> Self {
        Self {
            must: Vec::new(),
            filter: Vec::new(),
            must_not: Vec::new(),
            should: Vec::new(),
            minimum_should_match: None,
            adjust_pure_negative: true,
            common: Common::default(),
        }
    }
}

impl QueryKind for Bool {
    const NAME: &'static str = "bool";

    fn parse(body: &Object, _at: &Node, parser: &mut Parser) -> Result<Self, Failure> {
        let mut query = Self::default();
        for entry in body.entries() {
            let node = &entry.node;
            let list = match entry.key.as_str() {
                "must" => &mut query.must,
                "filter" => &mut query.filter,
                "must_not" | "mustNot" => &mut query.must_not,
                "should" => &mut query.should,
                "minimum_should_match" => {
                    if !node.is_null() {
                        query.minimum_should_match = Some(clause::text(node)?);
                    }
                    continue;
                }
                "adjust_pure_negative" => {
                    query.adjust_pure_negative = node.to_bool()?;
                    continue;
                }
                key => {
                    if !query.common.take(key, node)? {
                        return Err(clause::unknown_field(Self::NAME, key, entry.at));
                    }
                    continue;
                }
            };
            clauses(node, list, parser)
                .map_err(|cause| clause::failed_field(Self::NAME, &entry.key, node.at, cause))?;
        }
        Ok(query)
    }

    fn render(&self, out: &mut Render) {
        let lists = [
            ("must", &self.must),
            ("filter", &self.filter),
            ("must_not", &self.must_not),
            ("should", &self.should),
        ];
        for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            out.field_array(key);
            for query in list {
                query.render(out);
            }
            out.end_array();
        }
        out.field_bool("adjust_pure_negative", self.adjust_pure_negative);
        if let Some(minimum) = &self.minimum_should_match {
            out.field_str("minimum_should_match", minimum);
        }
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        let plans = |list: &[Query], compiler: &Compiler<'_>| {
            list.iter()
                .map(|query| query.plan(compiler))
                .collect::<Result<Vec<_>, _>>()
        };
        let mut clauses = Clauses {
            must: plans(&self.must, compiler)?,
            filter: plans(&self.filter, &compiler.unscored())?,
            must_not: plans(&self.must_not, &compiler.unscored())?,
            should: plans(&self.should, compiler)?,
            minimum_should_match: None,
        };
        if clauses.is_empty() {
            return Ok(Plan::All {
                score: self.common.boost,
            });
        }
        if let Some(minimum) = &self.minimum_should_match {
            clauses.minimum_should_match =
                Some(minimum_should_match::of(minimum, self.should.len())?);
        }
        if self.adjust_pure_negative && clauses.is_purely_negative() {
            clauses.filter.push(Plan::All { score: 1.0 });
        }
        compiler.combine(clauses, self.common.boost)
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn children(&self) -> Vec<&Query> {
        self.must
            .iter()
            .chain(&self.filter)
            .chain(&self.must_not)
            .chain(&self.should)
            .collect()
    }
}

/// A clause or an array of clauses.
fn clauses(node: &Node, list: &mut Vec<Query>, parser: &mut Parser) -> Result<(), Failure> {
    match &node.value {
        Value::Array(nodes) => {
            for node in nodes {
                list.push(parser.query(node)?);
            }
        }
        Value::Object(_) => list.push(parser.query(node)?),
        _ => {
            return Err(Failure::parsing(
                format!("[bool] query does not support [{}]", node.token_name()),
                node.at,
            ));
        }
    }
    Ok(())
}
