//! `match_none`: no document.

use glasswork_content::{Failure, Node, Object, Render};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Matches nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MatchNone {
    /// Boost and name, of no consequence.
    pub common: Common,
}

impl QueryKind for MatchNone {
    const NAME: &'static str = "match_none";

    fn parse(body: &Object, _at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        Ok(Self {
            common: clause::only_common(Self::NAME, body)?,
        })
    }

    fn render(&self, out: &mut Render) {
        self.common.render(out);
    }

    fn compile(&self, _compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        Ok(Plan::None)
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
