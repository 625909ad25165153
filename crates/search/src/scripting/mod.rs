//! Scripts in searches: how a body gives one, what it sees of a document, and how its runs end with the search.
//!
//! A [`UserScript`] is what a request says. [`Prepared`] is compiled against a view; [`Runs`] runs it over the documents of
//! one segment, under the search's stop sign.

mod columns;
mod runs;

use glasswork_content::{Failure, Limits, Node, Object, Render, Value};
use glasswork_script::{Context as Purpose, Script};
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    columns::FieldValues,
    runs::{Prepared, Runs},
};
use crate::query::clause;

/// The language of scripts.
const LANGUAGE: &str = "painless";

/// A script as a request gives it: `"doc['year'].value"` or `{"source": …, "lang": "painless", "params": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserScript {
    /// Its text.
    pub source: String,
    /// Its language.
    pub lang: String,
    /// What the script finds in `params`: a JSON object; empty when there is none.
    pub params: String,
}

impl UserScript {
    /// Reads a script out of a body; nothing when the value is neither text nor an object.
    ///
    /// # Errors
    /// An object without `source`, or with keys that scripts don't have; a stored script, which is not supported.
    pub(crate) fn parse(node: &Node) -> Result<Option<Self>, Failure> {
        let mut script = Self {
            source: String::new(),
            lang: LANGUAGE.to_owned(),
            params: String::new(),
        };
        match &node.value {
            Value::String(source) => script.source.clone_from(source),
            Value::Object(object) => script.read(object)?,
            _ => return Ok(None),
        }
        Ok(Some(script))
    }

    fn read(&mut self, object: &Object) -> Result<(), Failure> {
        let mut source = None;
        for entry in object.entries() {
            let node = &entry.node;
            match (entry.key.as_str(), &node.value) {
                ("source" | "inline", _) => source = Some(clause::text(node)?),
                ("lang", _) => self.lang = clause::text(node)?,
                ("params", Value::Object(_)) => {
                    self.params = String::from_utf8_lossy(&node.to_json()).into_owned();
                }
                ("params", _) => {
                    return Err(Failure::content_parse(
                        format!(
                            "[script] params doesn't support values of type: {}",
                            node.token_name()
                        ),
                        node.at,
                    ));
                }
                ("id" | "stored", _) => {
                    return Err(Failure::illegal_argument(
                        "stored scripts are not supported: give the script's [source]",
                    ));
                }
                (key, _) => return Err(clause::unknown_field("script", key, entry.at)),
            }
        }
        self.source = source.ok_or_else(|| {
            Failure::illegal_argument(
                "must specify either [source] for an inline script or [id] for a stored script",
            )
        })?;
        Ok(())
    }

    /// Reads the value of a field of one of OpenSearch's declarative parsers.
    ///
    /// # Errors
    /// Its complaints, wrapped as those parsers do.
    pub(crate) fn parse_field(kind: &str, key: &str, node: &Node) -> Result<Self, Failure> {
        Self::parse(node)
            .map_err(|cause| clause::failed_field(kind, key, node.at, cause))?
            .ok_or_else(|| {
                Failure::content_parse(
                    format!(
                        "[{kind}] {key} doesn't support values of type: {}",
                        node.token_name()
                    ),
                    node.at,
                )
            })
    }

    /// Writes it under the key `script`.
    pub(crate) fn render(&self, out: &mut Render) {
        out.field_object("script");
        out.field_str("source", &self.source);
        out.field_str("lang", &self.lang);
        let params = self.params_node();
        if params.as_object().is_some_and(|params| !params.is_empty()) {
            out.key("params");
            out.node(&params);
        }
        out.end_object();
    }

    /// Compiles it.
    ///
    /// # Errors
    /// A language that is not there; `script_exception` `compile error`.
    pub(crate) fn compile(&self, purpose: Purpose) -> Result<Script, Failure> {
        if self.lang != LANGUAGE {
            return Err(Failure::illegal_argument(format!(
                "script_lang not supported [{}]",
                self.lang
            )));
        }
        glasswork_script::compile(&self.source, purpose, &glasswork_script::Limits::default())
    }

    /// Its parameters: an object.
    pub(crate) fn params_node(&self) -> Node {
        if self.params.is_empty() {
            return Node::from(Value::Object(Object::new()));
        }
        // They were written by `parse` and read as JSON then.
        glasswork_content::parse(self.params.as_bytes(), &Limits::default())
            .unwrap_or_else(|_| Node::from(Value::Object(Object::new())))
    }
}
