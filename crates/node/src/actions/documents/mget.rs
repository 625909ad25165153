//! `indices:data/read/mget`: reads many documents by their ids.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};
use glasswork_content::{Failure, Node as Json, Render, Value};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{GetRequest, GetResponse, SourceFilter, VersionType};

/// `POST [/{index}]/_mget`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MultiGetRequest {
    /// The documents, in the order of the answer. Their `refresh` and `realtime` are those of the request.
    pub docs: Vec<GetRequest>,
    /// Sees writes that are not refreshed; true unless asked otherwise.
    pub realtime: bool,
    /// Refresh the shards first.
    pub refresh: bool,
}

/// What the parameters of `_mget` give to every item that does not say.
#[derive(Debug, Clone, Default)]
pub struct MultiGetDefaults {
    /// The index of the path.
    pub index: Option<String>,
    /// `routing`
    pub routing: Option<String>,
    /// `_source`, `_source_includes`, `_source_excludes`
    pub source: Option<SourceFilter>,
    /// `stored_fields`
    pub stored_fields: Vec<String>,
}

impl MultiGetRequest {
    /// Reads `{"docs":[{"_index":…,"_id":…},…]}` or `{"ids":[…]}`.
    ///
    /// # Errors
    /// 400 for what is neither; that there are no documents is told by the action.
    pub fn parse(body: &Json, defaults: &MultiGetDefaults) -> Result<Self, Failure> {
        let mut docs = Vec::new();
        let Some(object) = body.as_object() else {
            let why = format!(
                "unexpected token [{}], expected [START_OBJECT]",
                body.token_name()
            );
            return Err(Failure::parsing(why, body.at));
        };
        for entry in object.entries() {
            match (entry.key.as_str(), &entry.node.value) {
                ("docs", Value::Array(items)) => {
                    for item in items {
                        docs.push(parse_item(item, defaults)?);
                    }
                }
                ("ids", Value::Array(ids)) => {
                    for id in ids {
                        let id = id.to_text().filter(|_| !matches!(id.value, Value::Bool(_)));
                        let id = id.ok_or_else(|| {
                            Failure::illegal_argument("ids array element should only contain ids")
                        })?;
                        docs.push(item_of(defaults, id.into_owned()));
                    }
                }
                (key, Value::Array(_)) => {
                    let why =
                        format!("unknown key [{key}] for a START_ARRAY, expected [docs] or [ids]");
                    return Err(Failure::parsing(why, entry.node.at));
                }
                _ => {
                    let why = format!(
                        "unexpected token [{}], expected [FIELD_NAME] or [START_ARRAY]",
                        entry.node.token_name()
                    );
                    return Err(Failure::parsing(why, entry.node.at));
                }
            }
        }
        Ok(Self {
            docs,
            realtime: true,
            refresh: false,
        })
    }
}

fn item_of(defaults: &MultiGetDefaults, id: String) -> GetRequest {
    let mut get = GetRequest::new(defaults.index.clone().unwrap_or_default(), id);
    get.routing = defaults.routing.clone();
    get.store(defaults.stored_fields.clone(), defaults.source.clone());
    get
}

fn parse_item(item: &Json, defaults: &MultiGetDefaults) -> Result<GetRequest, Failure> {
    let Some(object) = item.as_object() else {
        return Err(Failure::illegal_argument(
            "docs array element should include an object",
        ));
    };
    let mut get = item_of(defaults, String::new());
    let mut source = defaults.source.clone();
    for entry in object.entries() {
        let node = &entry.node;
        let text = || {
            node.to_text()
                .map(|text| text.into_owned())
                .ok_or_else(|| Failure::illegal_argument(format!("[{}] must be a text", entry.key)))
        };
        match entry.key.as_str() {
            "_index" => get.index = text()?,
            "_id" => get.id = text()?,
            "routing" | "_routing" if !node.is_null() => get.routing = Some(text()?),
            "version" | "_version" => get.version = Some(node.to_i64()?),
            "version_type" | "_version_type" => get.version_type = VersionType::parse(&text()?)?,
            "_source" => source = Some(SourceFilter::parse(node)?),
            "stored_fields" => get.stored_fields = field_names(node)?,
            "routing" | "_routing" => {}
            key => {
                let why = format!(
                    "unknown key [{key}] for a {}, expected [_index, _id, routing, stored_fields, _source, version, version_type]",
                    node.token_name()
                );
                return Err(Failure::parsing(why, node.at));
            }
        }
    }
    let fields = std::mem::take(&mut get.stored_fields);
    get.store(fields, source);
    Ok(get)
}

