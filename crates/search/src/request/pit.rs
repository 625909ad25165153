//! `pit`: the point in time that is searched, `{"id": "…", "keep_alive": "1m"}`.

use glasswork_content::{
    Failure, Node, Render, Value,
    text::{self, TimeValue},
};
use serde::{Deserialize, Serialize};

/// A point in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointInTime {
    /// Its id.
    pub id: String,
    /// For how long it is kept from now on, if longer than it is anyway.
    pub keep_alive: Option<TimeValue>,
}

impl PointInTime {
    pub(super) fn parse(node: &Node) -> Result<Self, Failure> {
        let Value::Object(object) = &node.value else {
            return Err(Failure::parsing(
                format!("[pit] must be an object, found [{}]", node.token_name()),
                node.at,
            ));
        };
        let (mut id, mut keep_alive) = (None, None);
        for entry in object.entries() {
            let (key, value) = (entry.key.as_str(), &entry.node);
            match (key, &value.value) {
                ("id", Value::String(text)) => id = Some(text.to_string()),
                ("keep_alive", Value::String(time)) => {
                    keep_alive = Some(text::parse_time(time, "keep_alive").map_err(|cause| {
                        let reason = "[pit] failed to parse field [keep_alive]";
                        Failure::content_parse(reason, value.at).caused_by(cause)
                    })?);
                }
                ("id" | "keep_alive", _) => {
                    let kind = value.token_name();
                    return Err(Failure::content_parse(
                        format!("[pit] {key} doesn't support values of type: {kind}"),
                        value.at,
                    ));
                }
                _ => {
                    return Err(Failure::content_parse(
                        format!("[pit] unknown field [{key}]"),
                        entry.at,
                    ));
                }
            }
        }
        let id = id.ok_or_else(|| Failure::illegal_argument("Required [id]"))?;
        Ok(Self { id, keep_alive })
    }

    pub(super) fn render(&self, out: &mut Render) {
        out.field_object("pit");
        out.field_str("id", &self.id);
        if let Some(keep_alive) = &self.keep_alive {
            out.field_str("keep_alive", &keep_alive.setting_text());
        }
        out.end_object();
    }
}
