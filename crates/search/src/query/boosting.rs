//! `boosting`: what `positive` matches, with less score where `negative` matches too.

use glasswork_content::{Failure, Node, Object, Render};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, Query, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Lowers the score of some matches without excluding them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boosting {
    /// What matches.
    pub positive: Query,
    /// What lowers the score.
    pub negative: Query,
    /// Factor on the score of what `negative` matches.
    pub negative_boost: f32,
    /// Boost and name.
    pub common: Common,
}

impl QueryKind for Boosting {
    const NAME: &'static str = "boosting";

    fn parse(body: &Object, at: &Node, parser: &mut Parser) -> Result<Self, Failure> {
        let (mut positive, mut negative, mut negative_boost) = (None, None, None);
        let mut common = Common::default();
        for (key, node) in body.iter() {
            match key {
                "positive" if node.as_object().is_some() => positive = Some(parser.query(node)?),
                "negative" if node.as_object().is_some() => negative = Some(parser.query(node)?),
                "negative_boost" => negative_boost = Some(clause::float(node)?),
                _ if node.as_object().is_none() && common.take(key, node)? => {}
                _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
            }
        }
        let missing = |what: &str| {
            Failure::parsing(
                format!("[boosting] query requires '{what}' query to be set'"),
                at.at,
            )
        };
        let negative_boost = negative_boost.filter(|boost| *boost >= 0.0).ok_or_else(|| {
            Failure::parsing(
                "[boosting] query requires 'negative_boost' to be set to be a positive value'",
                at.at,
            )
        });
        Ok(Self {
            positive: positive.ok_or_else(|| missing("positive"))?,
            negative: negative.ok_or_else(|| missing("negative"))?,
            negative_boost: negative_boost?,
            common,
        })
    }

    fn render(&self, out: &mut Render) {
        out.key("positive");
        self.positive.render(out);
        out.key("negative");
        self.negative.render(out);
        out.field_float("negative_boost", self.negative_boost);
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        let positive = self.positive.plan(compiler)?;
        if !compiler.scoring() {
            return Ok(positive);
        }
        let negative = self.negative.plan(&compiler.unscored())?;
        Ok(compiler
            .demote(positive, negative, self.negative_boost)?
            .boosted(self.common.boost))
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn children(&self) -> Vec<&Query> {
        vec![&self.positive, &self.negative]
    }
}
