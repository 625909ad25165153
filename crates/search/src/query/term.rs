//! `term`: documents whose field holds exactly this value.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Literal, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Matches one value of one field, without analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// Path of the field.
    pub field: String,
    /// The value.
    pub value: Literal,
    /// Whether upper and lower case are the same (ASCII letters).
    pub case_insensitive: bool,
    /// Boost and name.
    pub common: Common,
}

impl QueryKind for Term {
    const NAME: &'static str = "term";

    fn parse(body: &Object, _at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let mut field: Option<&str> = None;
        let (mut value, mut case_insensitive, mut common) = (None, false, Common::default());
        for (key, node) in body.iter() {
            if node.is_null() {
                continue;
            }
            if let Value::Array(_) = node.value {
                return Err(Failure::parsing(
                    "[term] query does not support array of values",
                    node.at,
                ));
            }
            if let Some(first) = field {
                return Err(clause::two_fields(Self::NAME, first, key, node.at));
            }
            field = Some(key);
            let Value::Object(options) = &node.value else {
                value = Literal::of(node);
                continue;
            };
            for (key, node) in options.iter() {
                match key {
                    "value" | "term" => {
                        value = Some(
                            Literal::of(node)
                                .ok_or_else(|| clause::unknown_token(Self::NAME, key, node))?,
                        );
                    }
                    "case_insensitive" => case_insensitive = node.to_bool()?,
                    _ if common.take(key, node)? => {}
                    _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
                }
            }
        }
        let Some(field) = field.filter(|field| !field.is_empty()) else {
            return Err(Failure::illegal_argument("field name is null or empty"));
        };
        match value {
            None | Some(Literal::Null) => Err(Failure::illegal_argument("value cannot be null")),
            Some(value) => Ok(Self {
                field: field.to_owned(),
                value,
                case_insensitive,
                common,
            }),
        }
    }

    fn render(&self, out: &mut Render) {
        out.field_object(&self.field);
        out.key("value");
        self.value.render(out);
        if self.case_insensitive {
            out.field_bool("case_insensitive", true);
        }
        self.common.render(out);
        out.end_object();
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.term(
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
