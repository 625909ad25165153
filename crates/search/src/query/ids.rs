//! `ids`: documents by their `_id`.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use crate::aggs::java_order::hash_map_order;

use super::{
    Common, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Matches documents with one of these ids, with a constant score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ids {
    /// The ids, distinct.
    pub values: Vec<String>,
    /// Boost (the score) and name.
    pub common: Common,
}

impl QueryKind for Ids {
    const NAME: &'static str = "ids";

    fn parse(body: &Object, _at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let (mut values, mut common) = (Vec::new(), Common::default());
        for entry in body.entries() {
            let node = &entry.node;
            match entry.key.as_str() {
                "values" => {
                    let nodes = match &node.value {
                        Value::Array(nodes) => nodes.as_slice(),
                        _ => std::slice::from_ref(node),
                    };
                    values = nodes
                        .iter()
                        .map(clause::text)
                        .collect::<Result<_, _>>()
                        .map_err(|cause| {
                            clause::failed_field(Self::NAME, "values", node.at, cause)
                        })?;
                }
                key if common.take(key, node)? => {}
                key => {
                    let unknown = clause::unknown_field(Self::NAME, key, entry.at);
                    return Err(clause::wrapped(unknown, node.at));
                }
            }
        }
        let mut seen = hashbrown::HashSet::new();
        values.retain(|id: &String| seen.insert(id.clone()));
        // OpenSearch keeps them in a hash set, which shows in the printed form.
        let order = hash_map_order(values.iter().map(String::as_str));
        let values = order
            .into_iter()
            .map(|place| values[place].clone())
            .collect();
        Ok(Self { values, common })
    }

    fn render(&self, out: &mut Render) {
        out.field_strings("values", &self.values);
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.ids(&self.values, self.common.boost)
    }

    fn common(&self) -> &Common {
        &self.common
    }
}
