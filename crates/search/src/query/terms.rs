//! `terms`: documents whose field holds any of these values.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Literal, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Matches any of several values of one field, with a constant score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Path of the field.
    pub field: String,
    /// The values.
    pub values: Vec<Literal>,
    /// Boost (the score) and name.
    pub common: Common,
}

impl QueryKind for Terms {
    const NAME: &'static str = "terms";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let mut found: Option<(&str, Vec<Literal>)> = None;
        let mut common = Common::default();
        for (key, node) in body.iter() {
            match &node.value {
                Value::Array(nodes) => {
                    if found.is_some() {
                        return Err(Failure::parsing(
                            "[terms] query does not support multiple fields",
                            node.at,
                        ));
                    }
                    found = Some((key, values(nodes)?));
                }
                Value::Object(_) => {
                    return Err(Failure::parsing(
                        format!(
                            "[terms] query does not support a lookup of its values in a document, found one for [{key}]"
                        ),
                        node.at,
                    ));
                }
                _ if common.take(key, node)? => {}
                _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
            }
        }
        let Some((field, values)) = found else {
            return Err(Failure::parsing(
                "[terms] query requires a field name, followed by array of terms or a document lookup specification",
                clause::end(body, at),
            ));
        };
        Ok(Self {
            field: field.to_owned(),
            values,
            common,
        })
    }

    fn render(&self, out: &mut Render) {
        out.field_array(&self.field);
        for value in &self.values {
            value.render(out);
        }
        out.end_array();
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        let limit = compiler.context().limits.max_terms_count;
        if self.values.len() > limit {
            return Err(Failure::illegal_argument(format!(
                "The number of terms [{}] used in the Terms Query request has exceeded the allowed maximum of [{limit}]. This maximum \
                 can be set by changing the [index.max_terms_count] index level setting.",
                self.values.len()
            )));
        }
        compiler.any_term(&self.field, &self.values, self.common.boost)
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

fn values(nodes: &[Node]) -> Result<Vec<Literal>, Failure> {
    nodes
        .iter()
        .map(|node| match Literal::of(node) {
            None | Some(Literal::Null) => Err(Failure::parsing(
                "No value specified for terms query",
                node.at,
            )),
            Some(value) => Ok(value),
        })
        .collect()
}
