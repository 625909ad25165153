//! `script_fields`: `{"age": {"script": "2000 - doc['year'].value", "ignore_failure": false}}`.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use crate::scripting::UserScript;

/// A field of hits that a script computes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptField {
    /// Its name among the hit's `fields`.
    pub name: String,
    /// What computes it.
    pub script: UserScript,
    /// Whether a hit for which the script fails is shown without it.
    pub ignore_failure: bool,
}

impl ScriptField {
    /// Reads all of them, in the order in which they are given.
    ///
    /// # Errors
    /// OpenSearch's complaints; a field without a script.
    pub(crate) fn parse_all(fields: &Object) -> Result<Vec<Self>, Failure> {
        fields
            .iter()
            .map(|(name, node)| Self::parse(name, node))
            .collect()
    }

    fn parse(name: &str, node: &Node) -> Result<Self, Failure> {
        let Value::Object(options) = &node.value else {
            return Err(Failure::parsing(
                format!(
                    "Expected [START_OBJECT] in [{name}] but found [{}]",
                    node.token_name()
                ),
                node.at,
            ));
        };
        let (mut script, mut ignore_failure) = (None, false);
        for (key, node) in options.iter() {
            match (key, &node.value) {
                ("script", Value::String(_) | Value::Object(_)) => {
                    script = UserScript::parse(node)?;
                }
                ("ignore_failure", Value::Bool(_) | Value::String(_)) => {
                    ignore_failure = node.to_bool()?;
                }
                _ => {
                    return Err(Failure::parsing(
                        format!("Unknown key for a {} in [{key}].", node.token_name()),
                        node.at,
                    ));
                }
            }
        }
        let script = script.ok_or_else(|| {
            Failure::parsing(
                format!("[script_fields] requires a [script] in [{name}]"),
                node.at,
            )
        })?;
        Ok(Self {
            name: name.to_owned(),
            script,
            ignore_failure,
        })
    }

    pub(crate) fn render_all(fields: &[Self], out: &mut Render) {
        if fields.is_empty() {
            return;
        }
        out.field_object("script_fields");
        for field in fields {
            out.field_object(&field.name);
            field.script.render(out);
            out.field_bool("ignore_failure", field.ignore_failure);
            out.end_object();
        }
        out.end_object();
    }
}
