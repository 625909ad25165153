//! `_script` in `sort`: `{"_script": {"type": "number", "script": "doc['year'].value % 10", "order": "asc"}}`.

use glasswork_content::{Failure, Node, Render, Value};
use serde::{Deserialize, Serialize};

use super::{Mode, Order, SortKey, SortTarget};
use crate::{query::clause, scripting::UserScript};

/// What a script makes hits comparable by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptSort {
    /// The script.
    pub script: UserScript,
    /// What it gives.
    pub kind: ScriptSortKind,
}

/// What the script of a sort gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptSortKind {
    /// A number.
    Number,
    /// A text.
    Text,
}

impl ScriptSortKind {
    fn parse(text: &str) -> Result<Self, Failure> {
        match text.to_lowercase().as_str() {
            "number" => Ok(Self::Number),
            "string" => Ok(Self::Text),
            _ => Err(Failure::illegal_argument(format!(
                "Unknown ScriptSortType [{text}]"
            ))),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "string",
        }
    }
}

impl ScriptSort {
    /// The name under which hits are sorted by a script.
    pub(crate) const NAME: &'static str = "_script";

    /// Reads the key `_script` of a sort.
    ///
    /// # Errors
    /// OpenSearch's complaints.
    pub(super) fn parse(node: &Node) -> Result<SortKey, Failure> {
        let Value::Object(options) = &node.value else {
            return Err(Failure::parsing(
                format!(
                    "Expected [START_OBJECT] under [{}], but got a [{}]",
                    Self::NAME,
                    node.token_name()
                ),
                node.at,
            ));
        };
        let (mut script, mut kind, mut mode) = (None, None, None);
        let mut order = Order::Asc;
        for entry in options.entries() {
            let (key, node) = (entry.key.as_str(), &entry.node);
            let failed = |cause| clause::failed_field(Self::NAME, key, node.at, cause);
            match key {
                "script" => script = Some(UserScript::parse_field(Self::NAME, key, node)?),
                "type" => {
                    let text = clause::text(node)?;
                    kind = Some(ScriptSortKind::parse(&text).map_err(failed)?);
                }
                "order" => order = Order::parse(&clause::text(node)?).map_err(failed)?,
                "mode" => {
                    let text = clause::text(node)?;
                    mode = Some((Mode::parse(&text).map_err(failed)?, node.at));
                }
                _ => return Err(clause::unknown_field(Self::NAME, key, entry.at)),
            }
        }
        let (script, kind) = match (script, kind) {
            (Some(script), Some(kind)) => (script, kind),
            (None, Some(_)) => return Err(Failure::illegal_argument("Required [script]")),
            (Some(_), None) => return Err(Failure::illegal_argument("Required [type]")),
            (None, None) => return Err(Failure::illegal_argument("Required [script, type]")),
        };
        if let (ScriptSortKind::Text, Some((mode @ (Mode::Sum | Mode::Avg | Mode::Median), at))) =
            (kind, mode)
        {
            let cause = Failure::illegal_argument(format!(
                "script sort of type [string] doesn't support mode [{}]",
                mode.name()
            ));
            return Err(clause::failed_field(Self::NAME, "mode", at, cause));
        }
        let mut key = SortKey::new(Self::NAME);
        key.target = SortTarget::Script(Box::new(Self { script, kind }));
        key.order = order;
        key.mode = mode.map(|(mode, _)| mode);
        Ok(key)
    }

    /// Whether the script may look at the score.
    pub(crate) fn mentions_the_score(&self) -> bool {
        self.script.source.contains("_score")
    }

    pub(super) fn render(&self, key: &SortKey, out: &mut Render) {
        out.object();
        out.field_object(Self::NAME);
        self.script.render(out);
        out.field_str("type", self.kind.name());
        out.field_str("order", key.order.name());
        if let Some(mode) = key.mode {
            out.field_str("mode", mode.name());
        }
        out.end_object();
        out.end_object();
    }
}
