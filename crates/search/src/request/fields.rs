//! `fields` and `docvalue_fields`: a name or pattern, and how its values are written.

use glasswork_content::{Failure, Node, Render, Value};
use serde::{Deserialize, Serialize};

/// A field that hits are to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldAndFormat {
    /// Name or pattern.
    pub field: String,
    /// Format of its values, instead of the field's.
    pub format: Option<String>,
}

impl FieldAndFormat {
    /// Reads `["title", {"field": "added", "format": "yyyy"}]`.
    ///
    /// # Errors
    /// OpenSearch's complaints.
    pub(crate) fn parse_all(key: &str, nodes: &[Node]) -> Result<Vec<Self>, Failure> {
        nodes.iter().map(|node| Self::parse(key, node)).collect()
    }

    fn parse(key: &str, node: &Node) -> Result<Self, Failure> {
        match &node.value {
            Value::String(field) => Ok(Self {
                field: field.clone(),
                format: None,
            }),
            Value::Object(object) => {
                let (mut field, mut format) = (None, None);
                for entry in object.entries() {
                    let text = entry.node.to_text().map(std::borrow::Cow::into_owned);
                    match entry.key.as_str() {
                        "field" => field = text,
                        "format" => format = text,
                        other => {
                            return Err(Failure::content_parse(
                                format!("[{key}] unknown field [{other}]"),
                                entry.at,
                            ));
                        }
                    }
                }
                let field = field.ok_or_else(|| Failure::illegal_argument("Required [field]"))?;
                Ok(Self { field, format })
            }
            _ => Err(Failure::parsing(
                format!(
                    "[{key}] expects strings and objects, found {}",
                    node.token_name()
                ),
                node.at,
            )),
        }
    }

    pub(crate) fn render_all(key: &str, fields: &[Self], out: &mut Render) {
        if fields.is_empty() {
            return;
        }
        out.field_array(key);
        for field in fields {
            out.object();
            out.field_str("field", &field.field);
            if let Some(format) = &field.format {
                out.field_str("format", format);
            }
            out.end_object();
        }
        out.end_array();
    }
}
