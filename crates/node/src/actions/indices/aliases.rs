//! `indices:admin/aliases`: changes aliases, all of a request at once.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::Alias,
};
use glasswork_content::{Failure, Node as Json, Value};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Acknowledged;

/// `POST /_aliases`, `PUT /{index}/_alias/{name}`, `DELETE /{index}/_alias/{name}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdateAliasesRequest {
    /// What to do, in this order and as one change.
    pub actions: Vec<AliasAction>,
}

/// One change of aliases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AliasAction {
    /// Gives each of the indices each of the aliases.
    Add {
        /// Index expressions.
        indices: Vec<String>,
        /// Names.
        aliases: Vec<String>,
        /// What the aliases say.
        alias: Box<Alias>,
    },
    /// Takes the aliases from the indices.
    Remove {
        /// Index expressions.
        indices: Vec<String>,
        /// Names and wildcards.
        aliases: Vec<String>,
        /// Fail when there is nothing to take; failing only when no action of the request finds anything if not said.
        must_exist: Option<bool>,
    },
    /// Deletes the indices.
    RemoveIndex {
        /// Index expressions.
        indices: Vec<String>,
    },
}

impl UpdateAliasesRequest {
    /// Reads `{"actions":[{"add":{…}},{"remove":{…}},{"remove_index":{…}}]}`.
    ///
    /// # Errors
    /// 400 `x_content_parse_exception`.
    pub fn parse(body: &Json) -> Result<Self, Failure> {
        let mut actions = Vec::new();
        let object = object_of(body, "aliases")?;
        for entry in object.entries() {
            let Some(list) = entry.node.as_array().filter(|_| entry.key == "actions") else {
                let why = format!("[aliases] unknown field [{}]", entry.key);
                return Err(Failure::content_parse(why, entry.at));
            };
            for action in list {
                for entry in object_of(action, "alias_action")?.entries() {
                    actions.push(AliasAction::parse(&entry.key, entry.at, &entry.node)?);
                }
            }
        }
        Ok(Self { actions })
    }
}

fn object_of<'a>(node: &'a Json, what: &str) -> Result<&'a glasswork_content::Object, Failure> {
    node.as_object().ok_or_else(|| {
        let why = format!(
            "[{what}] Expected START_OBJECT but was: {}",
            node.token_name()
        );
        Failure::content_parse(why, node.at)
    })
}

impl AliasAction {
    fn parse(kind: &str, at: glasswork_content::Position, body: &Json) -> Result<Self, Failure> {
        if !["add", "remove", "remove_index"].contains(&kind) {
            return Err(Failure::content_parse(
                format!("[alias_action] unknown field [{kind}]"),
                at,
            ));
        }
        let (mut indices, mut aliases, mut alias, mut must_exist) =
            (Vec::new(), Vec::new(), Alias::default(), None);
        for entry in object_of(body, kind)?.entries() {
            let node = &entry.node;
            match (entry.key.as_str(), kind) {
                ("index", _) => indices.push(text(node, kind, &entry.key)?),
                ("indices", _) => indices.extend(texts(node, kind, &entry.key)?),
                ("alias", "add" | "remove") => aliases.push(text(node, kind, &entry.key)?),
                ("aliases", "add" | "remove") => aliases.extend(texts(node, kind, &entry.key)?),
                ("must_exist", "remove" | "remove_index") => must_exist = Some(node.to_bool()?),
                (key, "add") if alias.read(key, node)? => {}
                (key, _) => {
                    return Err(Failure::content_parse(
                        format!("[{kind}] unknown field [{key}]"),
                        entry.at,
                    ));
                }
            }
        }
        if indices.is_empty() {
            return Err(Failure::illegal_argument(
                "One of [index] or [indices] is required",
            ));
        }
        if aliases.is_empty() && kind != "remove_index" {
            return Err(Failure::illegal_argument(
                "One of [alias] or [aliases] is required",
            ));
        }
        Ok(match kind {
            "add" => Self::Add {
                indices,
                aliases,
                alias: Box::new(alias),
            },
            "remove" => Self::Remove {
                indices,
                aliases,
                must_exist,
            },
            _ => Self::RemoveIndex { indices },
        })
    }
}

fn text(node: &Json, kind: &str, key: &str) -> Result<String, Failure> {
    node.as_str().map(str::to_owned).ok_or_else(|| {
        let why = format!(
            "[{kind}] {key} doesn't support values of type: {}",
            node.token_name()
        );
        Failure::content_parse(why, node.at)
    })
}

fn texts(node: &Json, kind: &str, key: &str) -> Result<Vec<String>, Failure> {
    match &node.value {
        Value::Array(nodes) => nodes.iter().map(|node| text(node, kind, key)).collect(),
        _ => Ok(vec![text(node, kind, key)?]),
    }
}

/// Changes aliases.
#[derive(Debug)]
pub struct UpdateAliases;

impl Action for UpdateAliases {
    const SPEC: &'static Spec = &table::UPDATE_ALIASES;
    type Request = UpdateAliasesRequest;
    type Response = Acknowledged;

    fn validate(request: &UpdateAliasesRequest) -> Result<(), Failure> {
        if request.actions.is_empty() {
            return Err(Failure::illegal_argument("No action specified"));
        }
        Ok(())
    }

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: UpdateAliasesRequest,
    ) -> Result<Acknowledged, Failure> {
        let gone = node
            .metadata_store()
            .update_aliases(&request.actions)
            .await?;
        super::delete::forget(&node, &gone).await;
        Ok(Acknowledged::DONE)
    }
}
