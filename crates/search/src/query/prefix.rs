//! `prefix`: documents with a term that begins so.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Matches documents with a term that begins so, with a constant score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prefix {
    /// Path of the field.
    pub field: String,
    /// What the term has to look like.
    pub value: String,
    /// Whether upper and lower case are the same.
    pub case_insensitive: bool,
    /// Boost (the score) and name.
    pub common: Common,
}

impl QueryKind for Prefix {
    const NAME: &'static str = "prefix";

    fn parse(body: &Object, _at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let clause =
            clause::single_field(Self::NAME, body)?.filter(|clause| !clause.field.is_empty());
        let Some(clause) = clause else {
            return Err(Failure::illegal_argument("field name is null or empty"));
        };
        let (mut value, mut case_insensitive, mut common) = (None, false, Common::default());
        match &clause.node.value {
            Value::Object(options) => {
                for (key, node) in options.iter() {
                    match key {
                        "value" | "prefix" => value = Some(clause::text(node)?),
                        "case_insensitive" => case_insensitive = node.to_bool()?,
                        _ if common.take(key, node)? => {}
                        _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
                    }
                }
            }
            Value::Array(_) | Value::Null => {
                return Err(clause::unknown_token(Self::NAME, clause.field, clause.node));
            }
            _ => value = Some(clause::text(clause.node)?),
        }
        let value = value.ok_or_else(|| Failure::illegal_argument("value cannot be null"))?;
        Ok(Self {
            field: clause.field.to_owned(),
            value,
            case_insensitive,
            common,
        })
    }

    fn render(&self, out: &mut Render) {
        out.field_object(&self.field);
        out.field_str("value", &self.value);
        if self.case_insensitive {
            out.field_bool("case_insensitive", true);
        }
        self.common.render(out);
        out.end_object();
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.prefix(
            &self.field,
            &self.value,
            self.case_insensitive,
            self.common.boost,
        )
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
