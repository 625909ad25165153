//! `indices:data/write/update`: changes a document by a part of one or by a script.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};
use glasswork_content::{Failure, Node as Json, Position, Value, text::did_you_mean};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{DocumentResponse, SourceFilter, WriteItem, WriteOptions};

/// The keys of an update's body.
const FIELDS: &[&str] = &[
    "doc",
    "upsert",
    "doc_as_upsert",
    "detect_noop",
    "scripted_upsert",
    "script",
    "_source",
    "if_seq_no",
    "if_primary_term",
];

/// How a document is to be changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// Merged into the present document.
    pub doc: Option<Json>,
    /// Put when there is no document.
    pub upsert: Option<Json>,
    /// `doc` is also the upsert.
    pub doc_as_upsert: bool,
    /// Changes the present document (`ctx._source`, `ctx.op`).
    pub script: Option<UpdateScript>,
    /// The script runs also when there is no document, on the upsert.
    pub scripted_upsert: bool,
    /// A merge that changes nothing is no write; true unless asked otherwise.
    pub detect_noop: Option<bool>,
    /// `_source`: what of the document to answer with.
    pub source: Option<SourceFilter>,
    /// How often to try again when somebody else changed the document meanwhile.
    pub retry_on_conflict: u32,
}

/// A script as a request gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdateScript {
    /// The script's text.
    pub source: String,
    /// Its language.
    pub lang: String,
    /// `params`; an object.
    pub params: Json,
}

impl UpdateScript {
    /// Reads `"script": "…"` or `{"source":…,"lang":…,"params":…}`.
    ///
    /// # Errors
    /// 400 when it is neither.
    pub fn parse(node: &Json) -> Result<Self, Failure> {
        let mut script = Self {
            source: String::new(),
            lang: "painless".to_owned(),
            params: Json::from(Value::Object(Default::default())),
        };
        if let Some(source) = node.as_str() {
            script.source = source.to_owned();
            return Ok(script);
        }
        let Some(object) = node.as_object() else {
            return Err(unexpected(node));
        };
        let mut has_source = false;
        for entry in object.entries() {
            let text = || {
                entry.node.as_str().map(str::to_owned).ok_or_else(|| {
                    let why = format!(
                        "[script] {} doesn't support values of type: {}",
                        entry.key,
                        entry.node.token_name()
                    );
                    Failure::content_parse(why, entry.node.at)
                })
            };
            match entry.key.as_str() {
                "source" | "inline" => {
                    script.source = text()?;
                    has_source = true;
                }
                "lang" => script.lang = text()?,
                "params" if entry.node.as_object().is_some() => script.params = entry.node.clone(),
                "id" => {
                    return Err(Failure::illegal_argument(
                        "stored scripts are not supported",
                    ));
                }
                "options"
                    if entry
                        .node
                        .as_object()
                        .is_some_and(|options| options.is_empty()) => {}
                key => {
                    let why = format!("[script] unknown field [{key}]");
                    return Err(Failure::content_parse(why, entry.at));
                }
            }
        }
        if !has_source {
            return Err(Failure::illegal_argument(
                "must specify either [source] for an inline script or [id] for a stored script",
            ));
        }
        Ok(script)
    }
}

fn unexpected(node: &Json) -> Failure {
    Failure::parsing(format!("unexpected token [{}]", node.token_name()), node.at)
}

