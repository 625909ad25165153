//! `match_all`: every document, with the same score.

use glasswork_content::{Failure, Node, Object, Render};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Matches every document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MatchAll {
    /// Boost (the score of every hit) and name.
    pub common: Common,
}

impl QueryKind for MatchAll {
    const NAME: &'static str = "match_all";

    fn parse(body: &Object, _at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        Ok(Self {
            common: clause::only_common(Self::NAME, body)?,
        })
    }

    fn render(&self, out: &mut Render) {
        self.common.render(out);
    }

    fn compile(&self, _compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        Ok(Plan::All {
            score: self.common.boost,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