/// A name or an array of names.
fn field_names(node: &Json) -> Result<Vec<String>, Failure> {
    let name = |node: &Json| {
        node.as_str().map(str::to_owned).ok_or_else(|| {
            let why = format!(
                "[stored_fields] has to be names of fields, found [{}]",
                node.token_name()
            );
            Failure::parsing(why, node.at)
        })
    };
    match &node.value {
        Value::Array(names) => names.iter().map(name).collect(),
        _ => Ok(vec![name(node)?]),
    }
}

/// What became of each document, in the order of the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MultiGetResponse {
    /// One for each document asked for.
    pub docs: Vec<MultiGetItem>,
}

/// What became of one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MultiGetItem {
    /// It was looked for.
    Done(GetResponse),
    /// It could not be looked for.
    Failed {
        /// The index as it was given.
        index: String,
        /// The document.
        id: String,
        /// Why.
        failure: Failure,
    },
}

impl MultiGetItem {
    /// Writes the object of one item.
    ///
    /// # Errors
    /// When a source is no JSON, which a stored one is.
    pub fn render(&self, out: &mut Render) -> Result<(), Failure> {
        match self {
            Self::Done(response) => response.render(out)?,
            Self::Failed { index, id, failure } => {
                out.object();
                out.field_str("_index", index);
                out.field_str("_id", id);
                out.field_object("error");
                failure.render_with_root_cause(out);
                out.end_object();
                out.end_object();
            }
        }
        Ok(())
    }
}

/// Reads many documents.
#[derive(Debug)]
pub struct MultiGet;

impl Action for MultiGet {
    const SPEC: &'static Spec = &table::MGET;
    type Request = MultiGetRequest;
    type Response = MultiGetResponse;

    fn validate(request: &MultiGetRequest) -> Result<(), Failure> {
        if request.docs.is_empty() {
            return Err(Failure::validation(["no documents to get"]));
        }
        let mut problems = Vec::new();
        for (number, doc) in request.docs.iter().enumerate() {
            if doc.index.is_empty() {
                problems.push(format!("index is missing for doc {number}"));
            }
            if doc.id.is_empty() {
                problems.push(format!("id is missing for doc {number}"));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Failure::validation(problems))
        }
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: MultiGetRequest,
    ) -> Result<MultiGetResponse, Failure> {
        super::reading::mget(node, task, request).await
    }
}

/// `indices:data/read/mget[shard]`: finds the shard and has it read its documents.
#[derive(Debug)]
pub(crate) struct MultiGetShard;

impl Action for MultiGetShard {
    const SPEC: &'static Spec = &table::MGET_SHARD;
    type Request = super::reading::ShardMultiGet;
    type Response = Vec<Result<GetResponse, Failure>>;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: Self::Request,
    ) -> Result<Self::Response, Failure> {
        super::reading::mget_shard(node, task, request).await
    }
}

/// `indices:data/read/mget[shard][s]`: reads documents of one shard where it is.
#[derive(Debug)]
pub(crate) struct MultiGetShardPart;

impl Action for MultiGetShardPart {
    const SPEC: &'static Spec = &table::MGET_SHARD_PART;
    type Request = super::reading::ShardMultiGet;
    type Response = Vec<Result<GetResponse, Failure>>;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: Self::Request,
    ) -> Result<Self::Response, Failure> {
        super::reading::mget_on_shard(node, task, request).await
    }
}