impl Update {
    /// Reads the body of an update: `{"doc":…}`, `{"script":…}` and what goes with them. `if_seq_no` and `if_primary_term` of
    /// the body go into `item`.
    ///
    /// # Errors
    /// 400 `x_content_parse_exception`: `[1:2] [UpdateRequest] unknown field [foo]` and the like.
    pub fn parse(body: &Json) -> Result<(Self, Option<u64>, Option<u64>), Failure> {
        let mut update = Self::default();
        let (mut seq_no, mut term) = (None, None);
        let Some(object) = body.as_object() else {
            return Err(wrong(
                body.at,
                "Expected START_OBJECT but was: ",
                body.token_name(),
            ));
        };
        for entry in object.entries() {
            let node = &entry.node;
            let failed = |cause: Failure| {
                let why = format!("[UpdateRequest] failed to parse field [{}]", entry.key);
                Failure::content_parse(why, node.at).caused_by(cause)
            };
            let flag = || node.to_bool().map_err(failed);
            let document = || match node.value {
                Value::Object(_) => Ok(Some(node.clone())),
                _ => {
                    let (key, token) = (&entry.key, node.token_name());
                    let why =
                        format!("[UpdateRequest] {key} doesn't support values of type: {token}");
                    Err(Failure::content_parse(why, node.at))
                }
            };
            let number = || {
                let number = node.to_i64().map_err(failed)?;
                u64::try_from(number).map(Some).map_err(|_| {
                    failed(Failure::illegal_argument(format!(
                        "sequence numbers must be non negative. got [{number}]."
                    )))
                })
            };
            match entry.key.as_str() {
                "doc" => update.doc = document()?,
                "upsert" => update.upsert = document()?,
                "doc_as_upsert" => update.doc_as_upsert = flag()?,
                "detect_noop" => update.detect_noop = Some(flag()?),
                "scripted_upsert" => update.scripted_upsert = flag()?,
                "script" => update.script = Some(UpdateScript::parse(node).map_err(failed)?),
                "_source" => update.source = Some(SourceFilter::parse(node)?),
                "if_seq_no" => seq_no = number()?,
                "if_primary_term" => term = number()?,
                key => {
                    let guess = did_you_mean(key, FIELDS.iter().copied());
                    let why = format!("[UpdateRequest] unknown field [{key}]{guess}");
                    return Err(Failure::content_parse(why, entry.at));
                }
            }
        }
        Ok((update, seq_no, term))
    }

    pub(super) fn problems(&self, conditional: bool, problems: &mut Vec<String>) {
        if conditional && self.retry_on_conflict > 0 {
            problems.push("compare and write operations can not be retried".to_owned());
        }
        if conditional && self.doc_as_upsert {
            problems.push("compare and write operations can not be used with upsert".to_owned());
        }
        if conditional && self.upsert.is_some() {
            problems
                .push("upsert requests don't support `if_seq_no` and `if_primary_term`".to_owned());
        }
        if self.script.is_none() && self.doc.is_none() {
            problems.push("script or doc is missing".to_owned());
        }
        if self.script.is_some() && self.doc.is_some() {
            problems.push("can't provide both script and doc".to_owned());
        }
        if self.doc_as_upsert && self.doc.is_none() {
            problems.push("doc must be specified if doc_as_upsert is enabled".to_owned());
        }
    }
}

fn wrong(at: Position, what: &str, token: &str) -> Failure {
    Failure::content_parse(format!("[UpdateRequest] {what}{token}"), at)
}

/// `POST /{index}/_update/{id}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdateRequest {
    /// What to change; its operation is an [`Operation::Update`](super::Operation::Update).
    pub item: WriteItem,
    /// `refresh`, `timeout`, `wait_for_active_shards`.
    pub options: WriteOptions,
}

/// Changes a document.
#[derive(Debug)]
pub struct UpdateDocument;

impl Action for UpdateDocument {
    const SPEC: &'static Spec = &table::UPDATE;
    type Request = UpdateRequest;
    type Response = DocumentResponse;

    fn validate(request: &UpdateRequest) -> Result<(), Failure> {
        super::validate(&request.item)
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: UpdateRequest,
    ) -> Result<DocumentResponse, Failure> {
        super::updating::update(node, task, request).await
    }
}

/// The part of an update on the shard's node: `indices:data/write/update[s]`.
#[derive(Debug)]
pub(crate) struct UpdateShard;

impl Action for UpdateShard {
    const SPEC: &'static Spec = &table::UPDATE_SHARD;
    type Request = super::updating::ShardUpdate;
    type Response = DocumentResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: Self::Request,
    ) -> Result<DocumentResponse, Failure> {
        super::updating::update_on_shard(node, task, request).await
    }
}
