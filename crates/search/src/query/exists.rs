//! `exists`: documents that have any value in a field.

use glasswork_content::{Failure, Node, Object, Render};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Matches documents with a value in a field, or in any field below an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exists {
    /// Path or pattern of the field.
    pub field: String,
    /// Boost (the score) and name.
    pub common: Common,
}

impl QueryKind for Exists {
    const NAME: &'static str = "exists";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let (mut field, mut common) = (None, Common::default());
        for (key, node) in body.iter() {
            if node.as_array().is_some() || node.as_object().is_some() {
                return Err(clause::unknown_token(Self::NAME, key, node));
            }
            match key {
                "field" => field = Some(clause::text(node)?),
                _ if common.take(key, node)? => {}
                _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
            }
        }
        match field {
            None => Err(Failure::parsing(
                "[exists] must be provided with a [field]",
                clause::end(body, at),
            )),
            Some(field) if field.is_empty() => {
                Err(Failure::illegal_argument("field name is null or empty"))
            }
            Some(field) => Ok(Self { field, common }),
        }
    }

    fn render(&self, out: &mut Render) {
        out.field_str("field", &self.field);
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.exists(&self.field, self.common.boost)
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
